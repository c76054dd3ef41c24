import { describe, expect, it } from 'vitest';
import type { EvidenceOutcome } from 'portcullis';
import { redisStore, type RedisClient, type RedisStore } from 'portcullis/redis';
import { fakeClock } from 'portcullis/testing';
import { slotOf } from '../../src/stores/redis/slots.ts';
import { realRedis, type RedisServer } from '../support/servers/redis.ts';
import { attemptOf } from './redis-evidence-support.ts';
import { clients, clusterClients, clusterForFile, freshPrefix, openClient, openStore, pause, redisForFile } from './redis-support.ts';

const server = redisForFile();
const cluster = clusterForFile();
const given = attemptOf('network', 'alice', 'spring');
const charged = { source: 1, account: 1 };

/** Everything that a store does with evidence. */
const verbs: Readonly<Record<string, (store: RedisStore) => Promise<unknown>>> = {
  reserve: (store) => store.reserve(given),
  ...Object.fromEntries((['failed', 'held', 'entered', 'refunded'] as const).map((as) => [as, (store: RedisStore) => store.settle({ as, attempt: given, charged })])),
  known: (store) => store.settle({ as: 'known', source: given.source }),
};

const faultOf = async (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error);

function saysNothing(fault: unknown, message: RegExp | string): void {
  expect(fault).toMatchObject({ name: 'StoreError', code: 'ERR_STORE', message: expect.stringMatching(message) as string });
  expect(JSON.stringify(fault, Object.getOwnPropertyNames(fault))).not.toMatch(new RegExp([given.source, given.account, given.password].join('|')));
}

/** The keys of a store that has seen one attempt, by what they hold. */
async function keysAt(prefix: string) {
  const keys = ((await server().ask('KEYS', `${prefix}*`)) as readonly string[]).map((key) => [/\}([a-z])/.exec(key)?.[1] ?? '', key] as const);
  return { state: 'e', sketch: 'p', filter: 'f', network: 's', account: 'a', ...Object.fromEntries(keys.map(([letter, key]) => [{ e: 'state', p: 'sketch', f: 'filter', s: 'network', a: 'account' }[letter], key])) } as Record<Kind, string>;
}

type Kind = 'state' | 'sketch' | 'filter' | 'network' | 'account';
const touches: readonly (readonly [Kind, readonly string[]])[] = [
  ['state', Object.keys(verbs)],
  ['sketch', ['reserve', 'failed']],
  ['filter', ['failed']],
  ['network', ['reserve', 'entered', 'known']],
  ['account', ['reserve', 'failed', 'entered', 'entered']],
];

describe.skipIf(!realRedis)('evidence in redis that something else has written', () => {
  const damages: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    'of another type': async (key) => {
      await server().ask('DEL', key);
      await server().ask('HSET', key, 'a', '1');
    },
    'cut off': async (key) => server().ask('SET', key, String(await server().ask('GETRANGE', key, 0, 20))),
    'of one byte': (key) => server().ask('SET', key, '1'),
    'too long by one': (key) => server().ask('APPEND', key, 'x'),
    'of 0xff alone': async (key) => server().ask('EVAL', "local size = redis.call('STRLEN', KEYS[1]) redis.call('SET', KEYS[1], string.rep('\\255', size)) return 1", 1, key),
  };

  // A sketch or a filter that ends with another day is of another day, and begins anew.
  const harmless = (kind: Kind, damage: string): boolean => (kind === 'sketch' || kind === 'filter') && (damage === 'too long by one' || damage === 'of 0xff alone');

  it.each(touches.flatMap(([kind, of]) => Object.keys(damages).filter((damage) => !harmless(kind, damage)).map((damage) => [kind, damage, of] as const)))('fails with ERR_STORE where the %s is %s, and writes nothing', async (kind, damage, of) => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    await store.reserve(given);
    await store.settle({ as: 'failed', attempt: given, charged });
    const keys = await keysAt(prefix);
    await damages[damage]?.(keys[kind]);
    const all = async () => Promise.all(Object.values(keys).map(async (key) => server().ask('DUMP', key)));
    const before = await all();
    // Where a bucket has its length, whoever is not in it has nothing to lose by it.
    const judged = damage === 'of 0xff alone' && kind !== 'state' ? of.slice(0, 1) : of;
    for (const name of judged) saysNothing(await faultOf((verbs[name] as (store: RedisStore) => Promise<unknown>)(store)), /^redis store: the server answered (FORMAT|WRONGTYPE|ERR|something else than was asked for)$/);
    expect(await all()).toEqual(before);
  });

  it('begins anew where a key of the day is gone', async () => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    for (let each = 0; each < 8; each += 1) await store.settle({ as: 'failed', attempt: attemptOf('network', `name ${each}`, 'spring'), charged });
    expect(await store.reserve(given)).toMatchObject({ password: 8, charged: { source: 1 } });
    const { sketch, filter } = await keysAt(prefix);
    await server().ask('DEL', sketch, filter);
    expect(await store.reserve(given)).toMatchObject({ password: 0, charged: { source: 1 } });
    await store.settle({ as: 'failed', attempt: attemptOf('network', 'name 8', 'spring'), charged });
    expect(await store.reserve(given)).toMatchObject({ password: 1 });
  });

  it('takes every pair for a new one once half of the filter is set, and counts no further than a cell can', async () => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    const fail = (each: number): Promise<unknown> => store.settle({ as: 'failed', attempt: attemptOf('network', 'nobody', `word ${each}`, { exists: false }), charged });
    for (let each = 0; each < 30; each += 1) expect(await fail(each)).toEqual({});
    const { sketch, filter } = await keysAt(prefix);
    // Where the filter counts its bits.
    await server().ask('BITFIELD', filter, 'SET', 'u32', (1 << 20) + 32, 1 << 19);
    const news = [];
    for (let each = 0; each < 30; each += 1) news.push(await fail(each));
    expect(news).toContainEqual({ surge: 'began' });
    const full = String.raw`redis.call('SETRANGE', KEYS[1], 0, string.rep('\255', 131072)) return 1`;
    await server().ask('EVAL', full, 1, sketch);
    await fail(1);
    expect(await store.reserve(attemptOf('network', 'nobody', 'word 1'))).toMatchObject({ password: 65_535 });
  });
});

describe('a server that lies about evidence', () => {
  const lying = (answer: unknown): RedisClient => ({ status: 'ready', evalsha: async () => answer, eval: async () => answer }) as RedisClient;
  const right = [0, 0, 0, 0, '0', '0'];
  const without = (at: number, value: unknown): readonly unknown[] => right.with(at, value as string);

  it.each([
    null, undefined, 1, true, 'OK', {}, [], [0], [...right, 0], without(0, 2), without(0, true), without(1, -1), without(1, null), without(2, 'yes'), without(3, -1), without(3, 1.5), without(3, 'x'),
    without(4, 'nan'), without(4, '-nan'), without(4, 'inf'), without(4, '-1'), without(4, ''), without(4, '1e999'), without(4, 1), without(4, null), without(4, {}), without(5, '0x10'), without(5, '9'.repeat(10_000_000)),
  ])('is not believed when something is reserved: case %#', async (answer) => {
    saysNothing(await faultOf(openStore(lying(answer)).reserve(given)), 'something else than was asked for');
  });

  it.each([null, undefined, 1, true, 'OK', [], [0], [0, 0, 0], [3, 0], [0, -1], ['began', 0], [0, null], [true, 0]].map((answer) => [answer]))('is not believed when something is settled: %j', async (answer) => {
    for (const [name, verb] of Object.entries(verbs)) if (name !== 'reserve') saysNothing(await faultOf(verb(openStore(lying(answer)))), 'something else than was asked for');
  });

  it('may answer bytes where others answer text', async () => {
    const store = openStore(lying([0, 1, Buffer.from('1'), '7', Buffer.from('0.00012345678901234567'), '1.2345678901234567e-09']));
    expect(await store.reserve(given)).toEqual({ source: Number('0.00012345678901234567'), sharedSource: true, account: Number('1.2345678901234567e-09'), password: 7, surge: true, charged: { source: 1, account: 1 } });
  });
});

describe('what is given to the evidence of a redis store', () => {
  it.each(['', 'short', `${'A'.repeat(21)}=`, 'A'.repeat(23), 'A'.repeat(10_000_000), `${'A'.repeat(21)}\n`, null, 5, {}])('must be digests: case %#', async (wrong) => {
    const store = openStore(await openClient(clients.ioredis, server()));
    for (const name of ['source', 'account', 'password'] as const) {
      expect(await faultOf(store.reserve({ ...given, [name]: wrong }))).toMatchObject({ code: 'ERR_STORE' });
      expect(await faultOf(store.settle({ as: 'failed', attempt: { ...given, [name]: wrong }, charged }))).toMatchObject({ code: 'ERR_STORE' });
    }
  });

  it.each([NaN, Infinity, -Infinity, 1e300, undefined, 'many'])('must be an amount: %s', async (amount) => {
    const store = openStore(await openClient(clients.ioredis, server()));
    expect(await faultOf(store.reserve({ ...given, weight: amount as number }))).toMatchObject({ code: 'ERR_STORE' });
    for (const wrong of [{ ...charged, source: amount }, { ...charged, account: amount }]) expect(await faultOf(store.settle({ as: 'entered', attempt: given, charged: wrong } as EvidenceOutcome))).toMatchObject({ code: 'ERR_STORE' });
    expect(await store.reserve(given)).toMatchObject({ source: 0, account: 0 });
  });
});

describe('the server under the evidence of a redis store', () => {
  it('may forget its scripts at any moment', async () => {
    const store = openStore(await openClient(clients.ioredis, server()));
    for (let each = 0; each < 5; each += 1) {
      for (const verb of Object.values(verbs)) {
        await server().ask('SCRIPT', 'FLUSH');
        await verb(store);
      }
    }
    await server().ask('SCRIPT', 'FLUSH');
    const other = attemptOf('elsewhere', 'bob', 'summer');
    await store.reserve(other);
    await server().ask('SCRIPT', 'FLUSH');
    expect(await store.reserve(other)).toMatchObject({ source: expect.closeTo(1, 3) as number, account: expect.closeTo(1, 3) as number });
  });

  it('may forget everything at any moment: then all begins anew', async () => {
    const store = openStore(await openClient(clients.ioredis, server()));
    let flushed = 0;
    const flushing = (async () => {
      for (; flushed < 20; flushed += 1) await server().ask('FLUSHALL');
    })();
    while (flushed < 20) for (const answer of await Promise.all(Object.values(verbs).map((verb) => verb(store)))) expect(answer).toBeTypeOf('object');
    await flushing;
    await server().ask('FLUSHALL');
    expect(await store.reserve(given)).toEqual({ source: 0, sharedSource: false, account: 0, password: 0, surge: false, charged });
  });

  it('may have been a year ahead for a moment: then it knows no surge for two days, and not for a year', async () => {
    const prefix = freshPrefix();
    const client = await openClient(clients.ioredis, server());
    const [ahead, right] = [fakeClock(Date.UTC(2027, 0, 1)), fakeClock(Date.UTC(2026, 0, 1))];
    await openStore(client, { prefix, clock: ahead }).settle({ as: 'failed', attempt: given, charged });
    const store = openStore(client, { prefix, clock: right });
    for (let each = 0; each < 600; each += 1) await store.settle({ as: 'known' });
    const attack = async (from: number): Promise<void> => {
      for (let each = from; each < from + 40; each += 1) await store.settle({ as: 'failed', attempt: attemptOf(`bot ${each}`, `name ${each}`, 'spring'), charged });
    };
    await attack(0);
    expect(await store.reserve(given)).toMatchObject({ surge: false, password: 40 });
    await right.advance(3 * 86_400_000);
    await attack(40);
    expect((await store.reserve(given)).surge).toBe(true);
  });
});

describe.skipIf(!realRedis).each(Object.entries(clusterClients))('the slot of evidence that moves under load, by %s', (_name, open) => {
  it('loses no attempt', { timeout: 60_000 }, async () => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(open, cluster()), { prefix });
    await store.settle({ as: 'failed', attempt: given, charged: (await store.reserve(given)).charged });
    const holders = async () => Promise.all(cluster().nodes.map(async (node) => (await node.ask('KEYS', `${prefix}*`)) as readonly string[]));
    const slot = slotOf((await holders()).flat()[0] ?? '');
    let [counted, failed, loading] = [0, 0, true];
    const load = Promise.all(Array.from({ length: 10 }, async (_, worker) => {
      for (let each = 0; loading; each += 1) {
        const fault = await faultOf(store.reserve({ ...attemptOf('moved', `name ${worker} ${each}`, 'summer'), exists: false }));
        if (fault === undefined) counted += 1;
        else {
          expect(fault).toMatchObject({ code: 'ERR_STORE' });
          failed += 1;
        }
      }
    }));
    for (let move = 0; move < 3; move += 1) {
      await pause(100);
      const at = (await holders()).findIndex((keys) => keys.length > 0);
      await cluster().moveSlot(slot, cluster().nodes[(at + 1) % 3] as RedisServer);
    }
    await pause(100);
    loading = false;
    await load;
    const { source } = await store.reserve(attemptOf('moved', 'name', 'summer'));
    console.log(`the slot of evidence moved 3 times under load: ${counted} attempts counted, ${failed} failed, the score is ${source}`);
    expect(source / counted).toBeGreaterThan(0.99);
    expect(source).toBeLessThanOrEqual(counted + failed);
  });
});

describe('evidence in a cluster', () => {
  it.each(Object.entries(clusterClients))('lies in one slot, by %s', async (_name, open) => {
    for (const prefix of [freshPrefix(), '{shop}:', '{', '}{', 'a}b{c:']) {
      await Promise.all(cluster().nodes.map((node) => node.ask('FLUSHALL')));
      const store = openStore(await openClient(open, cluster()), { prefix });
      for (let each = 0; each < 20; each += 1) await store.settle({ as: 'failed', attempt: attemptOf(`n ${each}`, `a ${each}`, 'spring'), charged: (await store.reserve(attemptOf(`n ${each}`, `a ${each}`, 'spring'))).charged });
      const keys = (await Promise.all(cluster().nodes.map((node) => node.ask('KEYS', `${prefix}*`)))).flat() as string[];
      expect(keys.length).toBeGreaterThan(20);
      expect(new Set(keys.map(slotOf)).size).toBe(1);
    }
  });

  it('is refused where braces of the prefix would tear it apart', async () => {
    for (const prefix of ['{}', 'a{}b:']) expect(() => redisStore({ status: 'ready', isCluster: true, evalsha: async () => 1, eval: async () => 1 } as never, { prefix })).toThrow(/^redisStore\.prefix: expected no \{\}/);
  });
});
