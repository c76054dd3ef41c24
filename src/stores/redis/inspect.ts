import type { StoreFinding, StoreInspection } from '../../ports/store-inspection.ts';
import { isNodeRedis, type ClientFacts, type RedisClient } from './client.ts';

/** Sends a command to one server. */
type Ask = (...words: string[]) => Promise<unknown>;

/** What one server says of itself; undefined where it does not. */
interface Facts {
  readonly appendOnly: string | undefined;
  readonly fsync: string | undefined;
  readonly save: string | undefined;
  readonly policy: string | undefined;
  readonly maxMemory: string | undefined;
  readonly version: string | undefined;
  readonly role: string | undefined;
  readonly replicas: string | undefined;
}

/** Looks at every master and at the client. Never rejects: what cannot be asked is unknown. */
export async function inspect(client: RedisClient, declared: { readonly durable: boolean }): Promise<StoreInspection> {
  const servers = await serversOf(client).catch(() => []);
  const facts = await Promise.all(servers.map(factsOf));
  const durable = durableOf(facts);
  return {
    durable,
    findings: [persistence(facts, declared.durable, durable), eviction(facts, declared.durable), replication(facts), version(facts), clientQueue(client), resending(client)].filter((finding) => finding !== undefined),
  };
}

interface IoRedisNode {
  call(...words: string[]): Promise<unknown>;
}

interface Servers {
  readonly nodes?: (role: 'master') => readonly IoRedisNode[];
  readonly call?: IoRedisNode['call'];
  readonly masters?: readonly unknown[];
  readonly nodeClient?: (node: unknown) => Promise<{ sendCommand(words: string[]): Promise<unknown> }>;
  readonly sendCommand?: (words: string[]) => Promise<unknown>;
}

async function serversOf(client: RedisClient): Promise<readonly Ask[]> {
  const given = client as unknown as Servers;
  if (!isNodeRedis(client)) {
    if (typeof given.nodes === 'function') return given.nodes('master').map((node) => (...words) => node.call(...words));
    return [(...words) => given.call?.(...words) ?? Promise.reject(new Error('not offered'))];
  }
  if (typeof given.nodeClient === 'function') {
    const { nodeClient } = given;
    const nodes = await Promise.all((given.masters ?? []).map((node) => nodeClient.call(client, node)));
    return nodes.map((node) => (...words) => node.sendCommand(words));
  }
  return [(...words) => given.sendCommand?.(words) ?? Promise.reject(new Error('not offered'))];
}

async function factsOf(ask: Ask): Promise<Facts> {
  const setting = async (name: string): Promise<string | undefined> => valueIn(await answerOf(ask, 'CONFIG', 'GET', name), name);
  const section = async (name: string): Promise<string> => {
    const answer = await answerOf(ask, 'INFO', name);
    return typeof answer === 'string' ? answer : '';
  };
  const [appendOnly, fsync, save, policy, maxMemory, server, copies] = await Promise.all([
    setting('appendonly'), setting('appendfsync'), setting('save'), setting('maxmemory-policy'), setting('maxmemory'), section('server'), section('replication'),
  ]);
  const line = (text: string, name: string): string | undefined => new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(text)?.[1];
  return { appendOnly, fsync, save, policy, maxMemory, version: line(server, 'redis_version'), role: line(copies, 'role'), replicas: line(copies, 'connected_slaves') };
}

async function answerOf(ask: Ask, ...words: string[]): Promise<unknown> {
  try {
    return await ask(...words);
  } catch {
    // Hosted servers often forbid CONFIG.
    return undefined;
  }
}

/** The answer to CONFIG GET: a list of names and values, or a map of them, by protocol and client. */
function valueIn(answer: unknown, name: string): string | undefined {
  let value: unknown;
  if (Array.isArray(answer)) value = (answer as readonly unknown[])[answer.indexOf(name) + 1];
  else if (answer instanceof Map) value = (answer as ReadonlyMap<unknown, unknown>).get(name);
  else if (typeof answer === 'object' && answer !== null && Object.hasOwn(answer, name)) value = (answer as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : undefined;
}

function keeps({ appendOnly, save }: Facts): boolean | undefined {
  if (appendOnly === 'yes' || (save !== undefined && save !== '')) return true;
  return appendOnly === undefined || save === undefined ? undefined : false;
}

function durableOf(facts: readonly Facts[]): boolean | undefined {
  const kept = facts.map(keeps);
  if (kept.includes(false)) return false;
  return kept.length === 0 || kept.includes(undefined) ? undefined : true;
}

function persistence(facts: readonly Facts[], declared: boolean, durable: boolean | undefined): StoreFinding {
  const check = 'redis.persistence';
  if (durable === undefined) return { level: 'warn', check, detail: 'the server does not tell whether it keeps its data on the disk: see to it that appendonly is on' };
  if (!durable) {
    const detail = 'the server keeps nothing on the disk: after a restart used codes work again, and switches and second factors are gone; set appendonly yes';
    return { level: declared ? 'bad' : 'warn', check, detail };
  }
  if (facts.some(({ appendOnly }) => appendOnly !== 'yes')) return { level: 'warn', check, detail: 'the server keeps snapshots only: a crash takes what was written since the last one; set appendonly yes' };
  if (facts.some(({ fsync }) => fsync === 'no')) return { level: 'warn', check, detail: 'appendfsync is no: a power failure takes what the system has not written yet; set everysec or always' };
  const everySecond = facts.some(({ fsync }) => fsync !== 'always');
  return { level: 'ok', check, detail: everySecond ? 'writes are on the disk within a second' : 'writes are on the disk before they are answered' };
}

function eviction(facts: readonly Facts[], declared: boolean): StoreFinding | undefined {
  const check = 'redis.eviction';
  const evicting = facts.find(({ policy, maxMemory }) => policy !== undefined && policy !== 'noeviction' && maxMemory !== '0');
  if (evicting !== undefined) return { level: declared ? 'bad' : 'warn', check, detail: 'when memory runs out the server removes keys: a flood of them resets limits and deletes records; set maxmemory-policy noeviction' };
  return facts.some(({ policy }) => policy === undefined) ? { level: 'warn', check, detail: 'the server does not tell what it does when memory runs out: see to it that maxmemory-policy is noeviction' } : undefined;
}

function replication(facts: readonly Facts[]): StoreFinding | undefined {
  const check = 'redis.replication';
  if (facts.some(({ role }) => role === 'slave')) return { level: 'bad', check, detail: 'this is a replica: it takes no writes' };
  if (facts.some(({ replicas }) => Number(replicas) > 0)) return { level: 'warn', check, detail: 'writes are answered before replicas have them: a failover may take the last ones back; min-replicas-to-write bounds it' };
  return undefined;
}

const oldestMajor = 7;

function version(facts: readonly Facts[]): StoreFinding | undefined {
  const old = facts.find((each) => each.version !== undefined && Number.parseInt(each.version, 10) < oldestMajor);
  return old === undefined ? undefined : { level: 'warn', check: 'redis.version', detail: `is ${Number.parseInt(old.version ?? '', 10)}: tested from ${oldestMajor} on` };
}

/** Only what is sent while the connection breaks can still get there: the store sends nothing while there is none. */
function clientQueue(client: RedisClient): StoreFinding | undefined {
  const options = ((client as { options?: unknown }).options ?? {}) as { readonly enableOfflineQueue?: unknown; readonly disableOfflineQueue?: unknown };
  const off = isNodeRedis(client) ? options.disableOfflineQueue === true : options.enableOfflineQueue === false;
  if (off) return undefined;
  const how = isNodeRedis(client) ? 'disableOfflineQueue: true' : 'enableOfflineQueue: false and maxRetriesPerRequest: 0';
  return { level: 'warn', check: 'redis.client', detail: `the client keeps commands while it is not connected and sends them late; give it ${how}` };
}

/** ioredis: whoever can cut a connection after a command and before its answer has it done twice, also a refund. */
function resending(client: RedisClient): StoreFinding | undefined {
  if (isNodeRedis(client)) return undefined;
  const { isCluster, options: given } = client as ClientFacts;
  const options = (given ?? {}) as { readonly maxRetriesPerRequest?: unknown; readonly autoResendUnfulfilledCommands?: unknown; readonly retryDelayOnFailover?: unknown };
  const off = isCluster === true ? options.retryDelayOnFailover === 0 : options.maxRetriesPerRequest === 0 || options.autoResendUnfulfilledCommands === false;
  if (off) return undefined;
  const how = isCluster === true ? 'retryDelayOnFailover: 0' : 'maxRetriesPerRequest: 0';
  return { level: 'warn', check: 'redis.client', detail: `the client sends commands again after a broken connection: attempts may be charged or given back twice; give it ${how}` };
}
