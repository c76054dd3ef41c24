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
  /** Since a moment, oldest first. */
  since(monotonicMs: number, matches: (entry: Entry) => boolean): Entry[];
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
    since(monotonicMs, matches) {
      const wanted = (entry: Entry): boolean => entry.monotonicMs >= monotonicMs && matches(entry);
      return [...known.filter(wanted), ...strangers.filter(wanted)].sort((one, other) => one.monotonicMs - other.monotonicMs);
    },
  };
}

function createNewest(most: number) {
  const byAccount = new Map<string, readonly Entry[]>();
  return {
    add(entry: Entry): void {
      const { accountId, source } = entry.account;
      const before = byAccount.get(accountId) ?? [];
      byAccount.delete(accountId);
      byAccount.set(accountId, [...before.filter(({ account }) => account.source !== source), entry].slice(-networksEach));
      if (byAccount.size <= most) return;
      for (const oldest of byAccount.keys()) {
        byAccount.delete(oldest);
        return;
      }
    },
    *filter(wanted: (entry: Entry) => boolean): IterableIterator<Entry> {
      for (const entries of byAccount.values()) for (const entry of entries) if (wanted(entry)) yield entry;
    },
  };
}
