import { describe, expect, it, onTestFinished } from 'vitest';
import { createLimiter } from 'portcullis/limiter';
import { resilientCounters } from 'portcullis';
import { startProxy, type Harm } from '../support/servers/proxy.ts';
import { realRedis, startRedis, type RedisServer } from '../support/servers/redis.ts';
import { until } from '../support/servers/watched.ts';
import { connectedStore, counted, eachOf, figure, heldUp, wait } from './support.ts';

const deadlineMs = 50;
const limit = 5;
const keys = 200;

interface Taken {
  readonly key: string;
  readonly ok: boolean;
  readonly tookMs: number;
  readonly endedMs: number;
}

/** A limiter behind a network that a test can harm, and what each attempt came to. */
async function limiterBehind(port: number, processes = 1) {
  const proxy = await startProxy(port);
  onTestFinished(() => proxy.close());
  const events: { readonly type: string; readonly atMs: number }[] = [];
  const counters = resilientCounters(await connectedStore(proxy.port), { processes, emit: ({ type }) => { events.push({ type, atMs: performance.now() }); } });
  onTestFinished(() => {
    counters.close();
  });
  const limiter = createLimiter({ name: 'sign-in', store: counters, rules: { account: { limit, windowMs: 3_600_000 } } });
  const taken: Taken[] = [];
  async function take(key: string): Promise<boolean> {
    const beganMs = performance.now();
    const { ok } = await limiter.take({ account: key });
    const endedMs = performance.now();
    taken.push({ key, ok, tookMs: endedMs - beganMs, endedMs });
    return ok;
  }
  const passes = (): readonly number[] => Array.from({ length: keys }, (_, at) => taken.filter(({ key, ok }) => ok && key === `key-${at}`).length);
  return { proxy, counters, take, taken, events, passes };
}

async function server(): Promise<RedisServer> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  return redis;
}

// ASVS 5.0 16.5.2, 16.5.3
describe('a network between the app and Redis', () => {
  it.each<readonly [string, Harm]>([['cut', 'cut'], ['half-open: it takes everything and brings nothing', 'half-open'], ['slower than the deadline', 120]])('that is %s lets nobody pass the limit, and nobody wait longer than the deadline and 50 ms', async (_what, harm) => {
    const redis = await server();
    const { proxy, counters, take, taken, events, passes } = await limiterBehind(redis.port);
    await take('warm-up');
    const loop = heldUp();
    const load = eachOf(4_000, 50, async (at) => {
      await take(`key-${at % keys}`);
      await wait(5);
    });
    await wait(120);
    const harmedAtMs = performance.now();
    proxy.harm(harm);
    await until('it is noticed', () => counters.health().state === 'degraded');
    await wait(100);
    proxy.harm('open');
    const healedAtMs = performance.now();
    await load;
    await until('it is over', () => counters.health().state === 'ok', 10_000);
    const backAfterMs = (events.findLast(({ type }) => type === 'store.recovered')?.atMs ?? Infinity) - healedAtMs;
    const slowest = Math.max(...taken.map(({ tookMs }) => tookMs));
    const late = taken.filter(({ tookMs }) => tookMs > deadlineMs / 2).length;
    figure(`network ${String(harm)}`, {
      'attempts': taken.length, 'passed by each key': counted(passes()), 'slowest, ms': Math.round(slowest), 'that waited for the deadline': late, 'loop held up, ms': Math.round(loop.mostMs()),
      'harmed for, ms': Math.round(healedAtMs - harmedAtMs), 'used again after, ms': Math.round(backAfterMs),
    });
    expect(counted(passes())).toBe(`${limit}: ${keys}`);
    expect(slowest).toBeLessThan(deadlineMs + 50 + loop.mostMs());
    expect(backAfterMs).toBeLessThan(2_000 + 5 * loop.mostMs());
    await eachOf(keys, 50, async (at) => { await take(`key-${at}`); });
    expect(counted(passes())).toBe(`${limit}: ${keys}`);
  });

  it('that delays less than the deadline changes nothing', async () => {
    const redis = await server();
    const { proxy, take, events, passes } = await limiterBehind(redis.port);
    await take('warm-up');
    proxy.harm(5);
    await eachOf(2_000, 50, async (at) => { await take(`key-${at % keys}`); });
    figure('network 5 ms late', { 'passed by each key': counted(passes()), 'events': counted(events.map(({ type }) => type)) });
    expect(counted(passes())).toBe(`${limit}: ${keys}`);
  });
});

describe('a Redis that accepts and never answers', () => {
  it('from the start is a local limit, at once after three calls', async () => {
    const redis = await server();
    const { proxy, take, taken, passes } = await limiterBehind(redis.port);
    proxy.harm('half-open');
    const loop = heldUp();
    for (let round = 0; round < 8; round += 1) for (let at = 0; at < 20; at += 1) await take(`key-${at}`);
    figure('never answers', { 'attempts': taken.length, 'passed by each key': counted(passes().slice(0, 20)), 'slowest, ms': Math.round(Math.max(...taken.map(({ tookMs }) => tookMs))), 'that waited': taken.filter(({ tookMs }) => tookMs > deadlineMs / 2).length });
    expect(counted(passes().slice(0, 20))).toBe(`${limit}: 20`);
    expect(taken.filter(({ tookMs }) => tookMs > deadlineMs + 50 + loop.mostMs())).toEqual([]);
    expect(taken.slice(3).filter(({ tookMs }) => tookMs > deadlineMs / 2 + loop.mostMs())).toEqual([]);
  });

  it.skipIf(!realRedis)('because it is stopped, is away, and back when it goes on', async () => {
    const redis = await server();
    const { counters, take, passes } = await limiterBehind(redis.port);
    for (let at = 0; at < keys; at += 1) await take(`key-${at}`);
    redis.freeze();
    await eachOf(1_200, 50, async (at) => { await take(`key-${at % keys}`); });
    expect(counters.health()).toMatchObject({ state: 'degraded' });
    redis.thaw();
    const thawedAtMs = performance.now();
    await until('it is back', () => counters.health().state === 'ok');
    figure('stopped', { 'passed by each key': counted(passes()), 'used again after, ms': Math.round(performance.now() - thawedAtMs) });
    expect(Math.max(...passes())).toBe(limit);
    await eachOf(keys, 50, async (at) => { await take(`key-${at}`); });
    expect(Math.max(...passes())).toBe(limit);
  });
});

describe('a Redis that forgets', () => {
  it.each([['everything', 'FLUSHALL'], ['its scripts', 'SCRIPT']])('%s in the middle of the load gives nobody a fresh start', async (_what, command) => {
    const redis = await server();
    const { take, passes, events } = await limiterBehind(redis.port);
    let forgotten = false;
    await eachOf(4_000, 50, async (at) => {
      if (at === 1_500 && !forgotten) {
        forgotten = true;
        await redis.ask(command, ...(command === 'SCRIPT' ? ['FLUSH'] : []));
        // It is noticed within a second of use.
        await wait(1_100);
        await take('somebody else');
      }
      if (at > 1_500) await wait(5);
      await take(`key-${at % keys}`);
    });
    const most = Math.max(...passes());
    figure(command, { 'passed by each key': counted(passes()), 'events': counted(events.map(({ type }) => type)) });
    // Within that second a key may have its burst again.
    expect(most).toBeLessThanOrEqual(command === 'FLUSHALL' ? 2 * limit : limit);
    await eachOf(keys, 50, async (at) => { await take(`key-${at}`); });
    expect(Math.max(...passes())).toBe(most);
  });

  it.skipIf(!realRedis)('the last moments, because a copy takes its place, gives nobody a fresh start', async () => {
    const redis = await server();
    const copy = await startRedis({ replicaOf: redis });
    onTestFinished(() => copy.stop());
    const { proxy, counters, take, passes, events } = await limiterBehind(redis.port);
    for (let round = 0; round < 3; round += 1) await eachOf(keys, 50, async (at) => { await take(`key-${at}`); });
    const diedAtMs = performance.now();
    await redis.kill();
    await eachOf(keys, 50, async (at) => { await take(`key-${at}`); });
    await copy.ask('REPLICAOF', 'NO', 'ONE');
    proxy.pointAt(copy.port);
    await until('the copy is used', () => counters.health().state === 'ok');
    const tookMs = performance.now() - diedAtMs;
    for (let round = 0; round < 6; round += 1) await eachOf(keys, 50, async (at) => { await take(`key-${at}`); });
    figure('failover', { 'passed by each key': counted(passes()), 'away, ms': Math.round(tookMs), 'events': counted(events.map(({ type }) => type)) });
    expect(counted(passes())).toBe(`${limit}: ${keys}`);
  });
});
