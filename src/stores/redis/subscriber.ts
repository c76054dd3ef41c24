import { ConfigError } from '../../kernel/errors.ts';
import { isNodeRedis, type ClientFacts, type RedisClient } from './client.ts';

/** Hears what is published. It is a way to hear sooner, never the only one: what it cannot do now it tries again. */
export interface Subscriber {
  /** Whoever listens to a channel; `refresh` makes it so. */
  add(channel: string, heard: (message: string) => void): void;
  remove(channel: string): void;
  /** Subscribes to what is wanted and not subscribed yet. */
  refresh(): void;
}

interface Line {
  isReady(): boolean;
  subscribe(channel: string, heard: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

/** Throws ERR_CONFIG. */
export function createSubscriber(client: RedisClient): Subscriber {
  const line = lineOf(client);
  const wanted = new Map<string, (message: string) => void>();
  const subscribed = new Set<string>();

  function subscribe(channel: string): void {
    subscribed.add(channel);
    const heard = (message: string): void => wanted.get(channel)?.(message);
    attempt(() => line.subscribe(channel, heard), () => subscribed.delete(channel));
  }

  return {
    add: (channel, heard) => void wanted.set(channel, heard),
    remove(channel) {
      wanted.delete(channel);
      if (subscribed.delete(channel) && line.isReady()) attempt(() => line.unsubscribe(channel), () => undefined);
    },
    refresh() {
      if (!line.isReady()) return;
      for (const channel of wanted.keys()) if (!subscribed.has(channel)) subscribe(channel);
    },
  };
}

function attempt(work: () => Promise<unknown>, failed: () => unknown): void {
  try {
    work().catch(failed);
  } catch {
    failed();
  }
}

interface NodeRedisSubscriber {
  subscribe(channel: string, heard: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

interface IoRedisSubscriber {
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: 'message', heard: (channel: string, message: string) => void): unknown;
}

function lineOf(client: RedisClient): Line {
  const given = client as unknown as Readonly<Record<string, unknown>> & ClientFacts;
  const missing = ['subscribe', 'unsubscribe'].find((method) => typeof given[method] !== 'function');
  if (missing !== undefined) throw new ConfigError(`redisStore.subscriber: expected a client, got one without ${missing}()`);
  if (isNodeRedis(client)) {
    const own = client as unknown as NodeRedisSubscriber;
    return {
      isReady: () => given.isReady === true,
      subscribe: (channel, heard) => own.subscribe(channel, heard),
      unsubscribe: (channel) => own.unsubscribe(channel),
    };
  }
  const own = client as unknown as IoRedisSubscriber;
  const listeners = new Map<string, (message: string) => void>();
  own.on('message', (channel, message) => listeners.get(channel)?.(message));
  return {
    isReady: () => given.status === 'ready' || given.status === 'wait',
    subscribe(channel, heard) {
      listeners.set(channel, heard);
      return own.subscribe(channel);
    },
    unsubscribe(channel) {
      listeners.delete(channel);
      return own.unsubscribe(channel);
    },
  };
}
