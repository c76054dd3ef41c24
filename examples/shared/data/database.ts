import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

// `email` is stored trimmed and in lower case; its unique index decides who comes first when two sign up at once.
const schema = `
  CREATE TABLE IF NOT EXISTS teams (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS users (
    id                   TEXT PRIMARY KEY,
    team_id              INTEGER NOT NULL REFERENCES teams (id),
    email                TEXT NOT NULL UNIQUE,
    name                 TEXT NOT NULL,
    password_hash        TEXT,
    status               TEXT NOT NULL CHECK (status IN ('unconfirmed', 'active', 'disabled')),
    needs_breach_recheck INTEGER NOT NULL DEFAULT 0,
    has_second_factor    INTEGER NOT NULL DEFAULT 0,
    is_admin             INTEGER NOT NULL DEFAULT 0,
    is_operator          INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS contacts (
    id      INTEGER PRIMARY KEY,
    team_id INTEGER NOT NULL REFERENCES teams (id),
    email   TEXT NOT NULL,
    name    TEXT NOT NULL,
    UNIQUE (team_id, email)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS campaigns (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    sender     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    recipients INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS invitations (
    token   TEXT PRIMARY KEY,
    team_id INTEGER NOT NULL REFERENCES teams (id),
    email   TEXT NOT NULL,
    UNIQUE (team_id, email)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS drafts (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    subject TEXT NOT NULL,
    body    TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS activity (
    id      INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind    TEXT NOT NULL,
    what    TEXT NOT NULL,
    at_ms   INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS activity_by_user ON activity (user_id, at_ms);
  CREATE TABLE IF NOT EXISTS containments (
    id    TEXT PRIMARY KEY,
    plan  TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'ordered', 'done'))
  ) STRICT;
`;

/** What has been added to `users` since it was first made. */
const newerColumns = ['has_second_factor', 'is_admin', 'is_operator'];

/** Opens (and if need be makes) the app's database in `folder`. */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'app.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000; PRAGMA foreign_keys = ON;');
  database.exec(schema);
  addMissing(database);
  return database;
}

/** A folder of an earlier version goes on working. */
function addMissing(database: DatabaseSync): void {
  const present = database.prepare('PRAGMA table_info (users)').all().map((column) => String(column['name']));
  for (const name of newerColumns.filter((column) => !present.includes(column))) database.exec(`ALTER TABLE users ADD COLUMN ${name} INTEGER NOT NULL DEFAULT 0`);
}

/** Runs `work` wholly or not at all. It must not await: node:sqlite is synchronous, and so nothing comes in between. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
