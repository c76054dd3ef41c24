import type { CounterStore } from '../../src/ports/counter-store.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import type { RedisClient } from '../../src/stores/redis/index.ts';

type RedisDriver = 'ioredis' | 'node-redis';

/** A store that several processes can open. Plain JSON, to be handed from one to the other. */
export type Place =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'redis'; readonly driver: RedisDriver; readonly url: string; readonly prefix: string }
  | { readonly kind: 'redis-cluster'; readonly driver: RedisDriver; readonly ports: readonly number[]; readonly prefix: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly table: string }
  /** The store of the examples, over a bucket. */
  | { readonly kind: 'own-store'; readonly url: string };

export interface OpenPlace {
  readonly records: RecordStore;
  /** Absent where a store keeps records alone. */
  readonly counters?: CounterStore;
  close(): Promise<void>;
}

/** What a client says when its connection breaks is no business of a race. */
const quiet = (): undefined => undefined;

/** Opens a store as an app would: nothing is handed to it but a client. Loads that client alone, since many processes start. */
export async function openPlace(place: Place): Promise<OpenPlace> {
  switch (place.kind) {
    case 'sqlite': {
      const { sqliteStore } = await import('../../src/stores/sqlite/index.ts');
      // However long others have the file: a busy machine must not look like a lost race.
      const store = sqliteStore(place.path, { lockWaitMs: 60_000 });
      return { records: store, counters: store, close: async () => { store.close(); } };
    }
    case 'postgres': {
      const [{ default: pg }, { postgresStore }] = await Promise.all([import('pg'), import('../../src/stores/postgres/index.ts')]);
      const pool = new pg.Pool({ connectionString: place.url, max: 8 });
      const store = postgresStore(pool, { table: place.table });
      await store.migrate();
      return {
        records: store,
        async close() {
          store.close();
          await pool.end();
        },
      };
    }
    case 'own-store': {
      const { bucketStore } = await import('../../examples/own-store/bucket-store.ts');
      return { records: bucketStore({ url: place.url, deadlineMs: 60_000 }), close: async () => undefined };
    }
    default:
      return openRedis(place);
  }
}

type RedisPlace = Extract<Place, { readonly kind: 'redis' | 'redis-cluster' }>;

async function openRedis(place: RedisPlace): Promise<OpenPlace> {
  const { redisStore } = await import('../../src/stores/redis/index.ts');
  const { client, end } = await (place.driver === 'ioredis' ? byIoRedis(place) : byNodeRedis(place));
  const store = redisStore(client, { prefix: place.prefix });
  return {
    records: store,
    counters: store,
    async close() {
      store.close();
      end();
    },
  };
}

interface OpenClient {
  readonly client: RedisClient;
  readonly end: () => void;
}

async function byIoRedis(place: RedisPlace): Promise<OpenClient> {
  const { Cluster, Redis } = await import('ioredis');
  const client = place.kind === 'redis' ? new Redis(place.url, { lazyConnect: true }) : new Cluster(place.ports.map((port) => ({ host: '127.0.0.1', port })), { lazyConnect: true });
  client.on('error', quiet);
  await client.connect();
  return { client, end: () => { client.disconnect(); } };
}

async function byNodeRedis(place: RedisPlace): Promise<OpenClient> {
  const { createClient, createCluster } = await import('redis');
  const client = place.kind === 'redis' ? createClient({ url: place.url }) : createCluster({ rootNodes: place.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
  client.on('error', quiet);
  await client.connect();
  return { client, end: () => { client.destroy(); } };
}
