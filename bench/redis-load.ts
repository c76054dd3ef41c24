import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { resilientCounters, type CounterCharge } from 'portcullis';
import { createLimiter } from 'portcullis/limiter';
import { redisStore } from 'portcullis/redis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createChargeReader } from '../src/stores/redis/charges.ts';
import { scriptsFor } from '../src/stores/redis/scripts.ts';
import { createNames } from '../src/stores/redis/text.ts';
import { quantile } from './measure.ts';
import { costOf, randomBelow, shuffled } from './rounds.ts';

/** One login attempt counted by three limits: answers whether it passed. */
type Attempt = (at: number) => Promise<boolean>;

/**
 * Enough for every attempt to pass, since a refusal is other work on each side; and so seldom given back that a key lives on after
 * it, as the key of a real limit does. One that came back within milliseconds would have the server expire keys all the time.
 */
const limit = 100_000;
const windowMs = 400 * 24 * 3_600_000;
const keys = 10_000;
const order = shuffled(Array.from({ length: keys }, (_, index) => index), randomBelow(1));
/** As the flows hand them to a store that is shared: keyed digests, of no name and no address. */
const digests = (of: string): readonly string[] => order.map((index) => createHash('sha256').update(`${of} ${index}`).digest('base64url').slice(0, 22));
const [addresses, accounts, devices] = [digests('address'), digests('account'), digests('device')];

const rule = { limit, windowMs } as const;
const rules = { address: rule, account: rule, device: rule };

function client(port: number): Redis {
  return new Redis({ port, host: '127.0.0.1', lazyConnect: true });
}

function watched(redis: Redis): ReturnType<typeof resilientCounters> {
  return resilientCounters(redisStore(redis), {
    deadlineMs: patient,
    emit(event) {
      throw new Error(`expected the server to decide, got ${event.type}`);
    },
  });
}

function limiterOver(store: Parameters<typeof createLimiter>[0]['store']): Attempt {
  const limiter = createLimiter({ name: 'bench', rules, store, storeDeadlineMs: patient });
  return async (at) => (await limiter.take({ address: addresses[at % keys], account: accounts[at % keys], device: devices[at % keys] })).ok;
}

/** Longer than any call here: an attempt that was decided without the server would be no measurement. */
const patient = 10_000;

const contenders = {
  /** As `createPortcullis` wires it: deadline, breaker, what is remembered in the process. */
  ours: (redis: Redis) => limiterOver(watched(redis)),
  /** The same again: what the machine makes of two equals. */
  control: (redis: Redis) => limiterOver(watched(redis)),
  /** The limiter with its own deadline, and nothing for when the store is away. */
  plain: (redis: Redis) => limiterOver(redisStore(redis)),
  /** The script alone: its keys and arguments are made before the time is taken, and its answer is not looked at. */
  bare(redis: Redis) {
    const read = createChargeReader(createNames('portcullis:'));
    const { take } = scriptsFor('server');
    const counters = (['address', 'account', 'device'] as const).map((name) => ({ name: `bench/${name}`, intervalMs: windowMs / limit, burst: limit }));
    const wanted = order.map((_, at) => {
      const charges = [addresses, accounts, devices].map((values, which) => ({ rule: counters[which], key: values[at], cost: 1 }) as CounterCharge);
      const { keys: names, args } = read(charges);
      return [...names, ...args];
    });
    return async (at) => {
      await redis.evalsha(take.sha, 3, ...(wanted[at % keys] as string[]));
      return true;
    };
  },
  rlf(redis: Redis) {
    const [address, account, device] = ['address', 'account', 'device'].map((keyPrefix) => new RateLimiterRedis({ storeClient: redis, keyPrefix, points: limit, duration: windowMs / 1_000 })) as [RateLimiterRedis, RateLimiterRedis, RateLimiterRedis];
    return async (at) => {
      await Promise.all([address.consume(addresses[at % keys] as string), account.consume(accounts[at % keys] as string), device.consume(devices[at % keys] as string)]);
      return true;
    };
  },
} satisfies Readonly<Record<string, (redis: Redis) => Attempt>>;

export type RedisContender = keyof typeof contenders;

export interface RedisTurn {
  readonly name: RedisContender;
  readonly port: number;
  readonly concurrency: number;
  readonly attempts: number;
  /** Attempts before them that are not counted. */
  readonly warmUp: number;
}

export interface RedisPace {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** CPU of the client's process for one attempt. */
  readonly cpuUs: number;
}

/** Runs in a child, against a server that the parent has emptied. */
export async function redisPace({ name, port, concurrency, attempts, warmUp }: RedisTurn): Promise<RedisPace> {
  const redis = client(port);
  await redis.connect();
  try {
    await redis.script('LOAD', scriptsFor('server').take.text);
    const attempt = contenders[name](redis);
    await together(attempt, { concurrency, attempts: warmUp });
    let times: readonly number[] = [];
    const { wallMs, cpuUs } = await costOf(async () => {
      times = await together(attempt, { concurrency, attempts });
    });
    return { perSecond: (attempts * 1_000) / wallMs, p99Ms: quantile(times, 0.99), cpuUs: cpuUs / attempts };
  } finally {
    redis.disconnect();
  }
}

/** So many attempts, so many of them at once; answers how long each took, ms. */
async function together(attempt: Attempt, { concurrency, attempts }: { readonly concurrency: number; readonly attempts: number }): Promise<readonly number[]> {
  const times: number[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (next < attempts) {
      const at = next;
      next += 1;
      const beganMs = performance.now();
      if (!(await attempt(at))) throw new Error('expected every attempt to pass');
      times.push(performance.now() - beganMs);
    }
  }));
  return times;
}

/** Bytes of the server for one key that one limit tracks. Runs in a child, against a server that the parent has emptied. */
export async function redisMemory({ name, port }: { readonly name: RedisContender; readonly port: number }): Promise<number> {
  const redis = client(port);
  await redis.connect();
  const tracked = 100_000;
  try {
    const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    const limiter = createLimiter({ name: 'bench', rules: { address: rule }, store: redisStore(redis), storeDeadlineMs: patient });
    const peer = new RateLimiterRedis({ storeClient: redis, keyPrefix: 'address', points: limit, duration: windowMs / 1_000 });
    await limiter.take({ address: 'warm-up' });
    await peer.consume('warm-up');
    const before = await used();
    const track = name === 'rlf' ? (key: string) => peer.consume(key) : (key: string) => limiter.take({ address: key });
    for (let at = 0; at < tracked; at += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, (_, offset) => track(createHash('sha256').update(`memory ${at + offset}`).digest('base64url').slice(0, 22))));
    }
    return ((await used()) - before) / tracked;
  } finally {
    redis.disconnect();
  }
}
