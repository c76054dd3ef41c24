import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { hasDebian } from '../debian.ts';
import { freePort, spawnWatched, until, type Watched } from './watched.ts';

/**
 * Whether servers are real ones: for `describe.skipIf(!realRedis)` where a test kills, stops or copies them. Else they are
 * js-redis-server, in this process. TEST_REDIS_ENGINE=js asks for those; PORTCULLIS_NO_SKIP=1 never takes them.
 */
export const realRedis = process.env['PORTCULLIS_NO_SKIP'] === '1' || (process.env['TEST_REDIS_ENGINE'] !== 'js' && hasDebian('redis-server'));

export interface RedisServerOptions {
  /** Keeps a log of all writes on the disk, so that they survive a restart. Default: nothing is kept. */
  readonly appendOnly?: boolean;
  /** Copies another server. */
  readonly replicaOf?: { readonly port: number };
  /** More arguments of redis-server: `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
}

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** What it keeps on the disk; empty for a server that is none. */
  readonly folder: string;
  /** Sends one command over a connection of its own. */
  ask(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** SIGKILL. Port and folder stay reserved for `start`. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port and with what its folder holds. */
  start(): Promise<void>;
  /** `kill` and `start`. */
  restart(): Promise<void>;
  /** SIGSTOP: connections are still accepted, and nothing is answered any more. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Ends it for good. May be called twice. */
  stop(): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1, with a folder of its own. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  if (!realRedis) return startJsRedis();
  const { appendOnly = false, replicaOf, args = [] } = options;
  const persistence = ['--save', '', '--appendonly', appendOnly ? 'yes' : 'no', '--appendfsync', 'always', '--repl-diskless-sync-delay', '0'];
  const replication = replicaOf === undefined ? [] : ['--replicaof', '127.0.0.1', String(replicaOf.port)];
  const server = await retried(() => startReal([...persistence, ...replication, '--protected-mode', 'no', ...args]));
  if (replicaOf !== undefined) await until('a replica has its copy', async () => String(await server.ask('INFO', 'replication')).includes('master_link_status:up'));
  return server;
}

/** The port may be taken by another program between the look and the start. */
async function retried(start: () => Promise<RedisServer>): Promise<RedisServer> {
  for (let triesLeft = 4; ; triesLeft -= 1) {
    try {
      return await start();
    } catch (error) {
      if (triesLeft === 0) throw error;
    }
  }
}

async function startReal(args: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-redis-'));
  const all = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...args];
  let running: Watched | undefined;

  async function end(): Promise<void> {
    const ending = running;
    running = undefined;
    await ending?.end();
  }
  async function start(): Promise<void> {
    const started = await spawnWatched('redis-server', all, folder);
    running = started;
    await until('redis-server answers', async () => {
      if (!started.alive()) throw new Error('redis-server ended at its start');
      return (await ask(port, 'PING').catch(() => undefined)) === 'PONG';
    });
  }
  async function stop(): Promise<void> {
    await end();
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...contact(port, folder),
    kill: end,
    start,
    async restart() {
      await end();
      await start();
    },
    freeze: () => running?.signal('SIGSTOP'),
    thaw: () => running?.signal('SIGCONT'),
    stop,
  };
}

async function startJsRedis(): Promise<RedisServer> {
  const { createRedisMock } = await import('js-redis-server');
  const server = await createRedisMock();
  let closed = false;
  return {
    ...contact(server.port, ''),
    ...notWithoutRealServer,
    async stop() {
      if (!closed) await server.close();
      closed = true;
    },
  };
}

const refuse = (): never => {
  throw new Error('js-redis-server cannot do this: use describe.skipIf(!realRedis)');
};
const notWithoutRealServer = { kill: refuse, start: refuse, restart: refuse, freeze: refuse, thaw: refuse };

function contact(port: number, folder: string): Pick<RedisServer, 'port' | 'url' | 'folder' | 'ask'> {
  return { port, folder, url: `redis://127.0.0.1:${port}`, ask: (command, ...args) => ask(port, command, ...args) };
}

async function ask(port: number, command: string, ...args: readonly (string | number)[]): Promise<unknown> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null, maxRetriesPerRequest: 0, enableReadyCheck: false, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}

export interface RedisCluster {
  /** The masters, in the order of their slots. */
  readonly nodes: readonly RedisServer[];
  /** For `new Cluster(...)` of ioredis. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** Moves a slot and its keys from the node that has it to another one. The slot stays in use meanwhile. */
  moveSlot(slot: number, to: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

const slotCount = 16_384;

/** Starts a cluster of three masters, and waits until each of them has heard of all slots. */
export async function startRedisCluster(masters = 3): Promise<RedisCluster> {
  if (!realRedis) return startJsCluster(masters);
  const nodes = await Promise.all(Array.from({ length: masters }, async () => {
    // The usual port of the bus, 10,000 higher, may be none.
    const busPort = await freePort();
    const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port', String(busPort), '--cluster-node-timeout', '2000'];
    return { ...(await startRedis({ args })), busPort };
  }));
  const [first] = nodes;
  for (const [at, node] of nodes.entries()) {
    await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
    await node.ask('CLUSTER', 'ADDSLOTSRANGE', Math.ceil((at * slotCount) / masters), Math.ceil(((at + 1) * slotCount) / masters) - 1);
    if (node !== first) await node.ask('CLUSTER', 'MEET', '127.0.0.1', first?.port ?? 0, first?.busPort ?? 0);
  }
  await until('every node of the cluster knows all slots', async () => {
    const infos = await Promise.all(nodes.map((node) => node.ask('CLUSTER', 'INFO')));
    return infos.every((info) => /cluster_state:ok[^]*cluster_slots_ok:16384[^]*cluster_known_nodes:3/.test(String(info).replace(`known_nodes:${masters}`, 'known_nodes:3')));
  });
  return {
    nodes,
    addresses: nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    moveSlot: (slot, to) => moveSlot(nodes, slot, to),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function startJsCluster(masters: number): Promise<RedisCluster> {
  const { createRedisMock } = await import('js-redis-server');
  const cluster = await createRedisMock({ cluster: { masters } });
  const addresses = cluster.addresses().map(({ port }) => ({ host: '127.0.0.1', port }));
  const nodes = addresses.map(({ port }) => ({ ...contact(port, ''), ...notWithoutRealServer, stop: () => Promise.resolve() }));
  let closed = false;
  return {
    nodes,
    addresses,
    moveSlot: refuse,
    async stop() {
      if (!closed) await cluster.close();
      closed = true;
    },
  };
}

/** As redis-cli --cluster reshard does it. */
async function moveSlot(nodes: readonly RedisServer[], slot: number, to: RedisServer): Promise<void> {
  const ids = new Map(await Promise.all(nodes.map(async (node) => [node, String(await node.ask('CLUSTER', 'MYID'))] as const)));
  const ranges = (await to.ask('CLUSTER', 'SLOTS')) as readonly [number, number, readonly [string, number]][];
  const port = ranges.find(([from, last]) => from <= slot && slot <= last)?.[2][1];
  const from = nodes.find((node) => node.port === port);
  if (from === undefined || from === to) throw new Error('the slot is nobody\'s, or there already');
  await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids.get(from) ?? '');
  await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids.get(to) ?? '');
  for (;;) {
    const keys = (await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as readonly string[];
    if (keys.length === 0) break;
    await from.ask('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys);
  }
  for (const node of [to, from, ...nodes]) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', ids.get(to) ?? '');
}
