import { ConfigError } from '../../kernel/errors.ts';
import { wrong } from '../../kernel/options.ts';

/** A client, cluster client or pool of `redis` (node-redis), as far as it is used. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client or cluster client of `ioredis` or `iovalkey`, as far as it is used. */
export interface IoRedisClient {
  eval(script: string, keyCount: number, ...rest: string[]): Promise<unknown>;
  evalsha(sha: string, keyCount: number, ...rest: string[]): Promise<unknown>;
}

export type RedisClient = NodeRedisClient | IoRedisClient;

/** What both kinds of client have in common. */
export interface Contact {
  /** Whether the keys of one script must lie in one slot. */
  readonly cluster: boolean;
  /** Whether a command would be sent now. Where not, the client would keep it in a queue that has no end. */
  isReady(): boolean;
  evalSha(sha: string, keys: string[], args: string[]): Promise<unknown>;
  eval(text: string, keys: string[], args: string[]): Promise<unknown>;
}

/** Members that some clients have. */
export interface ClientFacts {
  /** ioredis: the state of the connection. `wait`: it connects with the first command. */
  readonly status?: unknown;
  /** ioredis: whether it is a cluster. */
  readonly isCluster?: unknown;
  /** node-redis: whether it is connected. A pool has only `isOpen`. */
  readonly isReady?: unknown;
  readonly isOpen?: unknown;
  /** node-redis: a pool's tasks that wait for a connection. */
  readonly tasksQueueLength?: unknown;
  /** node-redis: only clusters have it. */
  readonly getSlotRandomNode?: unknown;
  readonly options?: unknown;
}

/** Tasks of a pool that may wait for a connection. */
const maxPoolQueue = 1_000;

/** Reads the client that the app handed in. Throws ERR_CONFIG. */
export function contactOf(client: unknown, name: string): Contact {
  if (typeof client !== 'object' || client === null) throw wrong(name, 'a client of ioredis, redis or iovalkey', client);
  const facts = client as ClientFacts;
  refuseKeyPrefix(client, facts, name);
  const cluster = facts.isCluster === true || typeof facts.getSlotRandomNode === 'function';
  if (isNodeRedis(client)) {
    return {
      cluster,
      isReady: () => isNodeRedisReady(facts),
      evalSha: (sha, keys, args) => client.evalSha(sha, { keys, arguments: args }),
      eval: (text, keys, args) => client.eval(text, { keys, arguments: args }),
    };
  }
  if (isIoRedis(client)) {
    return {
      cluster,
      isReady: () => facts.status === 'ready' || facts.status === 'wait',
      evalSha: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
      eval: (text, keys, args) => client.eval(text, keys.length, ...keys, ...args),
    };
  }
  throw wrong(name, 'a client of ioredis, redis or iovalkey', client);
}

const has = (client: object, method: string): boolean => typeof (client as Readonly<Record<string, unknown>>)[method] === 'function';

export function isNodeRedis(client: object): client is NodeRedisClient {
  return has(client, 'evalSha') && has(client, 'eval');
}

function isIoRedis(client: object): client is IoRedisClient {
  return has(client, 'evalsha') && has(client, 'eval');
}

function isNodeRedisReady({ isReady, isOpen, tasksQueueLength }: ClientFacts): boolean {
  if (typeof isReady === 'boolean') return isReady;
  return isOpen === true && !(typeof tasksQueueLength === 'number' && tasksQueueLength > maxPoolQueue);
}

/** The store must know the keys as the server has them, to tell slots and to name channels. */
function refuseKeyPrefix(client: object, { options }: ClientFacts, name: string): void {
  const given = [client, options, (options as { redisOptions?: unknown } | null | undefined)?.redisOptions] as readonly ({ keyPrefix?: unknown; _keyPrefix?: unknown } | null | undefined)[];
  if (given.every((each) => (each?.keyPrefix ?? '') === '' && (each?._keyPrefix ?? '') === '')) return;
  throw new ConfigError(`${name}: expected a client without keyPrefix; give the store its option prefix instead`);
}
