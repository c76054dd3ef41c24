import { once } from 'node:events';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postgresStore } from 'portcullis/postgres';
import { startChild, together } from '../support/children.ts';
import { realPostgres } from '../support/servers/postgres.ts';
import { until } from '../support/servers/watched.ts';
import type { ChildTask } from './postgres-child.ts';
import { freshTable, openPool, openStore, sharedServer, sleep } from './postgres-support.ts';

const file = join(import.meta.dirname, 'postgres-child.ts');
const startAll = (tasks: readonly ChildTask[]) => together(file, tasks);
const startOne = (task: ChildTask) => startChild(file, task);

describe.skipIf(!realPostgres)('several processes with a store on one table', () => {
  const server = sharedServer();

  it('may all make the table at the same moment', async () => {
    const { url } = server();
    const table = freshTable();
    expect(await startAll(Array.from({ length: 4 }, () => ({ do: 'migrate', url, table })))).toEqual([true, true, true, true]);
    const store = postgresStore(openPool(url), { table });
    expect(await store.compareAndSet({ key: 'a:1', expectedVersion: 0, value: 'one' })).toBe(true);
  });

  // ASVS 15.4.2
  it('spend a record once, when 8 of them try at the same moment', async () => {
    const { url } = server();
    const table = freshTable();
    const store = await openStore(openPool(url), { table });
    for (const key of ['reset:a', 'reset:b', 'reset:c']) {
      await store.compareAndSet({ key, expectedVersion: 0, value: '{}' });
      const { version = 0 } = (await store.read(key)) ?? {};
      const spent = await startAll(Array.from({ length: 8 }, () => ({ do: 'spend', url, table, key, version })));
      expect(spent.filter(Boolean)).toHaveLength(1);
      expect(await store.read(key)).toBeUndefined();
    }
  });

  it.each(['read committed', 'repeatable read', 'serializable'])('replace each version once, when 8 of them try in 25 ways at once: %s', async (level) => {
    const { url } = server();
    const table = freshTable();
    const store = await openStore(openPool(url), { table });
    const isolated = `${url}?options=${encodeURIComponent(`-c default_transaction_isolation=${level.replace(' ', '\\ ')}`)}`;
    const replaced = (await startAll(Array.from({ length: 8 }, () => ({ do: 'raise', url: isolated, table, rounds: 8 })))).flat() as number[];
    expect(new Set(replaced).size).toBe(replaced.length);
    expect(replaced.length).toBeGreaterThan(0);
    expect((await store.read('contract:sum'))?.value).toBe(String(replaced.length));
  });

  it('hear of each other\'s writes within a second', async () => {
    const { url } = server();
    const table = freshTable();
    const store = await openStore(openPool(url), { table });
    const { go, answer } = await startOne({ do: 'write', url, table, key: 'switch:all', value: 'on' });
    let calls = 0;
    store.watch('switch:all', () => {
      calls += 1;
    });
    await until('the first look is over', () => calls === 1);
    const answered = answer();
    go();
    expect(await answered).toBe(true);
    await until('the watcher is told', () => calls === 2, 1_000);
    expect((await store.read('switch:all'))?.value).toBe('on');
  });

  it('may end while they watch: a watcher keeps no process alive', async () => {
    const { url } = server();
    const table = freshTable();
    await openStore(openPool(url), { table });
    const { child, go, answer } = await startOne({ do: 'watch', url, table });
    const [answered, exited] = [answer(), once(child, 'exit')];
    go();
    expect(await answered).toBe(true);
    expect(await exited).toEqual([0, null]);
  });
});

describe.skipIf(!realPostgres)('a server that fails', () => {
  const server = sharedServer();

  it('keeps every answered write when it is killed in the middle of them', async () => {
    const { url } = server();
    const table = freshTable();
    const store = await openStore(openPool(url), { table });
    const { child, go } = await startOne({ do: 'storm', url, table });
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += String(chunk);
    });
    go();
    await until('200 writes are answered', () => said.split('\n').length > 200);
    await server().kill();
    await expect(store.read('storm:0')).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_STORE' });
    child.kill('SIGKILL');
    await server().start();
    const turns = said.split('\n').slice(0, -1);
    for (const turn of turns) expect((await store.read(`storm:${turn}`))?.value).toBe(`value ${turn}`);
    expect(turns.length).toBeGreaterThanOrEqual(200);
  });

  it('is an ERR_STORE while it restarts and no crash, and afterwards all goes on, watching too', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('uncaughtException', note).on('unhandledRejection', note);
    onTestFinished(() => void process.off('uncaughtException', note).off('unhandledRejection', note));

    const pool = openPool(server().url);
    const store = await openStore(pool);
    let calls = 0;
    store.watch('switch:all', () => {
      calls += 1;
    });
    // So that idle connections break as well.
    await Promise.all(Array.from({ length: 5 }, () => store.read('switch:all')));
    await until('the first look is over', () => calls === 1);
    const outcomes = new Set<string>();
    const state = { restarted: false };
    const asking = (async () => {
      while (!state.restarted) {
        outcomes.add(await store.read('switch:all').then(() => 'answered', (error: unknown) => (error as { readonly code: string }).code));
        await sleep(5);
      }
    })();
    await server().restart();
    state.restarted = true;
    await asking;
    expect([...outcomes].sort()).toEqual(['ERR_STORE', 'answered']);
    expect(await store.compareAndSet({ key: 'switch:all', expectedVersion: 0, value: 'on' })).toBe(true);
    const before = calls;
    const other = postgresStore(openPool(server().url), { table: await tableOf(pool) });
    await until('the watching connection is there again', async () => (await listeners(pool)) === 1, 3_000);
    expect(await other.compareAndSet({ key: 'switch:all', expectedVersion: (await other.read('switch:all'))?.version ?? 0, value: 'off' })).toBe(true);
    await until('the watcher is told', () => calls > before, 1_000);
    expect(unhandled).toEqual([]);
  });

  it('that cuts the watching connection is watched again within a second', async () => {
    const pool = openPool(server().url);
    const store = await openStore(pool);
    const writer = postgresStore(openPool(server().url), { table: await tableOf(pool) });
    let calls = 0;
    store.watch('switch:all', () => {
      calls += 1;
    });
    await until('it listens', async () => calls === 1 && (await listeners(pool)) === 1);
    for (let turn = 0, expectedVersion = 0; turn < 5; turn += 1) {
      const before = calls;
      await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query LIKE 'SELECT key, version%'");
      expect(await writer.compareAndSet({ key: 'switch:all', expectedVersion, value: `turn ${turn}` })).toBe(true);
      expectedVersion = (await writer.read('switch:all'))?.version ?? 0;
      await until('the watcher is told', () => calls > before, 1_500);
    }
    await until('it listens', async () => (await listeners(pool)) === 1);
  });

  it('that says nothing any more on the watching connection is watched by another one', async () => {
    const pool = openPool(server().url);
    const store = await openStore(pool);
    const writer = postgresStore(openPool(server().url), { table: await tableOf(pool) });
    let calls = 0;
    store.watch('switch:all', () => {
      calls += 1;
    });
    await until('it listens', async () => calls === 1 && (await listeners(pool)) === 1);
    const { rows } = await pool.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT key, version%')");
    const stopped = rows.map(({ pid }) => pid);
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    try {
      expect(await writer.compareAndSet({ key: 'switch:all', expectedVersion: 0, value: 'on' })).toBe(true);
      await until('the watcher is told', () => calls === 2, 4_000);
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
    }
    await until('the silent connection is given up', async () => (await listeners(pool)) === 1);
  });
});

/** The table that the only store of the pool has made last. */
async function tableOf(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ relname: string }>("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'records\\_%' ORDER BY oid DESC LIMIT 1");
  return rows[0]?.relname ?? '';
}

/** How many connections look or listen. */
async function listeners(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: string }>("SELECT count(*)::text AS n FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT key, version%')");
  return Number(rows[0]?.n);
}
