import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLimiter } from 'portcullis/limiter';
import { sqliteStore } from 'portcullis/sqlite';
import { RateLimiterSQLite } from 'rate-limiter-flexible';
import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { costOf, interleave, randomBelow, shuffled } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 15;
const takes = 50_000;
const changes = 2_000;
/** Enough for every decision to be a pass: a refusal is other work on each side. */
const limit = 1_000;
const windowMs = 60_000;

const addresses = shuffled(Array.from({ length: 10_000 }, (_, index) => index), randomBelow(1)).map((index) => `203.0.${index >> 8}.${index & 255}`);

/** Does its work so many times and answers how often it came out well. */
type Work = (count: number) => Promise<number>;

async function oursTake(file: string): Promise<Work> {
  const limiter = createLimiter({ name: 'bench', rules: { address: { limit, windowMs } }, store: sqliteStore(file) });
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) if ((await limiter.take({ address: addresses[turn % addresses.length] })).ok) passed += 1;
    return passed;
  };
}

function openRaw(file: string, synchronous: 'FULL' | 'NORMAL'): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
  return db;
}

/** It takes better-sqlite3, of which it calls two methods. Over node:sqlite both sides have the same engine. */
async function rlfTake(file: string): Promise<Work> {
  const db = openRaw(file, 'NORMAL');
  const [begin, commit] = [db.prepare('BEGIN'), db.prepare('COMMIT')];
  const storeClient = {
    prepare: (sql: string) => db.prepare(sql),
    transaction: <T>(work: () => T) => (): T => {
      begin.run();
      const result = work();
      commit.run();
      return result;
    },
  };
  const limiter = await new Promise<RateLimiterSQLite>((resolve, reject) => {
    const made = new RateLimiterSQLite({ storeClient, storeType: 'better-sqlite3', tableName: 'limits', points: limit, duration: windowMs / 1_000 }, (error?: Error) => {
      // It calls back before the constructor has returned where the table could be made at once.
      queueMicrotask(() => {
        if (error) reject(error);
        else resolve(made);
      });
    });
  });
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) if ((await limiter.consume(addresses[turn % addresses.length] ?? '')).consumedPoints <= limit) passed += 1;
    return passed;
  };
}

/** What one write of one row costs that is bounded by nothing and refuses nobody: the yardstick. */
async function upsertTake(file: string): Promise<Work> {
  const db = openRaw(file, 'NORMAL');
  db.exec('CREATE TABLE hits (key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID');
  const upsert = db.prepare('INSERT INTO hits VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n');
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) if ((upsert.get(addresses[turn % addresses.length] ?? '') as { n: number }).n <= limit) passed += 1;
    return passed;
  };
}

const value = 'x'.repeat(200);

async function oursChange(file: string): Promise<Work> {
  const store = sqliteStore(file);
  return async (count) => {
    let won = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const key = `bench:${turn % 100}`;
      const record = await store.read(key);
      if (await store.compareAndSet({ key, expectedVersion: record?.version ?? 0, value })) won += 1;
    }
    return won;
  };
}

async function rawChange(file: string): Promise<Work> {
  const db = openRaw(file, 'FULL');
  db.exec('CREATE TABLE records (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) WITHOUT ROWID');
  const read = db.prepare('SELECT version, value FROM records WHERE key = ?');
  const insert = db.prepare('INSERT INTO records VALUES (?, 1, ?)');
  const update = db.prepare('UPDATE records SET version = version + 1, value = ? WHERE key = ? AND version = ?');
  return async (count) => {
    let won = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const key = `bench:${turn % 100}`;
      const record = read.get(key) as { version: number } | undefined;
      const { changes: changed } = record === undefined ? insert.run(key, value) : update.run(value, key, record.version);
      if (changed === 1) won += 1;
    }
    return won;
  };
}

const contenders = { oursTake, rlfTake, upsertTake, oursChange, rawChange };
type Contender = keyof typeof contenders;

/** Runs in a child, on a file of its own. */
export async function perSecondOf(name: Contender): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  try {
    const count = name.endsWith('Change') ? changes : takes;
    const work = await contenders[name](join(directory, 'bench.db'));
    await work(Math.max(count / 5, addresses.length));
    let good = 0;
    const { wallMs } = await costOf(async () => {
      good = await work(count);
    });
    if (good !== count) throw new Error(`expected ${count} passes, got ${good}`);
    return (count * 1_000) / wallMs;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function run(): Promise<readonly BenchRow[]> {
  const names = Object.keys(contenders) as Contender[];
  const turns = Object.fromEntries(names.map((name) => [name, () => inChild(import.meta.url, perSecondOf, name)])) as Record<Contender, () => Promise<number>>;
  const measured = await interleave(turns, { rounds });
  const take = { subject: 'decisions by one rule in a file, 10k keys', unit: '/s', values: measured.oursTake };
  return [
    rowOf({ ...take, id: 'sqlite-take-vs-rlf', peer: { name: 'rate-limiter-flexible RateLimiterSQLite', values: measured.rlfTake } }),
    rowOf({ ...take, id: 'sqlite-take-vs-upsert', peer: { name: 'a bare UPSERT of node:sqlite', values: measured.upsertTake } }),
    rowOf({
      id: 'sqlite-change-vs-raw',
      subject: 'records read and replaced in a file, each on the disk before it is answered',
      unit: '/s',
      values: measured.oursChange,
      peer: { name: 'a bare SELECT and UPDATE of node:sqlite, synchronous = FULL', values: measured.rawChange },
    }),
  ];
}

export const bench: Bench = {
  id: 'sqlite',
  title: 'Counters and records in a file',
  rows: ['sqlite-take-vs-rlf', 'sqlite-take-vs-upsert', 'sqlite-change-vs-raw'],
  method:
    'Each turn is a fresh process with a fresh file in the temporary directory, after one pass over the keys that is not counted. ' +
    'Takes: 50,000, one awaited after the other, over 10,000 keys, all pass; journal WAL, synchronous NORMAL on every side. Ours is `take()` of createLimiter over sqliteStore. ' +
    'RateLimiterSQLite takes a database like better-sqlite3: it gets node:sqlite with the two methods that it calls, so that the engine is the same. It counts fixed windows, bounds nothing and writes a refusal too. ' +
    'The UPSERT adds one and knows neither time nor bound. ' +
    'Records: 2,000 times read and compare-and-set of 100 records of 200 characters; WAL, synchronous FULL on both sides, so this measures mostly the disk. The bare statements have no expiry, no bound and no watchers.',
  run,
};
