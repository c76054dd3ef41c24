import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryStore, type CounterCharge, type CounterRule, type CounterStore, type CounterVerdict } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { redisStore } from 'portcullis/redis';
import { realRedis, startRedis, type RedisServer } from '../support/servers/redis.ts';
import { clients, freshPrefix, openClient, openStore, pause, redisForFile } from './redis-support.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const hourly = (burst: number): CounterRule => ({ name: 'hourly', intervalMs: hourMs / burst, burst });
const charge = (rule: CounterRule, key: string, cost = 1): CounterCharge => ({ rule, key, cost });

const server = redisForFile();

async function keysOf(of: RedisServer, prefix: string): Promise<readonly string[]> {
  return (await of.ask('KEYS', `${prefix}*`)) as readonly string[];
}

async function ownServer(): Promise<RedisServer> {
  const own = await startRedis();
  onTestFinished(() => own.stop());
  return own;
}

describe('the counters of a redis store', () => {
  it('all expire: when the key has its whole burst again, whether that takes 100 ms or 400 days', async () => {
    const prefix = freshPrefix();
    const seen = new Set<string>();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    for (const windowMs of [100, 900, hourMs, 90 * dayMs, 400 * dayMs]) {
      const rule = { name: `window-${windowMs}`, intervalMs: windowMs / 7, burst: 7 };
      await store.take([charge(rule, 'spent', 7)]);
      const [key = ''] = (await keysOf(server(), prefix)).filter((each) => !seen.has(each));
      seen.add(key);
      const lifeMs = Number(await server().ask('PTTL', key));
      expect(lifeMs).toBeGreaterThan(windowMs - 60_000);
      expect(lifeMs).toBeLessThanOrEqual(windowMs + 2);
    }
    await pause(1_000);
    expect(await keysOf(server(), prefix)).toHaveLength(3);
  });

  it('expire after a refund, a refusal and a look as well', async () => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    const rule = hourly(3);
    await store.take([charge(rule, 'a', 3), charge(hourly(9), 'b')]);
    await store.take([charge(rule, 'a'), charge(rule, 'never charged')]);
    await store.peek([charge(rule, 'never seen')]);
    await store.giveBack([charge(rule, 'a', 2), charge(rule, 'never charged')]);
    const keys = await keysOf(server(), prefix);
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(Number(await server().ask('PTTL', key))).toBeGreaterThan(0);
    await store.giveBack([charge(rule, 'a')]);
    await store.clear(hourly(9), 'b');
    expect(await keysOf(server(), prefix)).toEqual([]);
  });

  it.skipIf(!realRedis)('have short names that hold nothing of the key, and are one integer each', async () => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    const digest = 'AAAAAAAAAAAAAAAAAAAAAA';
    await store.take(['alice@example.com', 'x'.repeat(10_000_000), digest].map((key) => charge(hourly(3), key)));
    const keys = await keysOf(server(), prefix);
    expect(keys.filter((key) => key.length > prefix.length + 32 || key.includes('alice'))).toEqual([]);
    expect(keys.filter((key) => key.endsWith(digest))).toHaveLength(1);
    for (const key of keys) expect(await server().ask('OBJECT', 'ENCODING', key)).toBe('int');
  });

  it('start anew after FLUSHALL, and go on when the server has forgotten its scripts', async () => {
    const own = await ownServer();
    const store = openStore(await openClient(clients['node-redis'], own));
    const charges = [charge(hourly(2), 'a', 2), charge(hourly(5), 'b')];
    expect((await store.take(charges)).allowed).toBe(true);
    await own.ask('SCRIPT', 'FLUSH');
    expect(await Promise.all(Array.from({ length: 50 }, async () => (await store.take(charges)).allowed))).toEqual(new Array(50).fill(false));
    await own.ask('SCRIPT', 'FLUSH');
    await store.giveBack(charges);
    await own.ask('SCRIPT', 'FLUSH');
    expect((await store.peek(charges)).allowed).toBe(true);
    await store.take(charges);
    await own.ask('FLUSHALL');
    expect((await store.take(charges)).allowed).toBe(true);
  });

  it.each([
    { what: 'text', commands: [['SET', 'garbage']] },
    { what: 'a list', commands: [['DEL'], ['RPUSH', 'x']] },
  ])('refuse to decide by a key that somebody else has written to: $what', async ({ commands }) => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    const charges = [charge(hourly(2), 'a')];
    await store.take(charges);
    const [key = ''] = await keysOf(server(), prefix);
    for (const [command = '', ...rest] of commands) await server().ask(command, key, ...rest);
    for (const verb of ['take', 'peek', 'giveBack'] as const) {
      const error: unknown = await Promise.resolve(store[verb](charges)).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE' });
      expect((error as Error).message).toMatch(/^redis store: the server answered (ERR|WRONGTYPE|something else than was asked for)$/);
    }
  });

  it.each(['nan', 'inf', '1e300', '99999999999999999999'])('give nobody a fresh start by the number %s', async (number) => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    const charges = [charge(hourly(2), 'a')];
    await store.take(charges);
    const [key = ''] = await keysOf(server(), prefix);
    await server().ask('SET', key, number);
    expect(await store.take(charges)).toEqual({ allowed: false, aheadMs: [expect.closeTo(hourMs, -1)] });
    // And it ends.
    expect(Number(await server().ask('PTTL', key))).toBeGreaterThan(0);
  });

  it('follow the rule as it is now when an app changes its figures', async () => {
    const store = openStore(await openClient(clients.ioredis, server()));
    const rule = { name: 'changing', intervalMs: hourMs, burst: 5 };
    await store.take([charge(rule, 'a', 5)]);
    Object.assign(rule, { burst: 2 });
    expect((await store.take([charge(rule, 'a')])).aheadMs[0]).toBeLessThanOrEqual(2 * hourMs + 1);
    Object.assign(rule, { burst: 3 });
    expect((await store.take([charge(rule, 'a')])).allowed).toBe(true);
  });

  it('go on where the limit changes and the window stays', async () => {
    const store = openStore(await openClient(clients.ioredis, server()));
    await store.take([charge(hourly(10), 'a', 10)]);
    expect((await store.take([charge(hourly(5), 'a')])).allowed).toBe(false);
  });

  // ASVS 5.0 6.3.1: while one version of an app replaces another, both count.
  it('give no units to whoever asks a process of another version, whose window is shorter, in between', async () => {
    const store = openStore(await openClient(clients.ioredis, server()));
    const [old, next]: readonly [CounterRule, CounterRule] = [{ name: 'limit', intervalMs: hourMs, burst: 10 }, { name: 'limit', intervalMs: hourMs, burst: 2 }];
    let passes = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      for (const rule of [old, next]) if ((await store.take([charge(rule, 'a')])).allowed) passes += 1;
    }
    expect(passes).toBe(12);
  });
});

// ASVS 6.5.8
describe('the time of a redis store', () => {
  /** Two servers whose clocks differ, as a store meets them in a failover: one store after the other on the same keys. */
  async function failover(byMs: number) {
    const prefix = freshPrefix();
    const client = await openClient(clients.ioredis, server());
    const [before, after] = [fakeClock(Date.UTC(2026, 0, 1)), fakeClock(Date.UTC(2026, 0, 1) + byMs)];
    return { before: openStore(client, { prefix, clock: before }), after: openStore(client, { prefix, clock: after }), clock: after };
  }

  it('gives nobody a fresh burst when the new server is 30 s ahead', async () => {
    const { before, after } = await failover(30_000);
    const rule = { name: 'minute', intervalMs: 6_000, burst: 10 };
    await before.take([charge(rule, 'a', 10)]);
    const passed = await Promise.all(Array.from({ length: 20 }, async () => (await after.take([charge(rule, 'a')])).allowed));
    expect(passed.filter(Boolean)).toHaveLength(5);
  });

  it.each([30_000, 10 * hourMs])('gives nothing away and holds nobody for longer than one window when it is %i ms behind', async (byMs) => {
    const { before, after, clock } = await failover(-byMs);
    const rule = { name: 'short', intervalMs: 1_000, burst: 10 };
    await before.take([charge(rule, 'a', 10)]);
    expect(await after.take([charge(rule, 'a')])).toEqual({ allowed: false, aheadMs: [expect.closeTo(10_000, 0)] });
    await clock.advance(9_000);
    expect((await after.peek([charge(rule, 'a', 9)])).allowed).toBe(true);
    expect((await after.take([charge(rule, 'a', 10)])).allowed).toBe(false);
    await clock.advance(1_000);
    expect((await after.take([charge(rule, 'a', 10)])).allowed).toBe(true);
  });

  it.skipIf(!realRedis)('is the server\'s: a host whose clock is 30 s off counts as all others do', async () => {
    const prefix = freshPrefix();
    const client = await openClient(clients.ioredis, server());
    const charges = [charge({ name: 'minute', intervalMs: 10_000, burst: 1 }, 'a')];
    expect((await openStore(client, { prefix }).take(charges)).allowed).toBe(true);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await openStore(client, { prefix }).take(charges)).allowed).toBe(false);
  });
});

describe('the redis store beside the memory store', () => {
  const rules: readonly CounterRule[] = [hourly(3), { name: 'odd', intervalMs: 1_000 / 7, burst: 11 }, { name: 'long', intervalMs: 90 * dayMs, burst: 2 }];
  const one = fc.record({ rule: fc.constantFrom(...rules), key: fc.constantFrom('a', 'b', '\ud800', 'c\0'), cost: fc.integer({ min: 1, max: 2 }) });
  const distinct = fc.uniqueArray(one, { minLength: 1, maxLength: 4, selector: ({ rule, key }) => JSON.stringify([rule.name, key]) });
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('take', 'peek', 'giveBack'), charges: distinct }),
    fc.record({ do: fc.constant('clear'), charges: distinct }),
    fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 0, max: 4_000_000 }) }),
  );

  async function answerOf(store: CounterStore, verb: string, charges: readonly CounterCharge[]): Promise<CounterVerdict | undefined> {
    if (verb === 'take' || verb === 'peek') return store[verb](charges);
    if (verb === 'giveBack') await store.giveBack(charges);
    for (const { rule, key } of verb === 'clear' ? charges : []) await store.clear(rule, key);
    return undefined;
  }

  it('gives the same answers, whatever is asked', { timeout: 60_000 }, async () => {
    const client = await openClient(clients.ioredis, server());
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = fakeClock();
        const [redis, memory] = [redisStore(client, { prefix: freshPrefix(), clock }), memoryStore({ clock })];
        for (const each of steps) {
          if ('ms' in each) await clock.advance(each.ms);
          else {
            const [given, wanted] = [await answerOf(redis, each.do, each.charges), await answerOf(memory, each.do, each.charges)];
            expect(given?.allowed).toBe(wanted?.allowed);
            for (const [at, ms] of (wanted?.aheadMs ?? []).entries()) expect(Math.abs((given?.aheadMs[at] ?? -1) - ms)).toBeLessThan(0.01);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
