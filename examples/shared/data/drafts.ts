import type { DatabaseSync } from 'node:sqlite';

/** A mail to the list that somebody has begun. */
export interface Draft {
  readonly subject: string;
  readonly body: string;
}

/** One for each user: what was typed must not be lost when something else has to be done first. */
export interface Drafts {
  of(userId: string): Draft | undefined;
  keep(userId: string, draft: Draft): void;
  remove(userId: string): void;
}

export function createDrafts(database: DatabaseSync): Drafts {
  const of = database.prepare('SELECT subject, body FROM drafts WHERE user_id = ?');
  const keep = database.prepare('INSERT OR REPLACE INTO drafts (user_id, subject, body) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM drafts WHERE user_id = ?');
  return {
    of: (userId) => of.get(userId) as unknown as Draft | undefined,
    keep: (userId, { subject, body }) => {
      keep.run(userId, subject, body);
    },
    remove: (userId) => {
      remove.run(userId);
    },
  };
}
