import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { postgresStore } from 'portcullis/postgres';
import { fakeClock } from 'portcullis/testing';
import { realPostgres } from '../support/servers/postgres.ts';
import { until } from '../support/servers/watched.ts';
import { freshTable, openPool, openStore, sharedServer } from './postgres-support.ts';

describe('the records of a postgres store', () => {
  const server = sharedServer();

  it('give back every value, whatever JavaScript calls text, in every key', async () => {
    const store = await openStore(openPool(server().url));
    const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 300 });
    await fc.assert(fc.asyncProperty(text, text, async (key, value) => {
      const version = (await store.read(key))?.version ?? 0;
      expect(await store.compareAndSet({ key, expectedVersion: version, value })).toBe(true);
      expect((await store.read(key))?.value).toBe(value);
    }), { numRuns: 150 });
  });

  it('are kept as text that people can read, and only what is none in another form', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    const store = await openStore(pool, { table });
    await store.compareAndSet({ key: 'a:json', expectedVersion: 0, value: '{"name":"é 😀"}' });
    await store.compareAndSet({ key: 'a:nul', expectedVersion: 0, value: 'a\0b' });
    const { rows } = await pool.query<{ name: string }>(`SELECT value::jsonb->>'name' AS name FROM ${table} WHERE key = 'a:json'`);
    expect(rows).toEqual([{ name: 'é 😀' }]);
    expect((await store.read('a:nul'))?.value).toBe('a\0b');
  });

  it('of more than 8,388,608 characters are refused, and the store goes on', async () => {
    const store = await openStore(openPool(server().url));
    await expect(store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x'.repeat(8_388_609) })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: a value of more than 8388608 characters' });
    expect(await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x'.repeat(5_000_000) })).toBe(true);
    expect((await store.read('a:b'))?.value).toHaveLength(5_000_000);
  });

  it('have no version that is no whole number, or that no record can have', async () => {
    const store = await openStore(openPool(server().url));
    await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: '1' });
    for (const expectedVersion of [0.5, Number.NaN, Infinity, -1, 2 ** 60, Number.MAX_SAFE_INTEGER]) {
      expect(await store.compareAndSet({ key: 'a:b', expectedVersion, value: null })).toBe(false);
      expect(await store.compareAndSet({ key: 'a:b', expectedVersion, value: '2' })).toBe(false);
    }
    expect((await store.read('a:b'))?.value).toBe('1');
  });

  // ASVS 15.4.2
  it('are spent once, when a thousand requests bring the same one at the same moment', async () => {
    const pool = openPool(server().url);
    const store = await openStore(pool);
    await store.compareAndSet({ key: 'reset:a', expectedVersion: 0, value: '{}' });
    const { version: expectedVersion = 0 } = (await store.read('reset:a')) ?? {};
    const spent = await Promise.all(Array.from({ length: 1_000 }, () => store.compareAndSet({ key: 'reset:a', expectedVersion, value: null })));
    expect(spent.filter(Boolean)).toHaveLength(1);
    expect(pool.totalCount).toBeLessThanOrEqual(8);
  });

  it('end at any moment that is named: long ago, never, far beyond the end of time', async () => {
    const store = await openStore(openPool(server().url));
    for (const [expiresAtMs, value] of [[-1e300, undefined], [0, undefined], [Infinity, 'x'], [1e300, 'x'], [Date.now() + 60_000.5, 'x']] as const) {
      const key = `a:${expiresAtMs}`;
      expect(await store.compareAndSet({ key, expectedVersion: 0, value: 'x', expiresAtMs })).toBe(true);
      expect((await store.read(key))?.value).toBe(value);
    }
    await expect(store.compareAndSet({ key: 'a:nan', expectedVersion: 0, value: 'x', expiresAtMs: Number.NaN })).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it('go when they have expired, as new ones come', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    const clock = fakeClock();
    const store = await openStore(pool, { table, clock });
    const expired = async (): Promise<number> => Number((await pool.query<{ n: string }>(`SELECT count(*)::text AS n FROM ${table} WHERE key LIKE 'a:%'`)).rows[0]?.n);
    const expiresAtMs = clock.nowMs() + 1_000;
    await Promise.all(Array.from({ length: 20 }, (_, at) => store.compareAndSet({ key: `a:${at}`, expectedVersion: 0, value: 'x', expiresAtMs })));
    await clock.advance(20_000);
    expect(await expired()).toBe(20);
    let news = 0;
    await until('the expired ones are removed', async () => {
      // One is not enough: the look that the first of the writes began may still be under way, and then the next one is due later.
      await clock.advance(20_000);
      await store.compareAndSet({ key: `b:${(news += 1)}`, expectedVersion: 0, value: 'x' });
      return (await expired()) === 0;
    });
    expect(await store.read('b:1')).toMatchObject({ value: 'x' });
  });

  it('are all removed by purge() once they have expired, and no others', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    const store = await openStore(pool, { table });
    await pool.query(`INSERT INTO ${table} (key, value, form, expires_at_ms) SELECT 'a:' || n, 'x', 'text', CASE WHEN n <= 2500 THEN 1 ELSE 9000000000000 END FROM generate_series(1, 2600) AS n`);
    await store.compareAndSet({ key: 'b:ever', expectedVersion: 0, value: 'x' });
    // The write may have removed some already.
    const removed = await store.purge();
    expect(removed).toBeGreaterThanOrEqual(500);
    expect(removed).toBeLessThanOrEqual(2_500);
    const { rows } = await pool.query<{ n: string }>(`SELECT count(*)::text AS n FROM ${table}`);
    expect(rows).toEqual([{ n: '101' }]);
    expect(await store.purge()).toBe(0);
  });

  it('that were seen to have expired stay gone when the clock is set back', async () => {
    const clock = fakeClock();
    const store = await openStore(openPool(server().url), { clock });
    await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x', expiresAtMs: clock.nowMs() + 1_000 });
    await clock.advance(1_000);
    expect(await store.read('a:b')).toBeUndefined();
    clock.setWallMs(clock.nowMs() - 100_000);
    expect(await store.read('a:b')).toBeUndefined();
    expect(await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: null })).toBe(true);
  });

  it('of two tables, or of two schemas, have nothing to do with each other', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    await pool.query(`CREATE SCHEMA IF NOT EXISTS other_${process.pid}`);
    const [one, other] = [await openStore(pool, { table }), await openStore(pool, { table, schema: `other_${process.pid}` })];
    await one.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'one' });
    expect(await other.read('a:b')).toBeUndefined();
    await other.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'other' });
    expect((await one.read('a:b'))?.value).toBe('one');
  });

  it('are read alike, whatever type parsers the app has given its driver', async () => {
    const textOid = 25;
    const parseAll = { getTypeParser: (oid: number) => (text: string) => (oid === textOid ? text : { parsed: text }) };
    const store = await openStore(openPool(server().url, { types: parseAll }));
    await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x' });
    expect(await store.read('a:b')).toMatchObject({ value: 'x' });
  });
});

describe('a full table', () => {
  const server = sharedServer();

  it('refuses new records with ERR_STORE, replaces and removes as before, and takes new ones when some are gone', async () => {
    const pool = openPool(server().url, { max: 1 });
    const table = freshTable();
    const clock = fakeClock();
    const store = await openStore(pool, { table, clock, maxRecords: 50 });
    const create = (key: string): Promise<boolean> => store.compareAndSet({ key, expectedVersion: 0, value: 'x' });
    await pool.query(`INSERT INTO ${table} (key, value, form, expires_at_ms) SELECT 'a:' || n, 'x', 'text', NULL FROM generate_series(1, 60) AS n`);
    let made = 0;
    const refused = async (): Promise<unknown> => create(`b:${made += 1}`).then(() => undefined, (error: unknown) => error);
    await until('the server has counted', async () => {
      await clock.advance(10_001);
      return (await refused()) !== undefined;
    });
    expect(await refused()).toMatchObject({ name: 'StoreFullError', code: 'ERR_STORE', message: 'postgres store: 50 records are the most' });
    const { version = 0 } = (await store.read('a:1')) ?? {};
    expect(await store.compareAndSet({ key: 'a:1', expectedVersion: version, value: 'y' })).toBe(true);
    await pool.query(`DELETE FROM ${table}`);
    await until('the server has counted', async () => {
      await clock.advance(1_001);
      return (await refused()) === undefined;
    });
  });
});

describe.skipIf(!realPostgres)('hosts whose clocks are apart', () => {
  const server = sharedServer();

  it('write records that live as long as they meant, also half a minute off', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    const store = await openStore(pool, { table });
    const realNow = Date.now;
    try {
      Date.now = () => realNow() - 30_000;
      await store.compareAndSet({ key: 'a:late', expectedVersion: 0, value: 'x', expiresAtMs: Date.now() + 10_000 });
      Date.now = () => realNow() + 30_000;
      await store.compareAndSet({ key: 'a:early', expectedVersion: 0, value: 'x', expiresAtMs: Date.now() + 10_000 });
    } finally {
      Date.now = realNow;
    }
    const { rows } = await pool.query<{ left: string }>(`SELECT (expires_at_ms - extract(epoch FROM now()) * 1000)::bigint::text AS left FROM ${table}`);
    for (const { left } of rows) {
      expect(Number(left)).toBeGreaterThan(5_000);
      expect(Number(left)).toBeLessThanOrEqual(10_100);
    }
    expect(rows).toHaveLength(2);
  });
});

describe.skipIf(!realPostgres)('who watches a record of a postgres store', () => {
  const server = sharedServer();

  it('is told by the announcement alone: here no time passes', async () => {
    const table = freshTable();
    const [watching, writing] = [openPool(server().url), openPool(server().url)];
    const store = await openStore(watching, { table, clock: fakeClock() });
    const writer = await openStore(writing, { table });
    let calls = 0;
    store.watch('switch:all', () => {
      calls += 1;
    });
    writer.watch('switch:other', () => undefined);
    await until('the first look is over', () => calls === 1);
    await writer.compareAndSet({ key: 'switch:all', expectedVersion: 0, value: 'on' });
    await until('the watcher is told', () => calls === 2, 2_000);
  });

  it('shares one connection with all others, which is given back when the last one ends', async () => {
    const pool = openPool(server().url);
    const store = await openStore(pool);
    const ends = Array.from({ length: 50 }, (_, at) => store.watch(`switch:${at % 20}`, () => undefined));
    await until('it listens', async () => pool.totalCount - pool.idleCount === 1);
    await store.read('switch:1');
    expect(pool.totalCount - pool.idleCount).toBe(1);
    for (const end of ends) {
      end();
      end();
    }
    await until('it is given back', () => pool.totalCount - pool.idleCount === 0);
    store.watch('switch:1', () => undefined);
    await until('it listens again', async () => pool.totalCount - pool.idleCount === 1);
    store.close();
    await pool.end();
  });

  it('does not keep the pool from ending for longer than a second, also where close() was forgotten', async () => {
    const pool = openPool(server().url);
    const store = await openStore(pool);
    store.watch('switch:1', () => undefined);
    await until('it listens', () => pool.totalCount - pool.idleCount === 1);
    let ended = false;
    void pool.end().then(() => {
      ended = true;
    });
    await until('the pool has ended', () => ended, 2_000);
    await expect(store.read('switch:1')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: Cannot use a pool after calling end on the pool' });
  });

  it('is told by looks alone where the pool has a single connection', async () => {
    const table = freshTable();
    const store = await openStore(openPool(server().url, { max: 1 }), { table });
    const writer = await openStore(openPool(server().url), { table });
    let calls = 0;
    store.watch('switch:all', () => {
      calls += 1;
    });
    await until('the first look is over', () => calls === 1);
    await writer.compareAndSet({ key: 'switch:all', expectedVersion: 0, value: 'on' });
    await until('the watcher is told', () => calls === 2, 1_500);
  });

  it('leaves the last connection of a pool to the app, however many stores watch by it', async () => {
    const pool = openPool(server().url, { max: 2 });
    const stores = [await openStore(pool), await openStore(pool), await openStore(pool)];
    const heard = stores.map(() => 0);
    for (const [at, store] of stores.entries()) store.watch('switch:all', () => { heard[at] = (heard[at] ?? 0) + 1; });
    await until('the first looks are over', () => heard.every((calls) => calls === 1), 3_000);
    expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(pool.totalCount - pool.idleCount).toBeLessThanOrEqual(1);
    stores[0]?.close();
    await until('another one listens', () => pool.totalCount - pool.idleCount === 1, 3_000);
  });

  it('learns nothing from a database that announces nonsense', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    const store = await openStore(pool, { table });
    let calls = 0;
    store.watch('switch:all', () => {
      calls += 1;
    });
    await until('the first look is over', () => calls === 1);
    for (const payload of ['', 'switch:all', 'x'.repeat(7_000), '0000']) await pool.query('SELECT pg_notify($1, $2)', [table, payload]);
    for (let bucket = 0; bucket < 300; bucket += 1) await pool.query('SELECT pg_notify($1, $2)', [table, bucket.toString(16).padStart(4, '0')]);
    expect(calls).toBe(1);
  });
});

describe('a closed store', () => {
  const server = sharedServer();

  it('fails with ERR_STORE whatever it is asked, leaves the pool open, and may be closed twice', async () => {
    const pool = openPool(server().url);
    const store = postgresStore(pool, { table: freshTable() });
    await store.migrate();
    store.close();
    store.close();
    const closed = { code: 'ERR_STORE', message: 'postgres store: closed' };
    await expect(store.read('a')).rejects.toMatchObject(closed);
    await expect(store.compareAndSet({ key: 'a', expectedVersion: 0, value: 'x' })).rejects.toMatchObject(closed);
    await expect(store.migrate()).rejects.toMatchObject(closed);
    await expect(store.purge()).rejects.toMatchObject(closed);
    expect(() => store.watch('a', () => undefined)).toThrow('postgres store: closed');
    expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
