import { DatabaseSync } from 'node:sqlite';
import type { Accounts, StoredAccount } from '../../src/ports/accounts.ts';

/** A user table in a file, for several processes. Each verb is one statement, as the port asks for. */
export interface AccountsTable extends Accounts {
  /** Puts an active account there. Its id is its address: this is a test. */
  plant(account: { readonly email: string; readonly passwordHash: string }): void;
  /** How many accounts have the address, and how often their passwords were replaced by new ones. */
  count(email: string): { readonly accounts: number; readonly replaced: number };
  close(): void;
}

const schema = `PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, hash TEXT, recheck INTEGER NOT NULL DEFAULT 0, factor INTEGER NOT NULL DEFAULT 0, replaced INTEGER NOT NULL DEFAULT 0)`;

export function openAccounts(path: string): AccountsTable {
  const db = new DatabaseSync(path, { timeout: 30_000 });
  db.exec(schema);
  const run = (sql: string, ...values: readonly (string | number | null)[]): boolean => db.prepare(sql).run(...values).changes === 1;

  function find(column: 'id' | 'email', value: string): StoredAccount | undefined {
    const row = db.prepare(`SELECT id, email, hash, recheck, factor FROM accounts WHERE ${column} = ?`).get(value);
    if (row === undefined) return undefined;
    const hash = row['hash'];
    return { id: String(row['id']), email: String(row['email']), passwordHash: typeof hash === 'string' ? hash : undefined, active: true, needsBreachRecheck: row['recheck'] === 1, hasSecondFactor: row['factor'] === 1 };
  }

  return {
    findByIdentifier: async (identifier) => find('email', identifier),
    findById: async (accountId) => find('id', accountId),
    create: async ({ email, passwordHash }) => (run('INSERT INTO accounts (id, email, hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', email, email, passwordHash) ? email : undefined),
    replacePasswordHash: async ({ accountId, previousHash, passwordHash, because }) =>
      run('UPDATE accounts SET hash = ?, replaced = replaced + ? WHERE id = ? AND hash IS ?', passwordHash, because === 'new-password' ? 1 : 0, accountId, previousHash ?? null),
    setBreachRecheck: async ({ accountId, needed }) => void run('UPDATE accounts SET recheck = ? WHERE id = ?', needed ? 1 : 0, accountId),
    setSecondFactor: async ({ accountId, enrolled }) => void run('UPDATE accounts SET factor = ? WHERE id = ?', enrolled ? 1 : 0, accountId),
    plant: ({ email, passwordHash }) => void run('INSERT INTO accounts (id, email, hash) VALUES (?, ?, ?)', email, email, passwordHash),
    count(email) {
      const row = db.prepare('SELECT count(*) AS accounts, coalesce(sum(replaced), 0) AS replaced FROM accounts WHERE email = ?').get(email);
      return { accounts: Number(row?.['accounts']), replaced: Number(row?.['replaced']) };
    },
    close: () => {
      db.close();
    },
  };
}
