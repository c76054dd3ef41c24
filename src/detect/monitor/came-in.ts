import type { EnteredAccount } from '../../ports/alarm.ts';
import type { Entry } from './entries.ts';
import { createDistinctCount } from './recent.ts';

/** Who came in, each account once. Nobody who matters more is pushed out: not by a thousand sign-ins of one account, nor by those of the day before. */
export interface CameIn {
  /** `inside`: the attack had begun. */
  add(entry: Entry, inside: boolean): void;
  /** Those who matter most first: strangers inside the attack by a password alone, other strangers, known browsers. At most 1,000. */
  list(): readonly EnteredAccount[];
  /** How many accounts, those that the list has no room for among them. */
  total(): number;
  /** Whether anybody came in whose browser was not known. */
  hasStrangers(): boolean;
}

const most = 1_000;

export function createCameIn(): CameIn {
  const known = new Map<string, EnteredAccount>();
  const strangers = new Map<string, EnteredAccount>();
  const suspects = new Map<string, EnteredAccount>();
  const byRank = [known, strangers, suspects] as const;
  const distinct = createDistinctCount();

  const size = (): number => known.size + strangers.size + suspects.size;

  function makeRoom(): void {
    const least = byRank.find((rows) => rows.size > 0);
    // Among those that matter most the first ones stay: the list of an operator must not change under their hands.
    const out = least === suspects ? [...suspects.keys()].at(-1) : least?.keys().next().value;
    if (out !== undefined) least?.delete(out);
  }

  return {
    add({ account, mark }, inside) {
      distinct.add(mark);
      const rank = account.knownDevice ? 0 : inside && account.passwordOnly ? 2 : 1;
      const { accountId } = account;
      const now = byRank.findIndex((rows) => rows.has(accountId));
      if (now >= rank) return;
      byRank[now]?.delete(accountId);
      byRank[rank].set(accountId, account);
      if (size() > most) makeRoom();
    },
    list: () => [...suspects.values(), ...strangers.values(), ...known.values()],
    total: () => (size() < most ? size() : Math.max(size(), distinct.total())),
    hasStrangers: () => suspects.size + strangers.size > 0,
  };
}
