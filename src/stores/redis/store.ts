import { systemClock } from '../../kernel/clock.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { flag, optional, port, readOptions, wrong, type OptionReader } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { StoreInspection } from '../../ports/store-inspection.ts';
import { contactOf, type RedisClient } from './client.ts';
import { clusterCounters } from './cluster-counters.ts';
import { redisCounters } from './counters.ts';
import { redisEvidence, type RemoteEvidence } from './evidence.ts';
import { inspect } from './inspect.ts';
import { redisRecords } from './records.ts';
import { createRunner } from './runner.ts';
import { scriptsFor } from './scripts.ts';
import { slotOf } from './slots.ts';
import { createSubscriber } from './subscriber.ts';
import { createNames } from './text.ts';
import { createStoreTime } from './time.ts';
import { createWatch } from './watch.ts';

export interface RedisStoreOptions {
  /** How all keys begin. With something in braces, `{shop}:`, all of them lie in one slot of a cluster. Default `portcullis:`. */
  readonly prefix?: string;
  /** Whether the server keeps its data on the disk, as `appendonly yes` does. `inspect()` looks whether that is so. Default false. */
  readonly durable?: boolean;
  /** A client of its own, such as `client.duplicate()`, by which watchers hear of writes at once. Without it: within half a second. */
  readonly subscriber?: RedisClient;
  /** For simulations: the store then goes by this clock and not by the server's. */
  readonly clock?: Clock;
}

export interface RedisStore extends CounterStore, RecordStore, RemoteEvidence {
  /** Looks at the server and the client, and changes nothing: is what the server is told kept, evicted, copied? Never rejects. */
  inspect(): Promise<StoreInspection>;
  /** Ends the watching. The clients are the app's: it closes them. May be called twice. */
  close(): void;
}

export const redisDefaults = Object.freeze({ prefix: 'portcullis:', durable: false });

const maxPrefixChars = 64;

const prefixOption: OptionReader<string> = (given, name) => {
  const value = given === undefined ? redisDefaults.prefix : given;
  if (typeof value !== 'string' || !/^[!-~]+$/.test(value) || value.length > maxPrefixChars) throw wrong(name, `1 to ${maxPrefixChars} printable characters without spaces`, given);
  return value;
};

const clientOption: OptionReader<RedisClient> = (given, name) => {
  contactOf(given, name);
  return given as RedisClient;
};

/**
 * Counters, records and the evidence of the login guard in Redis 7 or a Redis Cluster, for all processes and machines of an app, by a client of ioredis, redis
 * or iovalkey that the app has connected. Every decision, over however many keys, is one script and one round trip, in the
 * server's time. Every counter ends by itself when its key has its whole burst again.
 *
 * The store sends nothing while the client is not connected: each call fails with ERR_STORE at once. It has no deadline of
 * its own. Throws ERR_CONFIG for wrong options.
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const { prefix, durable, subscriber: subscribing, clock } = readOptions('redisStore', options, {
    prefix: prefixOption,
    durable: flag(redisDefaults.durable),
    subscriber: optional(clientOption),
    clock: optional(port<Clock>(['nowMs', 'monotonicMs', 'after'])),
  });
  const contact = contactOf(client, 'redisStore.client');
  if (subscribing === client && !contact.cluster) throw new ConfigError('redisStore.subscriber: expected another client: one that subscribes can do nothing else');

  // Redis takes such braces for none: the evidence would lie in all slots, where no script reaches it.
  if (contact.cluster && /^[^{]*\{\}/.test(prefix)) throw new ConfigError('redisStore.prefix: expected no {} on a cluster');

  const run = createRunner(contact, clock ?? systemClock);
  const names = createNames(prefix);
  const time = createStoreTime(clock ?? systemClock, clock !== undefined);
  const scripts = scriptsFor(time.source);
  const subscriber = subscribing === undefined ? undefined : createSubscriber(subscribing);
  const watch = createWatch({ run, scripts, names, clock: clock ?? systemClock, cluster: contact.cluster, subscriber });
  const manySlots = contact.cluster && slotOf(`${prefix}a`) !== slotOf(`${prefix}b`);
  const counterParts = { run, scripts, names, time, clock: clock ?? systemClock };
  const counters = manySlots ? clusterCounters(counterParts) : redisCounters(counterParts, { together: true });

  return Object.freeze({
    ...counters,
    ...redisEvidence({ run, prefix, time }),
    ...redisRecords({ run, scripts, names, time, watch, durable }),
    inspect: () => inspect(client, { durable }),
    close: watch.stop,
  });
}
