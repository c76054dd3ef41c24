import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis';
import { createClient } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CounterCharge } from 'portcullis';
import { redisDefaults, redisStore, type RedisClient } from 'portcullis/redis';
import { realRedis, startRedis, type RedisServerOptions } from '../support/servers/redis.ts';
import { freePort, until } from '../support/servers/watched.ts';
import { clients, clusterClients, clusterForFile, openClient, openStore, pause, redisForFile } from './redis-support.ts';

const server = redisForFile();
const charges: readonly CounterCharge[] = [{ rule: { name: 'hourly', intervalMs: 3_600_000, burst: 5 }, key: 'alice@example.com', cost: 1 }];
const attempt = { source: 'secretsource1234567890', account: 'secretaccount123456789', password: 'secretpassword12345678', exists: true, weight: 1 };
const charged = { source: 1, account: 1 };

/** Everything that a store does, one after the other; answers what each rejects with. */
async function faultsOf(client: RedisClient): Promise<readonly unknown[]> {
  const store = openStore(client);
  const calls = [
    () => store.take(charges), () => store.peek(charges), () => store.giveBack(charges), () => store.clear({ name: 'hourly', intervalMs: 1, burst: 1 }, 'alice@example.com'),
    () => store.read('reset:secret-token'), () => store.compareAndSet({ key: 'reset:secret-token', expectedVersion: 0, value: 'secret-value' }),
    () => store.reserve(attempt), () => store.settle({ as: 'failed', attempt, charged }), () => store.settle({ as: 'entered', attempt, charged }), () => store.settle({ as: 'known', source: attempt.source }),
  ];
  return Promise.all(calls.map(async (call) => {
    try {
      await call();
      return undefined;
    } catch (error) {
      return error;
    }
  }));
}

function saysNothing(faults: readonly unknown[], pattern: RegExp): void {
  for (const fault of faults) {
    expect(fault).toMatchObject({ name: 'StoreError', code: 'ERR_STORE', message: expect.stringMatching(pattern) as string });
    expect(JSON.stringify(fault, Object.getOwnPropertyNames(fault))).not.toMatch(/alice|secret|127\.0\.0\.1|localhost/);
    expect((fault as Error).cause).toBeUndefined();
  }
}

/** A client in the shape of ioredis that answers as it is told. */
function lying(answer: () => unknown): RedisClient {
  const client = { status: 'ready', evalsha: async () => answer(), eval: async () => answer() };
  return client;
}

describe('a redis store whose server is not there', () => {
  it('sends nothing and fails at once, so that nothing waits inside the client', async () => {
    const port = await freePort();
    const io = new IoRedis(port, '127.0.0.1', { retryStrategy: () => 100 });
    const node = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 100 } });
    for (const client of [io, node]) client.on('error', () => undefined);
    onTestFinished(() => {
      io.disconnect();
      node.destroy();
    });
    void node.connect().catch(() => undefined);
    await pause(30);
    for (const client of [io, node] as readonly RedisClient[]) {
      saysNothing(await faultsOf(client), /^redis store: not connected$/);
      const store = openStore(client);
      const fromMs = performance.now();
      const thousands = await Promise.allSettled(Array.from({ length: 10_000 }, async () => store.take(charges)));
      expect(thousands.filter(({ status }) => status === 'rejected')).toHaveLength(10_000);
      expect(performance.now() - fromMs).toBeLessThan(2_000);
    }
    expect((io as unknown as { offlineQueue: { length: number } }).offlineQueue).toHaveLength(0);
  });

  it('connects by a client that waits for its first command', async () => {
    const client = new IoRedis(server().port, '127.0.0.1', { lazyConnect: true });
    onTestFinished(() => { client.disconnect(); });
    expect((await openStore(client).take(charges)).allowed).toBe(true);
  });

  it.skipIf(!realRedis)('is used again as soon as the client is connected again', { timeout: 60_000 }, async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    for (const open of [clients.ioredis, clients['node-redis'], clients.iovalkey]) {
      const client = await openClient(open, own);
      const store = openStore(client);
      await store.take(charges);
      await own.kill();
      await until('the client has noticed', async () => (await faultsOf(client)).every((fault) => /not connected/.test(String(fault))));
      await own.start();
      await until('it answers again', async () => (await faultsOf(client)).every((fault) => fault === undefined));
    }
  });

  it.skipIf(!realRedis)('takes no more than ten thousand calls that nobody answers, and all of them are answered when it wakes up', { timeout: 60_000 }, async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const store = openStore(await openClient(clients['node-redis'], own));
    await store.take(charges);
    own.freeze();
    const pending = Array.from({ length: 12_000 }, async () => store.peek(charges));
    const refused = await Promise.allSettled(pending.slice(10_000));
    expect(refused.map((each) => (each.status === 'rejected' ? String(each.reason) : 'sent'))).toEqual(new Array(2_000).fill('StoreError: redis store: 10000 calls wait for an answer already'));
    own.thaw();
    expect((await Promise.allSettled(pending.slice(0, 10_000))).filter(({ status }) => status === 'rejected')).toEqual([]);
    expect((await store.peek(charges)).aheadMs).toHaveLength(1);
  });
});

describe('a redis store whose server lies', () => {
  it.each([
    undefined, null, true, 'OK', 17, [], [1], [1, 2, 3], [2, 0], [1, -5], [1, '5x'], [1, Number.NaN], [1, 1.5], [[], []], {}, { length: 2, 0: 1, 1: 0 }, [null, null],
  ].map((answer) => ({ answer })))('takes no $answer for a verdict', async ({ answer }) => {
    const store = openStore(lying(() => answer));
    for (const verb of ['take', 'peek'] as const) await expect(store[verb](charges)).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it.each([true, 'OK', '', ' ', '1', '1 ', '1  ', '1  x', '0  tx', '-1  tx', 'x  tx', '1e3  tx', 17, [], {}].map((answer) => ({ answer })))('takes no $answer for a record', async ({ answer }) => {
    await expect(openStore(lying(() => answer)).read('reset:a')).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it.each([true, 'OK', -1, 1.5, [], {}].map((answer) => ({ answer })))('takes no $answer for a write', async ({ answer }) => {
    await expect(openStore(lying(() => answer)).compareAndSet({ key: 'a', expectedVersion: 0, value: 'x' })).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it('reads numbers and texts as clients may be set to hand them out', async () => {
    expect(await openStore(lying(() => ['1', '4096'])).take(charges)).toEqual({ allowed: true, aheadMs: [1] });
    expect(await openStore(lying(() => Buffer.from('17  tx'))).read('a')).toEqual({ value: 'x', version: 17 });
  });

  it('tells nobody what the client said', async () => {
    const said = ['NOSCRIPT No matching script', 'READONLY alice 127.0.0.1', 'connect ECONNREFUSED 127.0.0.1:6379', 'secret-value'];
    for (const message of said) {
      const error = Object.assign(new Error(message), { command: { args: ['alice', 'secret-value'] } });
      saysNothing(await faultsOf(lying(() => { throw error; })), /^redis store: (the server answered (NOSCRIPT|READONLY)|the client failed)$/);
    }
    saysNothing(await faultsOf(lying(() => { throw Object.assign(new Error('connect 127.0.0.1'), { code: 'ECONNREFUSED' }); })), /^redis store: ECONNREFUSED$/);
  });

  it('sends a forgotten script once more and not for ever', async () => {
    let calls = 0;
    await expect(openStore(lying(() => { calls += 1; throw new Error('NOSCRIPT'); })).take(charges)).rejects.toMatchObject({ code: 'ERR_STORE' });
    expect(calls).toBe(2);
  });
});

describe.skipIf(!realRedis)('a failover to a replica', () => {
  it('goes on counting where the master stopped, and refuses while there is no master', { timeout: 60_000 }, async () => {
    const master = await startRedis();
    onTestFinished(() => master.stop());
    const replica = await startRedis({ replicaOf: master });
    onTestFinished(() => replica.stop());
    const store = openStore(await openClient(clients.ioredis, master), { prefix: 'shop:' });
    for (let turn = 0; turn < 4; turn += 1) expect((await store.take(charges)).allowed).toBe(true);
    await store.compareAndSet({ key: 'reset:a', expectedVersion: 0, value: 'one' });
    await master.ask('WAIT', 1, 1_000);
    await master.kill();

    const next = openStore(await openClient(clients['node-redis'], replica), { prefix: 'shop:' });
    await expect(next.take(charges)).rejects.toMatchObject({ code: 'ERR_STORE', message: 'redis store: the server answered READONLY' });
    expect((await next.inspect()).findings).toContainEqual(expect.objectContaining({ level: 'bad', check: 'redis.replication' }));
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    const passed = [];
    for (let turn = 0; turn < 3; turn += 1) passed.push((await next.take(charges)).allowed);
    expect(passed).toEqual([true, false, false]);
    const { version = 0 } = (await next.read('reset:a')) ?? {};
    expect(await next.compareAndSet({ key: 'reset:a', expectedVersion: version, value: null })).toBe(true);
  });
});

describe.skipIf(!realRedis)('a server without memory', () => {
  it('fails to count newcomers and lets go of what was spent', { timeout: 60_000 }, async () => {
    const own = await startRedis({ args: ['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction'] });
    onTestFinished(() => own.stop());
    const store = openStore(await openClient(clients.ioredis, own));
    await store.compareAndSet({ key: 'reset:a', expectedVersion: 0, value: 'one' });
    const { version = 0 } = (await store.read('reset:a')) ?? {};
    await own.ask('CONFIG', 'SET', 'maxmemory', '1');
    await expect(store.take(charges)).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(store.compareAndSet({ key: 'reset:b', expectedVersion: 0, value: 'one' })).rejects.toMatchObject({ code: 'ERR_STORE' });
    expect(await store.compareAndSet({ key: 'reset:a', expectedVersion: version, value: null })).toBe(true);
    expect(await store.read('reset:a')).toBeUndefined();
  });
});

describe.skipIf(!realRedis)('a look at the server', () => {
  const cluster = clusterForFile();

  async function findings(options: RedisServerOptions, durable = true, kind: keyof typeof clients = 'ioredis') {
    const own = await startRedis(options);
    onTestFinished(() => own.stop());
    const inspection = await openStore(await openClient(clients[kind], own), { durable }).inspect();
    return { ...inspection, levels: Object.fromEntries(inspection.findings.map(({ check, level }) => [check, level])) };
  }

  it.each(['ioredis', 'node-redis', 'iovalkey', 'a pool of node-redis'] as const)('says whether records outlive it, by %s', async (kind) => {
    expect(await findings({ appendOnly: true }, true, kind)).toMatchObject({ durable: true, levels: { 'redis.persistence': 'ok' } });
    expect(await findings({}, true, kind)).toMatchObject({ durable: false, levels: { 'redis.persistence': 'bad' } });
    expect(await findings({}, false, kind)).toMatchObject({ durable: false, levels: { 'redis.persistence': 'warn' } });
  });

  it.each([
    { what: 'snapshots alone', args: ['--save', '60 1'], appendOnly: false, durable: true, levels: { 'redis.persistence': 'warn' } },
    { what: 'a log that is never synced', args: ['--appendfsync', 'no'], appendOnly: true, durable: true, levels: { 'redis.persistence': 'warn' } },
    { what: 'eviction', args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'], appendOnly: true, durable: true, levels: { 'redis.eviction': 'bad' } },
    { what: 'eviction that cannot happen', args: ['--maxmemory-policy', 'allkeys-lru'], appendOnly: true, durable: true, levels: { 'redis.persistence': 'ok' } },
  ])('says what $what means', async ({ args, appendOnly, durable, levels }) => {
    const found = await findings({ args, appendOnly });
    expect(found.durable).toBe(durable);
    expect(found.levels).toMatchObject(levels);
    if (!('redis.eviction' in levels)) expect(found.levels).not.toHaveProperty('redis.eviction');
  });

  it('says that it does not know where CONFIG is forbidden, and who is not there', async () => {
    const forbidden = await findings({ appendOnly: true, args: ['--rename-command', 'CONFIG', ''] });
    expect(forbidden).toMatchObject({ durable: undefined, levels: { 'redis.persistence': 'warn', 'redis.eviction': 'warn' } });
    const inspection = await openStore(lying(() => null)).inspect();
    expect(inspection.durable).toBeUndefined();
  });

  it('names replicas, and the queue of a client', async () => {
    const master = await startRedis();
    onTestFinished(() => master.stop());
    const replica = await startRedis({ replicaOf: master });
    onTestFinished(() => replica.stop());
    const client = createClient({ url: master.url });
    await client.connect();
    onTestFinished(() => { client.destroy(); });
    const { findings: found } = await openStore(client).inspect();
    expect(found).toContainEqual(expect.objectContaining({ level: 'warn', check: 'redis.replication' }));
    expect(found).toContainEqual(expect.objectContaining({ level: 'warn', check: 'redis.client', detail: expect.stringContaining('disableOfflineQueue') as string }));
  });

  it.each([
    ['a client', () => new IoRedis({ lazyConnect: true, enableOfflineQueue: false }), 'maxRetriesPerRequest: 0'],
    ['a cluster', () => new IoCluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true, enableOfflineQueue: false }), 'retryDelayOnFailover: 0'],
  ])('names %s that sends commands again after a broken connection', async (_, open, how) => {
    const client = open();
    client.on('error', () => undefined);
    onTestFinished(() => { client.disconnect(); });
    expect((await openStore(client).inspect()).findings).toContainEqual({ level: 'warn', check: 'redis.client', detail: expect.stringMatching(new RegExp(`sends commands again .*${how}`)) as string });
  });

  it.each(Object.entries(clusterClients))('looks at every master of a cluster, by %s', async (_name, open) => {
    const store = openStore(await openClient(open, cluster()), { durable: true });
    expect((await store.inspect()).durable).toBe(false);
    const [first, ...others] = cluster().nodes;
    for (const node of others) await node.ask('CONFIG', 'SET', 'appendonly', 'yes');
    expect((await store.inspect()).durable).toBe(false);
    await first?.ask('CONFIG', 'SET', 'appendonly', 'yes');
    expect((await store.inspect()).durable).toBe(true);
    for (const node of cluster().nodes) await node.ask('CONFIG', 'SET', 'appendonly', 'no');
  });
});

describe('the options of a redis store', () => {
  const client = lying(() => null);
  const make = (...given: readonly unknown[]) => () => redisStore(...(given as [RedisClient]));

  it('are complained about by name', () => {
    const cases: readonly (readonly [readonly unknown[], string])[] = [
      [[undefined], 'redisStore.client: expected a client of ioredis, redis or iovalkey, got nothing'],
      [['redis://secret@host'], 'redisStore.client: expected a client of ioredis, redis or iovalkey, got a string of 19 characters'],
      [[{}], 'redisStore.client: expected a client of ioredis, redis or iovalkey, got a value of type object'],
      [[new IoRedis({ lazyConnect: true, keyPrefix: 'a:' })], 'redisStore.client: expected a client without keyPrefix; give the store its option prefix instead'],
      [[client, { prefix: '' }], 'redisStore.prefix: expected 1 to 64 printable characters without spaces, got a string of 0 characters'],
      [[client, { prefix: 'a b' }], 'redisStore.prefix: expected 1 to 64 printable characters without spaces, got a string of 3 characters'],
      [[client, { prefix: 'x'.repeat(65) }], 'redisStore.prefix: expected 1 to 64 printable characters without spaces, got a string of 65 characters'],
      [[client, { durable: 1 }], 'redisStore.durable: expected true or false, got 1'],
      [[client, { subscriber: client }], 'redisStore.subscriber: expected another client: one that subscribes can do nothing else'],
      [[client, { subscriber: lying(() => null) }], 'redisStore.subscriber: expected a client, got one without subscribe()'],
      [[client, { clock: {} }], 'redisStore.clock: expected an object with nowMs(), monotonicMs(), after(), got a value of type object'],
      [[client, { keyPrefix: 'a' }], 'redisStore.keyPrefix: unknown option, did you mean "prefix"?'],
      [[client, null], 'redisStore: expected an options object, got null'],
    ];
    for (const [given, message] of cases) expect(make(...given)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
    expect(make(client, { prefix: undefined, durable: undefined, subscriber: undefined, clock: undefined })).not.toThrow();
  });

  it('have frozen defaults', () => {
    expect(Object.isFrozen(redisDefaults)).toBe(true);
    expect(redisDefaults).toEqual({ prefix: 'portcullis:', durable: false });
  });
});
