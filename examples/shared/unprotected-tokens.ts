import { randomBytes, randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

export type TokenPurpose = 'confirm' | 'reset';

export interface IssuedToken {
  readonly token: string;
  readonly code: string;
  readonly expiresAtMs: number;
}

/** The tokens in mails, as many apps keep them: in the clear, and with a code that nobody counts the guesses of. */
export interface UnprotectedTokens {
  /** Makes the one valid token of a user for a purpose. */
  issue(purpose: TokenPurpose, userId: string): IssuedToken;
  /** Whose token it is. It stays valid. */
  ownerOfToken(purpose: TokenPurpose, token: string): string | undefined;
  ownerOfCode(purpose: TokenPurpose, userId: string, code: string): string | undefined;
  remove(purpose: TokenPurpose, userId: string): void;
}

const lifetimeMs = { confirm: 7 * 24 * 60 * 60 * 1000, reset: 60 * 60 * 1000 };

export function createUnprotectedTokens(database: DatabaseSync): UnprotectedTokens {
  database.exec(`CREATE TABLE IF NOT EXISTS unprotected_tokens (
    purpose TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES users (id), token TEXT NOT NULL UNIQUE, code TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL, PRIMARY KEY (purpose, user_id)) STRICT`);
  const put = database.prepare('INSERT OR REPLACE INTO unprotected_tokens (purpose, user_id, token, code, expires_at_ms) VALUES (?, ?, ?, ?, ?)');
  const byToken = database.prepare('SELECT user_id AS userId FROM unprotected_tokens WHERE purpose = ? AND token = ? AND expires_at_ms > ?');
  const byCode = database.prepare('SELECT user_id AS userId FROM unprotected_tokens WHERE purpose = ? AND user_id = ? AND code = ? AND expires_at_ms > ?');
  const remove = database.prepare('DELETE FROM unprotected_tokens WHERE purpose = ? AND user_id = ?');
  const owner = (row: unknown): string | undefined => (row as { readonly userId: string } | undefined)?.userId;

  return {
    issue: (purpose, userId) => {
      const issued = { token: randomBytes(16).toString('hex'), code: String(randomInt(1_000_000)).padStart(6, '0'), expiresAtMs: Date.now() + lifetimeMs[purpose] };
      put.run(purpose, userId, issued.token, issued.code, issued.expiresAtMs);
      return issued;
    },
    ownerOfToken: (purpose, token) => owner(byToken.get(purpose, token, Date.now())),
    ownerOfCode: (purpose, userId, code) => owner(byCode.get(purpose, userId, code, Date.now())),
    remove: (purpose, userId) => {
      remove.run(purpose, userId);
    },
  };
}
