import { Redis } from 'ioredis';
import pg from 'pg';
import type { RecordStore } from 'portcullis';
import { postgresStore } from 'portcullis/postgres';
import { redisStore } from 'portcullis/redis';
import { costOf } from './rounds.ts';

const keys = 2_000;
const concurrency = 50;
/** As large as what a flow keeps of an open link or a factor. */
const value = JSON.stringify({ note: 'x'.repeat(300) });

export interface RecordsTurn {
  readonly store: 'redis' | 'postgres';
  readonly url: string;
  readonly operations: number;
}

/** Operations a second. */
export interface RecordsPace {
  readonly reads: number;
  readonly writes: number;
}

/** Runs in a child: records that are written over and over, and read, so many at once. */
export async function recordsPace({ store: kind, url, operations }: RecordsTurn): Promise<RecordsPace> {
  const { store, end } = kind === 'redis' ? await redis(url) : await postgres(url);
  try {
    const versions = new Map<number, number>();
    const write = async (at: number): Promise<void> => {
      const key = `bench:${at % keys}`;
      const expectedVersion = versions.get(at % keys) ?? (await store.read(key))?.version ?? 0;
      if (!(await store.compareAndSet({ key, expectedVersion, value, expiresAtMs: Date.now() + 3_600_000 }))) throw new Error('expected every write to win');
      versions.set(at % keys, (await store.read(key))?.version ?? 0);
    };
    const read = async (at: number): Promise<void> => {
      if ((await store.read(`bench:${at % keys}`)) === undefined) throw new Error('expected every record to be there');
    };
    await together(keys, write);
    const reading = await costOf(() => together(operations, read));
    const writing = await costOf(() => together(operations, write));
    const reads = (operations * 1_000) / reading.wallMs;
    // A write here is a read as well, for its next version.
    return { reads, writes: 1_000 / ((writing.wallMs - reading.wallMs) / operations) };
  } finally {
    await end();
  }
}

interface Opened {
  readonly store: RecordStore;
  readonly end: () => Promise<void>;
}

async function redis(url: string): Promise<Opened> {
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  const store = redisStore(client, { durable: true });
  return {
    store,
    async end() {
      store.close();
      await client.quit();
    },
  };
}

async function postgres(url: string): Promise<Opened> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const store = postgresStore(pool);
  await store.migrate();
  return {
    store,
    async end() {
      store.close();
      await pool.end();
    },
  };
}

/** Each key has one writer at a time: whoever is at it is a multiple of `keys` away from the next. */
async function together(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  }));
}
