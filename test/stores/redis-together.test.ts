import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore, type CounterCharge, type CounterRule, type CounterVerdict } from 'portcullis';
import { redisStore, type RedisClient, type RedisStore } from 'portcullis/redis';
import { fakeClock } from 'portcullis/testing';
import { realRedis } from '../support/servers/redis.ts';
import { clients, freshPrefix, openClient, openStore, redisForFile } from './redis-support.ts';

const hourMs = 3_600_000;
const rule = (burst: number, name = `of-${burst}`): CounterRule => ({ name, intervalMs: hourMs / burst, burst });
const charge = (of: CounterRule, key: string, cost = 1): CounterCharge => ({ rule: of, key, cost });

const server = redisForFile();

interface Sent {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** A client in the shape of ioredis that notes what it was given. */
function noting(answer: (sent: Sent) => unknown): { readonly client: RedisClient; readonly sent: readonly Sent[] } {
  const sent: Sent[] = [];
  async function evalsha(_sha: string, count: number, ...rest: string[]): Promise<unknown> {
    const each = { keys: rest.slice(0, count), args: rest.slice(count) };
    sent.push(each);
    return answer(each);
  }
  return { client: { status: 'ready', evalsha, eval: evalsha } as RedisClient, sent };
}

/** Every key passes and is one ms ahead. */
function passes({ keys, args }: Sent): readonly number[] {
  const sizes = args.length > 2 * keys.length ? args.slice(2 * keys.length).map(Number) : [keys.length];
  return sizes.flatMap((size) => [1, ...new Array<number>(size).fill(4_096)]);
}

const take = async (store: RedisStore, charges: readonly CounterCharge[]): Promise<CounterVerdict> => store.take(charges);

const settled = async (takes: readonly Promise<CounterVerdict>[]): Promise<readonly string[]> =>
  (await Promise.allSettled(takes)).map((each) => (each.status === 'fulfilled' ? String(each.value.allowed) : String(each.reason)));

const nonsense = 'StoreError: redis store: the server answered something else than was asked for';

describe('decisions that a redis store is asked for at once', () => {
  it('are sent together, in parts that the server is done with soon', async () => {
    const { client, sent } = noting(passes);
    const store = openStore(client);
    const all = Array.from({ length: 50 }, (_, at) => take(store, ['address', 'account', 'device'].map((name) => charge(rule(5, name), `${at}`))));
    expect(await settled(all)).toEqual(new Array(50).fill('true'));
    expect(sent.map(({ keys }) => keys.length)).toEqual([24, 24, 24, 24, 24, 24, 6]);
  });

  it('are sent as they were asked, also where another question comes between', async () => {
    const { client, sent } = noting(passes);
    const store = openStore(client);
    await Promise.all([take(store, [charge(rule(5), 'a')]), take(store, [charge(rule(5), 'b')]), store.clear(rule(5), 'a'), take(store, [charge(rule(5), 'c')])]);
    expect(sent.map(({ keys }) => keys.length)).toEqual([2, 1, 1]);
    await turn();
    expect(sent).toHaveLength(3);
  });

  it('wait for nobody where one is asked for alone', async () => {
    const { client, sent } = noting(passes);
    const store = openStore(client);
    const alone = take(store, [charge(rule(5), 'a')]);
    await new Promise((resolve) => { process.nextTick(resolve); });
    expect(sent).toHaveLength(1);
    expect(await alone).toEqual({ allowed: true, aheadMs: [1] });
  });

  it('are not all refused for one that is wrong', async () => {
    const { client } = noting(passes);
    const store = openStore(client);
    const takes = [take(store, [charge(rule(5), 'a')]), take(store, [charge({ name: 'endless', intervalMs: 1e300, burst: 5 }, 'b')]), take(store, [charge(rule(5), 'c', NaN)]), take(store, [charge(rule(5), 'd')])];
    expect(await settled(takes)).toEqual(['true', 'StoreError: redis store: a charge is out of bounds', 'StoreError: redis store: a charge is out of bounds', 'true']);
  });

  it('each get their own part of the answer, and only their own part of a lie', async () => {
    const lies: readonly (readonly [unknown, readonly string[]])[] = [
      [[1, 0, 0, 0, 1, 0], ['true', 'false', 'true']],
      [[1, -1, 0, 0, 1, 0], [nonsense, 'false', 'true']],
      [[1, 0, 2, 0, 1, 0], ['true', nonsense, 'true']],
      [[1, 0, 0, 0, 1, 'x'], ['true', 'false', nonsense]],
      [[1, 0, 0, 0, 1], [nonsense, nonsense, nonsense]],
      [[1, 0, 0, 0, 1, 0, 0], [nonsense, nonsense, nonsense]],
      [3, [nonsense, nonsense, nonsense]],
      [null, [nonsense, nonsense, nonsense]],
    ];
    for (const [answer, wanted] of lies) {
      const store = openStore(noting(() => answer).client);
      expect(await settled(['a', 'b', 'c'].map((key) => take(store, [charge(rule(5), key)])))).toEqual(wanted);
    }
  });

  it('all fail where the call fails, and are asked once more where the server has forgotten the script', async () => {
    const store = openStore(noting(() => { throw new Error('READONLY alice'); }).client);
    expect(await settled(['a', 'b'].map((key) => take(store, [charge(rule(5), key)])))).toEqual(new Array(2).fill('StoreError: redis store: the server answered READONLY'));
    const broken = openStore({ get status(): string { throw new Error('secret'); }, evalsha: async () => 1, eval: async () => 1 } as RedisClient);
    expect(await settled(['a', 'b'].map((key) => take(broken, [charge(rule(5), key)])))).toEqual(new Array(2).fill('StoreError: redis store: the client failed'));
    let calls = 0;
    const forgetful = openStore(noting((sent) => {
      calls += 1;
      if (calls === 1) throw new Error('NOSCRIPT');
      return passes(sent);
    }).client);
    expect(await settled(['a', 'b'].map((key) => take(forgetful, [charge(rule(5), key)])))).toEqual(['true', 'true']);
    expect(calls).toBe(2);
  });

  // ASVS 5.0 15.4.2
  it('let exactly the limit through: two hundred of two stores, each by its own key and by one that all share', async () => {
    const prefix = freshPrefix();
    const stores = await Promise.all([0, 1].map(async () => openStore(await openClient(clients.ioredis, server()), { prefix })));
    const takes = Array.from({ length: 200 }, (_, at) => take(stores[at % 2] as RedisStore, [charge(rule(1, 'own'), `${at % 100}`), charge(rule(30, 'shared'), 'all')]));
    const verdicts = await Promise.all(takes);
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(30);
    const left = await Promise.all(Array.from({ length: 100 }, async (_, at) => (stores[0] as RedisStore).peek([charge(rule(1, 'own'), `${at}`)])));
    expect(left.filter(({ allowed }) => !allowed)).toHaveLength(30);
  });

  it.each([['SET', 'garbage'], ['RPUSH', 'x'], ['HSET', 'a', 'b']])('are decided but for the one whose key another program has written: %s', async (command, ...rest) => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    await take(store, [charge(rule(5), 'b')]);
    const [key = ''] = (await server().ask('KEYS', `${prefix}*`)) as readonly string[];
    await server().ask('DEL', key);
    await server().ask(command, key, ...rest);
    const takes = [take(store, [charge(rule(5), 'a')]), take(store, [charge(rule(5), 'x'), charge(rule(5), 'b'), charge(rule(5), 'y')]), take(store, [charge(rule(5), 'c')])];
    expect(await settled(takes)).toEqual(['true', nonsense, 'true']);
    // And charged nothing.
    expect((await store.peek([charge(rule(5), 'x'), charge(rule(5), 'y')])).aheadMs).toEqual([0, 0]);
  });

  it.skipIf(!realRedis)('all fail where the server takes no writes any more, and none is charged', async () => {
    const prefix = freshPrefix();
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    await take(store, [charge(rule(5), 'spent', 5)]);
    await server().ask('CONFIG', 'SET', 'maxmemory', '1');
    const takes = ['a', 'b'].map((key) => take(store, [charge(rule(5), key)]));
    const said = await settled(takes).finally(() => server().ask('CONFIG', 'SET', 'maxmemory', '0'));
    expect(said).toEqual(new Array(2).fill('StoreError: redis store: the server answered OOM'));
    expect((await store.peek([charge(rule(5), 'a'), charge(rule(5), 'b')])).aheadMs).toEqual([0, 0]);
  });

  const rules = [rule(3), { name: 'odd', intervalMs: 600_000 / 7, burst: 11 }, { name: 'long', intervalMs: 90 * 24 * hourMs, burst: 2 }];
  const one = fc.record({ rule: fc.constantFrom(...rules), key: fc.constantFrom('a', 'b', 'c'), cost: fc.integer({ min: 1, max: 2 }) });
  const decision = fc.uniqueArray(one, { minLength: 1, maxLength: 4, selector: ({ rule: { name }, key }) => `${name} ${key}` });

  it('get the answers that they would get one after the other', { timeout: 60_000 }, async () => {
    const client = await openClient(clients.ioredis, server());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(decision, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }), async (bursts) => {
        const [redis, memory] = [redisStore(client, { prefix: freshPrefix() }), memoryStore({ clock: fakeClock() })];
        for (const burst of bursts) {
          const given = await Promise.all(burst.map((charges) => take(redis, charges)));
          const wanted = await Promise.all(burst.map(async (charges) => memory.take(charges)));
          expect(given.map(({ allowed }) => allowed)).toEqual(wanted.map(({ allowed }) => allowed));
          // The server's clock goes on.
          for (const [at, { aheadMs }] of wanted.entries()) {
            for (const [key, ms] of aheadMs.entries()) expect(Math.abs((given[at]?.aheadMs[key] ?? -1) - ms)).toBeLessThan(60_000);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('calls that a client of a redis store loses', () => {
  async function full(clock: ReturnType<typeof fakeClock>) {
    const lost: (() => void)[] = [];
    let loses = true;
    const { client } = noting(() => (loses ? new Promise((resolve) => { lost.push(() => { resolve([1, 0]); }); }) : [1, 0]));
    const store = openStore(client, { clock });
    const waiting = Array.from({ length: 10_000 }, () => take(store, [charge(rule(5), 'a')]));
    await turn();
    return { store, lost, waiting, answers: () => { loses = false; }, said: async () => (await settled([take(store, [charge(rule(5), 'a')])]))[0] };
  }
  const refusal = 'StoreError: redis store: 10000 calls wait for an answer already';

  it('do not count for ever: an answer shows that what was sent long before it will have none', async () => {
    const clock = fakeClock();
    const { answers, said, lost, waiting } = await full(clock);
    answers();
    await clock.advance(29_000);
    expect(await said()).toBe(refusal);
    await clock.advance(32_000);
    expect(await said()).toBe('true');
    expect(await Promise.all(Array.from({ length: 100 }, said))).toEqual(new Array(100).fill('true'));
    // Those that are answered all the same make no room twice.
    for (const answer of lost) answer();
    await Promise.all(waiting);
    expect(await said()).toBe('true');
  });

  it('count for as long as the server is silent, but for one call in half a minute', async () => {
    const clock = fakeClock();
    const { store, lost, said } = await full(clock);
    for (let minutes = 0; minutes < 5; minutes += 1) {
      await clock.advance(60_000);
      const before = lost.length;
      void take(store, [charge(rule(5), 'a')]);
      await turn();
      expect(lost).toHaveLength(before + 1);
      expect(await said()).toBe(refusal);
    }
  });
});
