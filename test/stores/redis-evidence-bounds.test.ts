import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accountScores, sourceScores } from '../../src/kernel/evidence.ts';
import type { RedisStore } from '../../src/stores/redis/index.ts';
import { realRedis, startRedis } from '../support/servers/redis.ts';
import { attemptOf } from './redis-evidence-support.ts';
import { clients, openClient, openStore } from './redis-support.ts';

/** A server of its own, so that all of its keys and bytes are those of the store. */
async function alone() {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const client = (await openClient(clients.ioredis, server)) as Redis;
  return { client, store: openStore(client), server };
}

async function inTurns(count: number, call: (each: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 500) await Promise.all(Array.from({ length: Math.min(500, count - from) }, (_, each) => call(from + each)));
}

const statOf = async (client: Redis, command: string): Promise<string> => new RegExp(`^cmdstat_${command}:(.*)`, 'm').exec(await client.info('commandstats'))?.[1]?.trim() ?? '';
const callsOf = (stat: string): number => Number(/calls=(\d+)/.exec(stat)?.[1] ?? 0);
const bytesOf = async (client: Redis): Promise<number> => Number(/^used_memory_dataset:(\d+)/m.exec(await client.info('memory'))?.[1]);

async function whole(store: RedisStore, each: number, password: string): Promise<void> {
  const attempt = attemptOf(`network ${each}`, `name ${each}`, password);
  const { charged } = await store.reserve(attempt);
  await store.settle({ as: 'failed', attempt, charged });
}

describe.skipIf(!realRedis)('the room that evidence takes in redis', () => {
  it('is bounded: a flood of 50,000 networks and names displaces nobody who has earned a place', { timeout: 300_000 }, async () => {
    const { client, store } = await alone();
    const emptyBytes = await bytesOf(client);
    const blocked = Array.from({ length: 200 }, (_, each) => attemptOf(`attacker ${each}`, `victim ${each}`, 'spring'));
    for (const attempt of blocked) await store.reserve({ ...attempt, weight: 60 });
    await inTurns(50_000, (each) => whole(store, each, `word ${each}`));
    const [keys, bytes] = [await client.dbsize(), await bytesOf(client) - emptyBytes];
    expect(keys).toBeLessThanOrEqual(sourceScores.buckets + accountScores.buckets + 3);
    await inTurns(20_000, (each) => whole(store, 50_000 + each, `word ${each}`));
    const [laterKeys, laterBytes] = [await client.dbsize(), await bytesOf(client) - emptyBytes];
    expect(laterKeys).toBeLessThanOrEqual(sourceScores.buckets + accountScores.buckets + 3);
    for (const attempt of blocked) expect((await store.reserve(attempt)).source).toBeGreaterThan(59);
    const [network = '', name = ''] = [await client.keys('*}s*'), await client.keys('*}a*')].map(([key]) => key);
    const [ofNetworks, ofNames] = [await client.memory('USAGE', network), await client.memory('USAGE', name)];
    console.log(`evidence of 50,000 networks and names: ${keys} keys, ${bytes} bytes; of 70,000: ${laterKeys} keys, ${laterBytes} bytes; a bucket of networks ${ofNetworks} bytes, of accounts ${ofNames} bytes`);
    expect(laterBytes).toBeLessThan(12 * 1_048_576);
  });

  it('is given back: every key ends', async () => {
    const { client, store } = await alone();
    await inTurns(50, (each) => whole(store, each, 'spring'));
    await store.settle({ as: 'known', source: attemptOf('network 1', '').source });
    const day = 86_400_000;
    const longest: Readonly<Record<string, number>> = { e: 60, p: 2, f: 2, s: 5, a: 3 };
    const keys = await client.keys('*');
    expect(new Set(keys.map((key) => /\}([a-z])/.exec(key)?.[1]))).toEqual(new Set(Object.keys(longest)));
    for (const key of keys) {
      const days = longest[/\}([a-z])/.exec(key)?.[1] ?? ''] ?? NaN;
      const leftMs = await client.pttl(key);
      expect(leftMs).toBeGreaterThan((days - 1) * day);
      expect(leftMs).toBeLessThanOrEqual(days * day + 1);
    }
  });
});

describe.skipIf(!realRedis)('what evidence costs the server', () => {
  it('is one script for each call, and nothing that waits', { timeout: 120_000 }, async () => {
    const { client, store } = await alone();
    const calls: Readonly<Record<string, (each: number) => Promise<unknown>>> = {
      reserve: (each) => store.reserve(attemptOf(`n ${each}`, `a ${each}`, `p ${each % 50}`)),
      ...Object.fromEntries((['failed', 'entered', 'held'] as const).map((as) => [as, (each: number) => store.settle({ as, attempt: attemptOf(`n ${each}`, `a ${each}`, `p ${each % 50}`), charged: { source: 1, account: 1 } })])),
      known: (each) => store.settle({ as: 'known', source: attemptOf(`n ${each}`, '').source }),
    };
    for (const call of Object.values(calls)) await call(0);
    const said: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      await client.config('RESETSTAT');
      await inTurns(3_000, call);
      const stat = await statOf(client, 'evalsha');
      expect(callsOf(stat)).toBe(3_000);
      expect(await statOf(client, 'eval')).toBe('');
      const usecPerCall = Number(/usec_per_call=([\d.]+)/.exec(stat)?.[1]);
      said.push(`${name} ${usecPerCall}`);
      // What it must not pass is 60; a busy machine is given more.
      expect(usecPerCall).toBeLessThan(1_000);
    }
    console.log(`evidence in Redis, us of the server for each call: ${said.join(', ')}`);
  });
});
