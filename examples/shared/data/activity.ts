import type { DatabaseSync } from 'node:sqlite';

/** Something that a member did, and that somebody who was in their place would have done: it is looked up after an incident. */
export interface ActivityEntry {
  readonly accountId: string;
  readonly kind: 'export' | 'campaign' | 'other';
  readonly what: string;
  readonly atMs: number;
}

export interface Activity {
  note(accountId: string, kind: ActivityEntry['kind'], what: string): void;
  /** What these accounts did from `fromMs` to `untilMs`, oldest first. */
  of(query: { readonly accountIds: readonly string[]; readonly fromMs: number; readonly untilMs: number }): Iterable<ActivityEntry>;
}

export function createActivity(database: DatabaseSync, nowMs: () => number): Activity {
  const insert = database.prepare('INSERT INTO activity (user_id, kind, what, at_ms) VALUES (?, ?, ?, ?)');
  const select = database.prepare(
    'SELECT user_id AS accountId, kind, what, at_ms AS atMs FROM activity WHERE user_id IN (SELECT value FROM json_each(?)) AND at_ms BETWEEN ? AND ? ORDER BY at_ms, id',
  );
  return {
    note: (accountId, kind, what) => {
      insert.run(accountId, kind, what, nowMs());
    },
    of: ({ accountIds, fromMs, untilMs }) => select.iterate(JSON.stringify(accountIds), fromMs, untilMs) as Iterable<unknown> as Iterable<ActivityEntry>,
  };
}
