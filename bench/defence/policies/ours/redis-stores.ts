import { Redis } from 'ioredis';
import { redisStore } from 'portcullis/redis';
import { realRedis, startRedis, type RedisServer } from '../../../../test/support/servers/redis.ts';
import type { MakeStores } from './stores.ts';

/** Whether there is a redis-server to run. */
export const hasRedis = realRedis;

/** One for the process, begun when it is first wanted. It ends with the process, whatever that ends by. */
let server: Promise<RedisServer> | undefined;

/**
 * Counters and evidence in a redis-server, by the time of the world. It is emptied first: one world at a time. The world may begin before the server
 * does, since each call waits for it.
 */
export const redisStores: MakeStores = ({ clock }) => {
  const opened = open();
  const store = opened.then((client) => redisStore(client, { clock }));
  return {
    counters: {
      shared: true,
      take: async (charges) => (await store).take(charges),
      giveBack: async (charges) => (await store).giveBack(charges),
      peek: async (charges) => (await store).peek(charges),
      clear: async (rule, key) => (await store).clear(rule, key),
    },
    evidence: {
      shared: true,
      reserve: async (attempt) => (await store).reserve(attempt),
      settle: async (outcome) => (await store).settle(outcome),
    },
    // The server's are told in docs/sizing.md.
    bytes: () => 0,
    close: () => {
      void opened.then((client) => {
        client.disconnect();
      });
    },
  };
};

async function open(): Promise<Redis> {
  server ??= startRedis();
  const client = new Redis({ port: (await server).port, host: '127.0.0.1', lazyConnect: true });
  await client.connect();
  await client.flushall();
  return client;
}

/** Ends the server, where one was begun. */
export async function endRedis(): Promise<void> {
  const ending = server;
  server = undefined;
  await (await ending)?.stop();
}
