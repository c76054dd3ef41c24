import { inspect as print } from 'node:util';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { postgresDefaults, postgresSchema, postgresStore, type PostgresPool, type PostgresStoreOptions } from 'portcullis/postgres';
import { realPostgres } from '../support/servers/postgres.ts';
import { freshTable, openPool, openStore, sharedServer } from './postgres-support.ts';

const noPool: PostgresPool = { query: () => Promise.resolve({ rows: [] }) };

describe('what a postgres store is made of', () => {
  it.each([
    ['a table with a quote', { table: 'records"; DROP TABLE users; --' }, 'postgresStore.table: expected a name of lower-case letters, digits and _, at most 48 characters, got a string of 30 characters'],
    ['a table in capitals', { table: 'Records' }, 'postgresStore.table: expected a name of lower-case letters, digits and _, at most 48 characters, got a string of 7 characters'],
    ['a table with a dot', { table: 'app.records' }, 'postgresStore.table: expected a name of lower-case letters, digits and _, at most 48 characters, got a string of 11 characters'],
    ['no table', { table: '' }, 'postgresStore.table: expected a name of lower-case letters, digits and _, at most 48 characters, got a string of 0 characters'],
    ['a long table', { table: 'x'.repeat(49) }, 'postgresStore.table: expected a name of lower-case letters, digits and _, at most 48 characters, got a string of 49 characters'],
    ['a schema with NUL', { schema: 'a\0' }, 'postgresStore.schema: expected a name of lower-case letters, digits and _, at most 48 characters, got a string of 2 characters'],
    ['null', { table: null }, 'postgresStore.table: expected a name of lower-case letters, digits and _, at most 48 characters, got null'],
    ['no room', { maxRecords: 0 }, 'postgresStore.maxRecords: expected a whole number from 1 to 10000000000, got 0'],
    ['a slip', { tabel: 'x' }, 'postgresStore.tabel: unknown option, did you mean "table"?'],
    ['half a clock', { clock: { nowMs: () => 0 } }, 'postgresStore.clock: expected an object with nowMs(), monotonicMs(), after(), got one without monotonicMs(), after()'],
  ])('is refused at the start: %s', (_, options, message) => {
    expect(() => postgresStore(noPool, options as PostgresStoreOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }));
  });

  it('is a pool, and no address and no single connection', () => {
    const refusal = (pool: unknown): unknown => {
      try {
        return postgresStore(pool as PostgresPool);
      } catch (error) {
        return (error as { readonly code: string; readonly message: string }).message;
      }
    };
    expect(refusal('postgres://user:secret@host/app')).toBe('postgresStore.pool: expected a Pool of pg, or an object with query(text, values), got a string of 31 characters');
    expect(refusal(undefined)).toBe('postgresStore.pool: expected a Pool of pg, or an object with query(text, values), got nothing');
    expect(refusal(new pg.Client())).toMatch(/^postgresStore\.pool: expected a Pool of pg, got a Client/);
  });

  it('has the schema as text, with the names that were asked for', () => {
    expect(postgresSchema()).toContain(`CREATE TABLE IF NOT EXISTS "${postgresDefaults.table}" (`);
    expect(postgresSchema({ table: 'kept', schema: 'auth' })).toContain('CREATE INDEX IF NOT EXISTS "kept_expiry" ON "auth"."kept" (expires_at_ms)');
    expect(() => postgresSchema({ table: '"' })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});

describe('a pool that lies', () => {
  const row = { version: '1', value: 'x', form: 'text', state: 'live' };
  it.each([
    ['nothing', undefined], ['null', null], ['a count', { rowCount: 1 }], ['rows that are none', { rows: 'one' }], ['a row of nothing', { rows: [null] }],
    ['a number for a version', { rows: [{ ...row, version: 1 }] }], ['a version of words', { rows: [{ ...row, version: 'one' }] }], ['a negative version', { rows: [{ ...row, version: '-1' }] }],
    ['a version beyond JavaScript', { rows: [{ ...row, version: '9007199254740993' }] }], ['no version', { rows: [{ value: 'x', form: 'text', state: 'live' }] }],
    ['an inherited version', { rows: [Object.create({ version: '1' })] }], ['two rows', { rows: [row, row] }], ['rows as arrays', { rows: [['1', 'x']] }],
  ])('is a broken store, never a yes: %s', async (_, answer) => {
    const store = postgresStore({ query: () => Promise.resolve(answer as never) });
    await expect(store.read('a:b')).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_STORE' });
    await expect(store.compareAndSet({ key: 'a:b', expectedVersion: 1, value: null })).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x' })).rejects.toMatchObject({ code: 'ERR_STORE' });
    expect((await store.inspect()).durable).toBeUndefined();
  });

  it.each([['no value', { ...row, value: null }], ['another form', { ...row, form: 'zip' }]])('about a record is a broken store: %s', async (_, answer) => {
    const store = postgresStore({ query: () => Promise.resolve({ rows: [answer] }) });
    await expect(store.read('a:b')).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it('by throwing at once, by rejecting with nothing, or by a connection that is none, harms nobody', async () => {
    const throws = postgresStore({ query: () => { throw new TypeError('no'); } });
    await expect(throws.read('a:b')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: failed' });
    const nothing: unknown = undefined;
    const rejects = postgresStore({ query: () => { throw nothing; }, connect: () => Promise.resolve(null as never) });
    await expect(rejects.read('a:b')).rejects.toMatchObject({ code: 'ERR_STORE' });
    rejects.watch('a:b', () => undefined);
    rejects.close();
  });

  it('by losing the answer to a look keeps nobody from hearing of the next write', async () => {
    const clock = fakeClock();
    let lost = true;
    const store = postgresStore({ query: () => (lost ? new Promise(() => undefined) : Promise.resolve({ rows: [{ key: 'switch:on', version: '17' }] })) }, { clock });
    let heard = 0;
    store.watch('switch:on', () => { heard += 1; });
    await clock.advance(1_500);
    lost = false;
    await clock.advance(3_000);
    expect(heard).toBe(1);
  });

  it('sends a statement that the server undid again, and not for ever', async () => {
    let sent = 0;
    const undone = Object.assign(new Error('could not serialize'), { code: '40001' });
    const store = postgresStore({ query: () => { sent += 1; return Promise.reject(undone); } });
    await expect(store.compareAndSet({ key: 'a:b', expectedVersion: 1, value: 'x' })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: others kept winning (40001)' });
    expect(sent).toBe(8);
  });

  it('never sends a statement again whose outcome is not known', async () => {
    let sent = 0;
    const store = postgresStore({ query: () => { sent += 1; return Promise.reject(new Error('Connection terminated unexpectedly')); } });
    await expect(store.compareAndSet({ key: 'a:b', expectedVersion: 1, value: 'x' })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: Connection terminated unexpectedly' });
    expect(sent).toBe(1);
  });
});

describe('a database that is not as it should be', () => {
  const server = sharedServer();

  it('without the table is ERR_STORE, and tells no key, value or statement', async () => {
    const store = postgresStore(openPool(server().url), { table: freshTable() });
    const errors = await Promise.all([
      store.read('reset:secret-key').catch((error: unknown) => error),
      store.compareAndSet({ key: 'reset:secret-key', expectedVersion: 0, value: 'secret-value' }).catch((error: unknown) => error),
    ]);
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE', message: 'postgres store: there is no such table: run migrate() (42P01)' });
      expect(print(error, { depth: 9, showHidden: true })).not.toMatch(/secret|SELECT|INSERT|postgres:\/\//);
    }
  });

  it('with a table of another shape is ERR_CONFIG for migrate(), ERR_STORE for the rest, and left as it was', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    await pool.query(`CREATE TABLE ${table} (key text PRIMARY KEY, version integer NOT NULL, data jsonb)`);
    const store = postgresStore(pool, { table });
    await expect(store.migrate()).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'postgresStore.table: expected a table that migrate() made, got one with other columns (version, value, form, expires_at_ms)' });
    await expect(store.read('a:b')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: the table has another shape: see inspect() (42703)' });
    expect((await store.inspect()).findings).toContainEqual({ level: 'bad', check: 'schema', detail: 'The table has other columns than migrate() makes: version, value, form, expires_at_ms.' });
    const { rows } = await pool.query<{ n: string }>(`SELECT count(*)::text AS n FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0`);
    expect(rows).toEqual([{ n: '3' }]);
  });

  it('with a column more that the team has added will do', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    const store = await openStore(pool, { table });
    await pool.query(`ALTER TABLE ${table} ADD COLUMN written_at timestamptz DEFAULT now()`);
    await store.migrate();
    expect(await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x' })).toBe(true);
  });

  it('that a team made by hand from the text of postgresSchema needs no migrate()', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    await pool.query(postgresSchema({ table }));
    await pool.query(postgresSchema({ table }));
    const store = postgresStore(pool, { table });
    expect(await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x' })).toBe(true);
    expect((await store.inspect()).findings).toContainEqual({ level: 'ok', check: 'schema', detail: 'The table is there.' });
  });

  // CVE-2018-1058
  it.skipIf(!realPostgres)('does not run functions and operators that others put into a schema of the search_path', async () => {
    await openPool(server().url).query(`CREATE SCHEMA IF NOT EXISTS trap;
CREATE FUNCTION trap.times(numeric, integer) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught'; END $$;
CREATE OPERATOR trap.* (LEFTARG = numeric, RIGHTARG = integer, FUNCTION = trap.times);
CREATE FUNCTION trap.joined(name, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught'; END $$;
CREATE OPERATOR trap.|| (LEFTARG = name, RIGHTARG = text, FUNCTION = trap.joined);
CREATE FUNCTION trap.pg_stat_get_live_tuples(regclass) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught'; END $$;
CREATE FUNCTION trap.hashtextextended(text, integer) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught'; END $$;`);
    // A pool ends the connection of a query that failed: not SET, which would end with it.
    const trapped = openPool(server().url, { options: '-c search_path=public,trap' });
    await expect(trapped.query('SELECT 1.5 * 1')).rejects.toThrow('caught');
    const store = postgresStore(trapped, { table: freshTable() });
    await store.migrate();
    expect(await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x', expiresAtMs: Date.now() + 60_000 })).toBe(true);
    expect(await store.read('a:b')).toMatchObject({ value: 'x' });
    expect(await store.purge()).toBe(0);
    expect((await store.inspect()).findings.map(({ check }) => check)).toContain('size');
  });

  it('without the schema that was named is ERR_STORE', async () => {
    const store = postgresStore(openPool(server().url), { schema: 'nowhere' });
    await expect(store.migrate()).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: there is no such schema (3F000)' });
  });
});

describe.skipIf(!realPostgres)('roles and settings of a real server', () => {
  const server = sharedServer();

  it('a role with the four rights on the table and no other can do everything but make it', async () => {
    const pool = openPool(server().url);
    const table = freshTable();
    await openStore(pool, { table });
    await pool.query(`DROP ROLE IF EXISTS app_user; CREATE ROLE app_user LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO app_user`);
    const store = postgresStore(openPool(server().url.replace('postgres@', 'app_user@')), { table });
    await store.migrate();
    expect(await store.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x' })).toBe(true);
    const { version = 0 } = (await store.read('a:b')) ?? {};
    expect(await store.compareAndSet({ key: 'a:b', expectedVersion: version, value: 'y' })).toBe(true);
    expect(await store.purge()).toBe(0);
    expect(await store.inspect()).toMatchObject({ durable: true });
    expect((await store.inspect()).findings.filter(({ level }) => level === 'bad')).toEqual([]);
    await pool.query(`REVOKE DELETE ON ${table} FROM app_user`);
    await expect(store.compareAndSet({ key: 'a:b', expectedVersion: version, value: null })).rejects.toMatchObject({ message: 'postgres store: the role lacks a right on the table (42501)' });
    expect((await store.inspect()).findings).toContainEqual({ level: 'bad', check: 'permissions', detail: 'The role lacks SELECT, INSERT, UPDATE or DELETE on the table.' });
  });

  it('that allow reading alone are ERR_STORE for every write, also for one that would change nothing', async () => {
    const table = freshTable();
    const writable = await openStore(openPool(server().url), { table });
    await writable.compareAndSet({ key: 'a:b', expectedVersion: 0, value: 'x' });
    const store = postgresStore(openPool(server().url, { options: '-c default_transaction_read_only=on' }), { table });
    expect((await store.read('a:b'))?.value).toBe('x');
    for (const change of [{ expectedVersion: 0, value: 'y' }, { expectedVersion: 1, value: 'y' }, { expectedVersion: 999, value: null }]) {
      await expect(store.compareAndSet({ key: 'a:b', ...change })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: the server or the role may only read (25006)' });
    }
    expect((await store.inspect()).findings).toContainEqual({ level: 'bad', check: 'server', detail: 'Transactions are read-only here (default_transaction_read_only).' });
  });

  it('that lose answered writes are told: synchronous_commit off, an unlogged table', async () => {
    const table = freshTable();
    const pool = openPool(server().url, { options: '-c synchronous_commit=off' });
    const store = await openStore(pool, { table });
    expect(await store.inspect()).toMatchObject({ durable: false });
    expect((await store.inspect()).findings.filter(({ check }) => check === 'durability').map(({ detail }) => detail.slice(0, 26))).toEqual(['synchronous_commit is off:']);
    const kept = postgresStore(openPool(server().url), { table });
    expect(await kept.inspect()).toMatchObject({ durable: true });
    await pool.query(`ALTER TABLE ${table} SET UNLOGGED`);
    expect(await kept.inspect()).toMatchObject({ durable: false });
  });

  it('a pool without bounds is told, and one as in the README is not', async () => {
    const pool = new pg.Pool({ connectionString: server().url, max: 1 });
    onTestFinished(() => pool.end());
    const warned = (await (await openStore(pool)).inspect()).findings.filter(({ level }) => level === 'warn').map(({ check, detail }) => `${check}: ${detail.split(' ').slice(0, 3).join(' ')}`);
    expect(warned).toEqual(['pool: The pool has', 'pool: connectionTimeoutMillis is not', 'pool: Neither query_timeout nor']);
    const findings = (await (await openStore(openPool(server().url))).inspect()).findings;
    expect(findings.every(({ level }) => level === 'ok')).toBe(true);
    expect(findings.map(({ check }) => check)).toEqual(['server', 'schema', 'permissions', 'size']);
  });

  it('a server that is not there is a finding, and tells nothing of the address', async () => {
    const pool = openPool('postgres://someone:secret@127.0.0.1:1/app');
    const inspection = await postgresStore(pool).inspect();
    expect(inspection).toEqual({ durable: undefined, findings: [{ level: 'bad', check: 'server', detail: 'The server gives no answer: postgres store: failed (ECONNREFUSED).' }] });
  });

  it('a statement that the pool gives up is ERR_STORE, and its connection is not lost', async () => {
    const pool = openPool(server().url, { max: 2, query_timeout: 300 });
    const table = freshTable();
    const store = await openStore(pool, { table });
    const other = openPool(server().url);
    const client = await other.connect();
    try {
      await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      await expect(store.read('a:b')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'postgres store: Query read timeout' });
      await expect(store.read('a:b')).rejects.toMatchObject({ code: 'ERR_STORE' });
      await expect(store.read('a:b')).rejects.toMatchObject({ code: 'ERR_STORE' });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
    expect(await store.read('a:b')).toBeUndefined();
  });
});
