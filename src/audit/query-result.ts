import type { FoundEntry } from './query.ts';

/** An account that entries are about. */
export interface AuditedAccount {
  readonly account: string;
  readonly entries: number;
  /** The times of its first and its last one, as they stand in the log. */
  readonly firstTime: string;
  readonly lastTime: string;
}

interface Collected {
  readonly entries: readonly FoundEntry[];
  readonly matched: number;
  readonly accounts: readonly AuditedAccount[];
  readonly moreAccounts: boolean;
  readonly unreadable: number;
}

/** Collects what a query finds, up to its limits. */
export function createQueryResult(maxEntries: number, maxAccounts: number) {
  const entries: FoundEntry[] = [];
  const accounts = new Map<string, AuditedAccount>();
  let matched = 0;
  let unreadable = 0;
  let moreAccounts = false;

  function count({ account, time }: FoundEntry): void {
    if (account === undefined) return;
    const known = accounts.get(account);
    if (known === undefined && accounts.size >= maxAccounts) moreAccounts = true;
    else accounts.set(account, { account, entries: (known?.entries ?? 0) + 1, firstTime: known?.firstTime ?? time, lastTime: time });
  }

  return {
    /** Answers whether the entry is among those that are told. */
    add(entry: FoundEntry): boolean {
      matched += 1;
      count(entry);
      if (entries.length >= maxEntries) return false;
      entries.push(entry);
      return true;
    },
    unreadable(): void {
      unreadable += 1;
    },
    all: (): Collected => ({ entries: Object.freeze(entries), matched, accounts: Object.freeze([...accounts.values()]), moreAccounts, unreadable }),
  };
}
