import type { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../../kernel/errors.ts';

/** Says in the file's header whose it is. */
const applicationId = 0x70_6f_72_74;
const schemaVersion = 1;

/**
 * `state` is one row: the highest version of any record, and how far the store's time has come. `size` counts rows, so that a
 * bound costs no counting. `full_at`, `ends_at` and `now_ms` are ms of the store's time, `expires_at` is ms of the wall clock.
 */
const schema = `
  CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), last_version INTEGER NOT NULL, now_ms REAL NOT NULL) STRICT;
  INSERT INTO state VALUES (1, 0, 0);
  CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, overflow_full_at REAL NOT NULL) STRICT;
  CREATE TABLE counters (rule INTEGER NOT NULL, key TEXT NOT NULL, full_at REAL NOT NULL, PRIMARY KEY (rule, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE kinds (name TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE records (
    kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, expires_at REAL, ends_at REAL, value ANY NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/** Whether the file is new and has no tables yet. Throws ERR_CONFIG for one that is not, or not yet, ours. */
export function isFresh(db: DatabaseSync): boolean {
  const owner = numberOf(db, 'PRAGMA application_id');
  const version = numberOf(db, 'PRAGMA user_version');
  const tables = numberOf(db, 'SELECT count(*) FROM sqlite_schema');
  if (owner === 0 && version === 0 && tables === 0) return true;
  if (owner !== applicationId) throw new ConfigError('sqliteStore.path: is the database of something else; give the store a file of its own');
  if (version > schemaVersion) throw new ConfigError(`sqliteStore.path: was written by a newer portcullis (schema ${version}, this one knows ${schemaVersion})`);
  return false;
}

/** Makes the tables where they are missing. To be called in a transaction: several processes may start at the same moment. */
export function makeTables(db: DatabaseSync): void {
  if (isFresh(db)) db.exec(schema);
}

function numberOf(db: DatabaseSync, sql: string): number {
  return Number(Object.values(db.prepare(sql).get() ?? {})[0]);
}
