import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Redis as IoRedis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient, RedisStore } from 'portcullis/redis';
import { fakeClock } from 'portcullis/testing';
import { realRedis, startRedis } from '../support/servers/redis.ts';
import { until } from '../support/servers/watched.ts';
import { clients, freshPrefix, openClient, openStore, pause, redisForFile } from './redis-support.ts';

const server = redisForFile();

const setup = async () => {
  const prefix = freshPrefix();
  return { prefix, store: openStore(await openClient(clients.ioredis, server()), { prefix }) };
};
const create = (store: RedisStore, key: string, rest: { readonly value?: string; readonly expiresAtMs?: number } = {}) => store.compareAndSet({ key, expectedVersion: 0, value: 'one', ...rest });

describe('the records of a redis store', () => {
  it('hold any text: NUL, lone surrogates, ten megabytes', async () => {
    const { store } = await setup();
    const values = ['', ' ', '0 0 ', 'a\0b', '\ud800', '\udfff\ud800', '\ufffd', 't', 'u', '\u00e9\ud83d\ude00', 'x'.repeat(10_000_000)];
    for (const [index, value] of values.entries()) {
      expect(await create(store, `any:${index}`, { value })).toBe(true);
      expect((await store.read(`any:${index}`))?.value === value).toBe(true);
    }
  });

  it.skipIf(!realRedis)('end when their writer meant, whatever the clocks of the hosts say', async () => {
    const { store } = await setup();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 30_000 });
    onTestFinished(() => void vi.useRealTimers());
    await create(store, 'reset:a', { expiresAtMs: Date.now() + 400 });
    expect((await store.read('reset:a'))?.value).toBe('one');
    await pause(402);
    expect(await store.read('reset:a')).toBeUndefined();
  });

  it('that have ended before they are written do not exist, and nothing of them stays', async () => {
    const { store, prefix } = await setup();
    for (const expiresAtMs of [0, -1, Date.now() - 1, Number.NaN]) expect(await create(store, 'reset:a', { expiresAtMs })).toBe(true);
    expect(await store.read('reset:a')).toBeUndefined();
    expect(await server().ask('KEYS', `${prefix}*`)).toEqual([]);
  });

  it('stay in the server only for as long as they live: all but those without an end expire', async () => {
    const { store, prefix } = await setup();
    const dayMs = 86_400_000;
    for (const [index, lifeMs] of [700, 60_000, 400 * dayMs].entries()) await create(store, `lived:${index}`, { expiresAtMs: Date.now() + lifeMs });
    await create(store, 'ever');
    await create(store, 'removed');
    await store.compareAndSet({ key: 'removed', expectedVersion: (await store.read('removed'))?.version ?? 0, value: null });
    const keys = (await server().ask('KEYS', `${prefix}*`)) as readonly string[];
    const lives = await Promise.all(keys.map(async (key) => [key.slice(prefix.length), Number(await server().ask('PTTL', key))] as const));
    expect(lives.filter(([, ms]) => ms < 0).map(([key]) => key)).toEqual(['rever']);
    await pause(1_005);
    expect(((await server().ask('KEYS', `${prefix}*`)) as readonly string[]).toSorted()).toEqual(['rever', 'rlived:1', 'rlived:2'].map((key) => `${prefix}${key}`));
  });

  it('use no version again after FLUSHALL, so that what was read before it can replace nothing', async () => {
    const { store } = await setup();
    await create(store, 'reset:a');
    const { version = 0 } = (await store.read('reset:a')) ?? {};
    await server().ask('FLUSHALL');
    expect(await store.compareAndSet({ key: 'reset:a', expectedVersion: version, value: 'late' })).toBe(false);
    await create(store, 'reset:a');
    expect((await store.read('reset:a'))?.version).toBeGreaterThan(version);
    expect(await store.compareAndSet({ key: 'reset:a', expectedVersion: version, value: 'late' })).toBe(false);
  });

  it.each([
    { what: 'text', commands: [['SET', 'garbage']], words: ['FORMAT', 'FORMAT'] },
    { what: 'text that begins as a record', commands: [['SET', '17  ?']], words: ['something else', undefined] },
    { what: 'a version of zero', commands: [['SET', '0  tx']], words: ['something else', undefined] },
    { what: 'a list', commands: [['DEL'], ['RPUSH', 'x']], words: ['WRONGTYPE', 'WRONGTYPE'] },
  ])('are no answer where somebody else has written: $what', async ({ commands, words }) => {
    const { store, prefix } = await setup();
    for (const [command = '', ...rest] of commands) await server().ask(command, `${prefix}rreset:a`, ...rest);
    await expect(store.read('reset:a')).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringContaining(words[0] ?? '') as string });
    const [, atWrite] = words;
    if (atWrite !== undefined) await expect(create(store, 'reset:a')).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringContaining(atWrite) as string });
    else expect(await store.compareAndSet({ key: 'reset:a', expectedVersion: 1, value: 'x' })).toBe(false);
  });

  it('are durable only where the app says that the server is', async () => {
    const client = await openClient(clients.ioredis, server());
    expect([openStore(client).durable, openStore(client, { durable: true }).durable]).toEqual([false, true]);
  });
});

describe.skipIf(!realRedis)('a server that is killed', () => {
  it.each([{ appendOnly: true }, { appendOnly: false }])('keeps every answered write in a log, and nothing without: appendonly $appendOnly', { timeout: 60_000 }, async ({ appendOnly }) => {
    const own = await startRedis({ appendOnly });
    onTestFinished(() => own.stop());
    const client = await openClient(clients.ioredis, own);
    const store = openStore(client, { durable: appendOnly });
    const rule = { name: 'hourly', intervalMs: 3_600_000, burst: 1 };
    for (let index = 0; index < 50; index += 1) await create(store, `reset:${index}`);
    await store.take([{ rule, key: 'a', cost: 1 }]);
    const before = await store.read('reset:7');
    await own.restart();
    await until('the client is connected again', async () => store.read('reset:7').then(() => true, () => false));
    expect(await store.read('reset:7')).toEqual(appendOnly ? before : undefined);
    expect((await store.read('reset:49'))?.value).toBe(appendOnly ? 'one' : undefined);
    expect((await store.take([{ rule, key: 'a', cost: 1 }])).allowed).toBe(!appendOnly);
    expect((await store.inspect()).durable).toBe(appendOnly);
  });
});

describe('the watchers of a redis store', () => {
  /** Counts what a watcher hears, after the call that every watcher gets at first. */
  async function watching(store: RedisStore, key: string) {
    const heardAtMs: number[] = [];
    onTestFinished(store.watch(key, () => heardAtMs.push(performance.now())));
    await pause(50);
    heardAtMs.length = 0;
    return heardAtMs;
  }

  async function subscriberOf(kind: 'ioredis' | 'node-redis'): Promise<{ readonly client: RedisClient; readonly cut: () => void }> {
    if (kind === 'ioredis') {
      const client = new IoRedis(server().port, '127.0.0.1', { retryStrategy: () => null });
      client.on('error', () => undefined);
      onTestFinished(() => { client.disconnect(); });
      return { client, cut: () => { client.disconnect(); } };
    }
    const client = createClient({ url: server().url });
    client.on('error', () => undefined);
    await client.connect();
    onTestFinished(() => { if (client.isOpen) client.destroy(); });
    return { client, cut: () => { client.destroy(); } };
  }

  it('hear of the writes of other stores within a second without a subscriber', async () => {
    const { store, prefix } = await setup();
    const other = openStore(await openClient(clients['node-redis'], server()), { prefix });
    const heard = await watching(store, 'switch:all');
    await create(other, 'switch:all');
    const writtenMs = performance.now();
    await until('the watcher has heard', () => heard.length > 0, 3_000);
    expect((heard[0] ?? Infinity) - writtenMs).toBeLessThan(1_000);
    await other.compareAndSet({ key: 'switch:all', expectedVersion: (await other.read('switch:all'))?.version ?? 0, value: null });
    await until('the watcher has heard of the removal', () => heard.length > 1, 3_000);
    await pause(1_600);
    expect(heard).toHaveLength(2);
  });

  it.each(['ioredis', 'node-redis'] as const)('hear of them at once by a subscriber of %s, and still within a second when that is cut', async (kind) => {
    const prefix = freshPrefix();
    const { client: subscriber, cut } = await subscriberOf(kind);
    const store = openStore(await openClient(clients[kind], server()), { prefix, subscriber });
    const other = openStore(await openClient(clients.ioredis, server()), { prefix });
    const heard = await watching(store, 'switch:all');
    await pause(700);
    heard.length = 0;
    const write = async () => other.compareAndSet({ key: 'switch:all', expectedVersion: (await other.read('switch:all'))?.version ?? 0, value: 'next' });
    // Five in a row: looks alone would take 500 ms each.
    for (let turn = 0; turn < 5; turn += 1) {
      await write();
      await until('the watcher has heard', () => heard.length > 0, 200);
      heard.length = 0;
    }
    cut();
    await write();
    await until('the watcher has heard without a subscriber', () => heard.length > 0, 1_000);
  });

  it('hear nothing any more after close, and nothing is asked', async () => {
    const { store } = await setup();
    const heard = await watching(store, 'switch:all');
    store.close();
    store.close();
    await create(store, 'switch:all');
    await pause(700);
    expect(heard).toEqual([]);
  });

  it('hear of writes again where a client has lost the answer to a look', async () => {
    const clock = fakeClock();
    const client = { status: 'ready', evalsha: (): Promise<unknown> => new Promise(() => undefined), eval: (): Promise<unknown> => new Promise(() => undefined) };
    const store = openStore(client, { clock });
    let heard = 0;
    store.watch('switch:on', () => { heard += 1; });
    await clock.advance(1_500);
    client.evalsha = async () => ['17'];
    await clock.advance(2_000);
    expect(heard).toBe(1);
  });

  it('look at hundreds of records in a few calls', async () => {
    const { store, prefix } = await setup();
    const other = openStore(await openClient(clients.ioredis, server()), { prefix });
    let heard = 0;
    for (let index = 0; index < 450; index += 1) onTestFinished(store.watch(`many:${index}`, () => { heard += 1; }));
    await pause(700);
    heard = 0;
    for (let index = 0; index < 450; index += 1) await create(other, `many:${index}`);
    await until('all have heard', () => heard >= 450, 2_000);
  });
});
