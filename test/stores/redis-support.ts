import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { createClient, createClientPool, createCluster } from 'redis';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { redisStore, type RedisClient, type RedisStore, type RedisStoreOptions } from 'portcullis/redis';
import type { StoreUnderTest } from 'portcullis/testing';
import { startRedis, startRedisCluster, type RedisCluster, type RedisServer, type RedisServerOptions } from '../support/servers/redis.ts';

/** A client of a test, and what closes it. */
export interface OpenClient {
  readonly client: RedisClient;
  close(): void | Promise<void>;
}

/** Fails a test rather than the process: what a client says when its server is killed. */
const quiet = (): undefined => undefined;

async function ioredis({ port }: { readonly port: number }): Promise<OpenClient> {
  const client = new IoRedis(port, '127.0.0.1', { lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 50 });
  client.on('error', quiet);
  await client.connect();
  return { client, close: () => { client.disconnect(); } };
}

async function iovalkey({ port }: { readonly port: number }): Promise<OpenClient> {
  const client = new Valkey(port, '127.0.0.1', { lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 50 });
  client.on('error', quiet);
  await client.connect();
  return { client, close: () => { client.disconnect(); } };
}

async function nodeRedis({ url }: { readonly url: string }): Promise<OpenClient> {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 50 } });
  client.on('error', quiet);
  await client.connect();
  return { client, close: () => { client.destroy(); } };
}

async function nodeRedisPool({ url }: { readonly url: string }): Promise<OpenClient> {
  const client = createClientPool({ url }, { minimum: 2, maximum: 4 });
  client.on('error', quiet);
  await client.connect();
  return { client, close: () => { client.destroy(); } };
}

export const clients = { ioredis, 'node-redis': nodeRedis, iovalkey, 'a pool of node-redis': nodeRedisPool } as const;

async function ioredisCluster({ addresses }: RedisCluster): Promise<OpenClient> {
  const client = new IoCluster([...addresses], { lazyConnect: true, enableOfflineQueue: false });
  client.on('error', quiet);
  await client.connect();
  return { client, close: () => { client.disconnect(); } };
}

async function nodeRedisCluster({ addresses }: RedisCluster): Promise<OpenClient> {
  const client = createCluster({ rootNodes: addresses.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })) });
  client.on('error', quiet);
  await client.connect();
  return { client, close: () => { client.destroy(); } };
}

export const clusterClients = { ioredis: ioredisCluster, 'node-redis': nodeRedisCluster } as const;

/** A client that is closed after the test. */
export async function openClient<Place>(open: (place: Place) => Promise<OpenClient>, place: Place): Promise<RedisClient> {
  const opened = await open(place);
  onTestFinished(() => opened.close());
  return opened.client;
}

/** A server for all tests of a file. */
export function redisForFile(options: RedisServerOptions = {}): () => RedisServer {
  let server: RedisServer | undefined;
  beforeAll(async () => {
    server = await startRedis(options);
  }, 60_000);
  afterAll(() => server?.stop());
  return () => {
    if (server === undefined) throw new Error('the server has not been started');
    return server;
  };
}

/** A cluster of three masters for all tests of a file. */
export function clusterForFile(): () => RedisCluster {
  let cluster: RedisCluster | undefined;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster?.stop());
  return () => {
    if (cluster === undefined) throw new Error('the cluster has not been started');
    return cluster;
  };
}

let prefixes = 0;

/** A prefix that no other test of this server has. */
export function freshPrefix(): string {
  prefixes += 1;
  return `test-${prefixes}:`;
}

/** A store that is closed after the test. */
export function openStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const store = redisStore(client, { prefix: freshPrefix(), ...options });
  onTestFinished(() => {
    store.close();
  });
  return store;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => {
  setTimeout(resolve, ms);
});

/** A store under the server's own time, as the contracts want it: time passes by waiting. */
export function redisSubject(client: RedisClient, options: RedisStoreOptions = {}): StoreUnderTest<RedisStore> {
  const store = redisStore(client, { prefix: freshPrefix(), ...options });
  return {
    store,
    nowMs: () => Date.now(),
    // Timers may be up to a millisecond early.
    letTimePass: (byMs) => pause(byMs + 2),
    // It never looks at the clock of this process.
    setClockBack: () => undefined,
    close() {
      store.close();
    },
  };
}
