import { inChild } from '../child.ts';
import { rowOf, type RowGoal } from '../measure.ts';
import { barChart, figure } from '../render.ts';
import { redisPace, redisMemory, type RedisContender, type RedisPace } from '../redis-load.ts';
import { interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';
import { startRedis, type RedisServer } from '../../test/support/servers/redis.ts';

const load = new URL('../redis-load.ts', import.meta.url).href;
const rounds = 11;
const growthRounds = 9;
const attempts = 100_000;
/**
 * As a server that has run for a while: in its first thousands of commands a process keeps what it sent until the next full collection, and each
 * pause of the collector is five times as long. Three calls an attempt are over that in a third of the attempts. The timed ones are many: a pause meets fifty attempts at once.
 */
const warmUp = 100_000;
const growthAttempts = 40_000;
const growthWarmUp = 10_000;
const names: readonly RedisContender[] = ['ours', 'control', 'plain', 'bare', 'rlf'];
const fleets = [1, 2, 3, 4] as const;
const rlfName = 'three consumes of rate-limiter-flexible';

const goals: Readonly<Record<50 | 500, number>> = { 50: 1.8, 500: 2.2 };

async function atConcurrency(redis: RedisServer, concurrency: 50 | 500): Promise<readonly BenchRow[]> {
  const turns = Object.fromEntries(names.map((name) => [name, async () => {
    await redis.ask('FLUSHALL');
    return inChild(load, redisPace, { name, port: redis.port, concurrency, attempts, warmUp });
  }])) as Record<RedisContender, () => Promise<RedisPace>>;
  const measured = await interleave(turns, { rounds, seed: concurrency });
  const of = (name: RedisContender, what: keyof RedisPace): readonly number[] => measured[name].map((pace) => pace[what]);
  const row = (id: string, what: keyof RedisPace, peer: { readonly name: string; readonly of: RedisContender }, goal?: RowGoal): BenchRow => rowOf({
    id: `redis-${concurrency}-${id}`,
    subject: `${what === 'perSecond' ? 'login attempts by three limits' : what === 'p99Ms' ? 'p99 of an attempt' : 'CPU of the client for an attempt'}, ${concurrency} at once`,
    unit: what === 'perSecond' ? '/s' : what === 'p99Ms' ? 'ms' : 'us',
    values: of('ours', what),
    peer: { name: peer.name, values: of(peer.of, what) },
    ...(goal !== undefined && { goal }),
  });
  return [
    row('vs-bare', 'perSecond', { name: 'a bare EVALSHA of the same script', of: 'bare' }, { atLeast: 0.9, of: 'ratio' }),
    row('vs-rlf', 'perSecond', { name: rlfName, of: 'rlf' }, { atLeast: goals[concurrency], of: 'ratio' }),
    row('p99-vs-rlf', 'p99Ms', { name: rlfName, of: 'rlf' }, { atMost: 0.6, of: 'ratio' }),
    row('control', 'perSecond', { name: 'itself (A/A)', of: 'control' }),
    row('vs-unwatched', 'perSecond', { name: 'the limiter over the bare store', of: 'plain' }),
    row('cpu', 'cpuUs', { name: rlfName, of: 'rlf' }),
  ];
}

async function growth(redis: RedisServer): Promise<readonly BenchRow[]> {
  const turns = Object.fromEntries(fleets.map((size) => [String(size), async () => {
    await redis.ask('FLUSHALL');
    const paces = await Promise.all(Array.from({ length: size }, () => inChild(load, redisPace, { name: 'ours', port: redis.port, concurrency: 50, attempts: growthAttempts, warmUp: growthWarmUp })));
    return { perSecond: paces.reduce((sum, { perSecond }) => sum + perSecond, 0), p99Ms: Math.max(...paces.map(({ p99Ms }) => p99Ms)) };
  }]));
  const measured = await interleave(turns, { rounds: growthRounds });
  return fleets.flatMap((size) => {
    const values = measured[String(size)] ?? [];
    const who = `${size} ${size === 1 ? 'process' : 'processes'} over one Redis`;
    return [
      rowOf({ id: `redis-growth-${size}`, subject: `login attempts by three limits, ${who}, 50 at once in each`, unit: '/s', values: values.map(({ perSecond }) => perSecond) }),
      rowOf({ id: `redis-growth-${size}-p99`, subject: `p99 of an attempt, ${who}`, unit: 'ms', values: values.map(({ p99Ms }) => p99Ms) }),
    ];
  });
}

async function memory(redis: RedisServer): Promise<BenchRow> {
  const turn = (name: RedisContender) => async () => {
    await redis.ask('FLUSHALL');
    return inChild(load, redisMemory, { name, port: redis.port });
  };
  const { ours, rlf } = await interleave({ ours: turn('ours'), rlf: turn('rlf') }, { rounds: 3 });
  return rowOf({ id: 'redis-memory', subject: 'memory of the server for one tracked key', unit: 'bytes', values: ours, peer: { name: 'rate-limiter-flexible', values: rlf } });
}

async function run(): Promise<readonly BenchRow[]> {
  const redis = await startRedis();
  try {
    return [...(await atConcurrency(redis, 50)), ...(await atConcurrency(redis, 500)), ...(await growth(redis)), await memory(redis)];
  } finally {
    await redis.stop();
  }
}

function chart(rows: readonly BenchRow[]): readonly string[] {
  const bars = fleets.flatMap((size) => {
    const pace = rows.find(({ id }) => id === `redis-growth-${size}`);
    const p99 = rows.find(({ id }) => id === `redis-growth-${size}-p99`);
    return pace === undefined || p99 === undefined ? [] : [{ name: `${size} ${size === 1 ? 'process' : 'processes'}`, value: pace.value, said: `${figure(pace.value)} /s, p99 ${figure(p99.value)} ms` }];
  });
  return bars.length === 0 ? [] : barChart('Login attempts by three limits over one Redis', bars);
}

const ids = ['vs-bare', 'vs-rlf', 'p99-vs-rlf', 'control', 'vs-unwatched', 'cpu'];

export const bench: Bench = {
  id: 'redis',
  title: 'Three limits of a login attempt over Redis',
  rows: [...[50, 500].flatMap((concurrency) => ids.map((id) => `redis-${concurrency}-${id}`)), ...fleets.flatMap((size) => [`redis-growth-${size}`, `redis-growth-${size}-p99`]), 'redis-memory'],
  method:
    'One redis-server of Debian on the same machine, emptied before each turn, nothing kept on the disk. A turn is a fresh process with one ioredis client without ' +
    `auto-pipelining that makes ${attempts.toLocaleString('en-GB')} attempts, after ${warmUp.toLocaleString('en-GB')} that are not counted; 10,000 keys a limit, keyed digests as the flows make them, ` +
    'every attempt passes. Ours is what createPortcullis wires: limiter, deadline, breaker, what is remembered in the process, store; its deadline is 10 s, so that the server decides ' +
    'every attempt (an event of a failure ends the run). The store sends attempts of one turn of the event loop as one script, up to 24 keys. The bare script decides one attempt a call; its keys and arguments are made beforehand, and its answer is not looked at. rate-limiter-flexible consumes ' +
    `its three limits at once (Promise.all). The control is ours again. Growth: so many processes at the same time, each makes ${growthAttempts.toLocaleString('en-GB')} after ${growthWarmUp.toLocaleString('en-GB')} attempts that are not counted; sums of their paces and the highest of their p99. ` +
    'Memory: 100,000 keys of one limit, used_memory after less before.',
  chart,
  run,
};
