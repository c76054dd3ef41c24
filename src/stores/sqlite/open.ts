import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ConfigError, StoreError } from '../../kernel/errors.ts';
import { wrong } from '../../kernel/options.ts';
import { createConnection, type Connection } from './connection.ts';
import { isBusy, storeErrorOf } from './faults.ts';
import { isFresh, makeTables } from './schema.ts';

/** How long a start may wait for other processes that start at the same moment. */
const openWaitMs = 2_000;
const pauseMs = 5;

/**
 * Two connections to one file. A commit of `records` is on the disk when it returns. One of `counters` is on the disk with
 * the next one of `records` or the next checkpoint: it survives the death of the process, and a power failure takes the last
 * of them and harms nothing else.
 */
export interface OpenFile {
  readonly records: Connection;
  readonly counters: Connection;
}

/** Opens the file and makes it where it is missing. Throws ERR_CONFIG for a wrong path, ERR_STORE for a broken file. */
export function openFile(path: unknown): OpenFile {
  const file = fileOf(path);
  const { DatabaseSync: Database } = nodeSqlite();
  makePrivately(file);
  const opened: DatabaseSync[] = [];
  const open = (pragmas: string): DatabaseSync => {
    const db = new Database(file, { timeout: openWaitMs });
    opened.push(db);
    prepare(db, pragmas);
    return db;
  };
  try {
    const records = open('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;');
    const counters = open('PRAGMA synchronous = NORMAL;');
    return { records: createConnection(records), counters: createConnection(counters) };
  } catch (error) {
    for (const db of opened) db.close();
    throw storeErrorOf(error);
  }
}

/** Where a relative path leads must not depend on a later chdir, and no spelling may be taken for a URI. */
function fileOf(path: unknown): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw wrong('sqliteStore.path', 'the path of a file', path);
  if (path === ':memory:' || path.startsWith('file:')) {
    throw new ConfigError('sqliteStore.path: expected the path of a file; for what may be lost there is memoryStore()');
  }
  return resolve(path);
}

function nodeSqlite(): typeof import('node:sqlite') {
  const loaded = process.getBuiltinModule('node:sqlite') as typeof import('node:sqlite') | undefined;
  if (loaded === undefined) throw new ConfigError(`sqliteStore: this build of Node (${process.version}) has no node:sqlite; use an official one, or another store`);
  return loaded;
}

/** For the owner alone: records are secrets, though digests and sealed ones. SQLite gives its side files the same mode. */
function makePrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new ConfigError(`sqliteStore.path: the file cannot be made (${code ?? 'unknown'})`, { cause });
  }
}

function prepare(db: DatabaseSync, pragmas: string): void {
  // Before anything is written: it may be the database of something else.
  whileBusy(() => {
    inOneStep(db, 'BEGIN', () => isFresh(db));
  });
  whileBusy(() => {
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal') throw new StoreError('sqlite store: the file system cannot share a write-ahead log');
  });
  db.exec(`${pragmas} PRAGMA checkpoint_fullfsync = ON; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;`);
  // Also shows that the file can be written.
  whileBusy(() => {
    inOneStep(db, 'BEGIN IMMEDIATE', () => {
      makeTables(db);
    });
  });
  // From here on nothing waits inside SQLite: it would hold up everything else that the process does.
  db.exec('PRAGMA busy_timeout = 0');
}

function inOneStep(db: DatabaseSync, begin: string, work: () => void): void {
  db.exec(begin);
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite does not wait by itself where two connections switch the journal at the same moment. Counted: tests stop the clock. */
function whileBusy(step: () => void): void {
  for (let triesLeft = openWaitMs / pauseMs; ; triesLeft -= 1) {
    try {
      step();
      return;
    } catch (error) {
      if (!isBusy(error) || triesLeft <= 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
