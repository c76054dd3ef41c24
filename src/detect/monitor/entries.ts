import type { EnteredAccount } from '../../ports/alarm.ts';

/** A sign-in that succeeded, as it is kept to be found in an attack that shows later. */
export interface Entry {
  readonly account: EnteredAccount;
  /** Stands for the account. */
  readonly mark: number;
  readonly rollUp: string;
  readonly monotonicMs: number;
}

/** The newest sign-ins. Those of strangers have room of their own: known browsers, who are most, push none of them out. */
export interface Entries {
  add(entry: Entry): void;
  /** Those of strangers, oldest first. */
  strangers(): readonly Entry[];
  /** Into an account. */
  into(accountId: string): readonly Entry[];
  /** From a network, or from any of a roll-up. */
  from(network: string): readonly Entry[];
}

/** Of one account, so that nobody empties the list by signing in all day. */
const networksEach = 4;

/** `most`: accounts of each list. */
export function createEntries(most: number): Entries {
  const known = createNewest(most);
  const strangers = createNewest(most);
  return {
    add(entry) {
      (entry.account.knownDevice ? known : strangers).add(entry);
    },
    strangers: () => [...strangers.all()].sort((one, other) => one.monotonicMs - other.monotonicMs),
    into: (accountId) => [...known.into(accountId), ...strangers.into(accountId)],
    from: (network) => [...known.from(network), ...strangers.from(network)],
  };
}

function createNewest(most: number) {
  const byAccount = new Map<string, readonly Entry[]>();
  const byNetwork = new Map<string, Set<Entry>>();

  function link(entry: Entry): void {
    for (const network of [entry.account.source, entry.rollUp]) {
      const there = byNetwork.get(network);
      if (there === undefined) byNetwork.set(network, new Set([entry]));
      else there.add(entry);
    }
  }

  function unlink(entry: Entry): void {
    for (const network of [entry.account.source, entry.rollUp]) {
      const there = byNetwork.get(network);
      if (there?.delete(entry) === true && there.size === 0) byNetwork.delete(network);
    }
  }

  return {
    add(entry: Entry): void {
      const { accountId, source } = entry.account;
      const before = byAccount.get(accountId) ?? [];
      const kept = before.filter(({ account }) => account.source !== source).slice(1 - networksEach);
      for (const each of before) if (!kept.includes(each)) unlink(each);
      byAccount.delete(accountId);
      byAccount.set(accountId, [...kept, entry]);
      link(entry);
      if (byAccount.size <= most) return;
      for (const [oldest, entries] of byAccount) {
        entries.forEach(unlink);
        byAccount.delete(oldest);
        return;
      }
    },
    *all(): IterableIterator<Entry> {
      for (const entries of byAccount.values()) yield* entries;
    },
    into: (accountId: string): readonly Entry[] => byAccount.get(accountId) ?? [],
    from: (network: string): Iterable<Entry> => byNetwork.get(network) ?? [],
  };
}
