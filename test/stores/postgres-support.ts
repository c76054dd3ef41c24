import pg from 'pg';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { postgresStore, type PostgresPool, type PostgresStore, type PostgresStoreOptions } from 'portcullis/postgres';
import { fakeClock, type FakeClock, type StoreUnderTest } from 'portcullis/testing';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';

/** One server for all tests of a file. */
export function sharedServer(): () => PostgresServer {
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  });
  return () => {
    if (server === undefined) throw new Error('there is no server yet');
    return server;
  };
}

let tables = 0;

/** A name that no other test has. */
export function freshTable(): string {
  tables += 1;
  return `records_${process.pid}_${tables}`;
}

/** A pool as the README advises, ended after the test. */
export function openPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 8, connectionTimeoutMillis: 5_000, query_timeout: 5_000, ...options });
  onTestFinished(() => endPool(pool));
  return pool;
}

async function endPool(pool: pg.Pool): Promise<void> {
  if (!pool.ending) await pool.end();
}

/** A store on a table of its own, closed after the test. */
export async function openStore(pool: PostgresPool, options: PostgresStoreOptions = {}): Promise<PostgresStore> {
  const store = postgresStore(pool, { table: freshTable(), ...options });
  // Pools wait for the connection that a watching store has.
  onTestFinished(() => {
    store.close();
  });
  await store.migrate();
  return store;
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A store that goes by the server's time, as the contracts want it: time passes by waiting. */
export async function serverTimeSubject(url: string): Promise<StoreUnderTest<PostgresStore>> {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  const store = postgresStore(pool, { table: freshTable() });
  await store.migrate();
  return {
    store,
    nowMs: () => Date.now(),
    letTimePass: (byMs) => sleep(byMs + 20),
    setClockBack: () => undefined,
    async close() {
      store.close();
      await pool.end();
    },
  };
}

/** A store that goes by a clock that is turned by hand. The server's answers need some real time all the same. */
export async function clockSubject(pool: PostgresPool): Promise<StoreUnderTest<PostgresStore> & { readonly clock: FakeClock }> {
  const clock = fakeClock();
  const store = postgresStore(pool, { table: freshTable(), clock });
  await store.migrate();
  return {
    store,
    clock,
    nowMs: () => clock.nowMs(),
    async letTimePass(byMs) {
      await clock.advance(byMs);
      await sleep(15);
    },
    setClockBack(byMs) {
      clock.setWallMs(clock.nowMs() - byMs);
    },
    close() {
      store.close();
    },
  };
}
