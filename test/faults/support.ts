import { monitorEventLoopDelay } from 'node:perf_hooks';
import { onTestFinished } from 'vitest';
import { Redis } from 'ioredis';
import { createPortcullis, memoryStore, type CounterStore, type Portcullis, type PortcullisOptions, type RecordStore, type EventType, type SecurityEvent } from 'portcullis';
import { redisStore } from 'portcullis/redis';
import { until } from '../support/servers/watched.ts';
import { goodPassword, keyRing, memoryTable, swiftEngine, type Table } from '../support/kit.ts';

/** What a test measured, where whoever reads its output sees it. */
export function figure(name: string, figures: Readonly<Record<string, string | number>>): void {
  process.stdout.write(`  ${name}: ${Object.entries(figures).map(([what, value]) => `${what} ${value}`).join(', ')}\n`);
}

/** A client as the README advises: it queues nothing, leaves a connection that has gone silent, and comes back soon. */
export function redisClient(port: number): Redis {
  const client = new Redis({ port, host: '127.0.0.1', enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 100, connectTimeout: 500, socketTimeout: 500, lazyConnect: true });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  return client;
}

export async function connectedStore(port: number): Promise<ReturnType<typeof redisStore>> {
  const client = redisClient(port);
  await client.connect();
  const store = redisStore(client);
  onTestFinished(() => {
    store.close();
  });
  return store;
}

export interface App {
  readonly portcullis: Portcullis;
  readonly table: Table;
  readonly events: SecurityEvent[];
  readonly password: string;
  /** How often a password of this account was looked at and found wrong. */
  wrongGuesses(accountId: string): number;
  /** Waits for an event that comes at this time or later (`performance.now()`), and answers it with its time. */
  event<T extends EventType>(type: T, fromMs: number, withinMs?: number): Promise<Extract<SecurityEvent, { readonly type: T }> & { readonly atMs: number }>;
}

/** An app with `accounts` people, all with the same good password, whose hash costs next to nothing. */
export async function appOn(stores: { readonly counters?: CounterStore; readonly records?: RecordStore }, options: Partial<PortcullisOptions> & { readonly people?: number } = {}): Promise<App> {
  const { people = 0, ...rest } = options;
  const table = memoryTable();
  const events: SecurityEvent[] = [];
  const times: number[] = [];
  const portcullis = createPortcullis({
    keys: keyRing,
    baseUrl: 'https://app.example.com',
    accounts: table,
    mailer: { send: async () => undefined },
    records: memoryStore(),
    readOnly: false,
    password: { minStrength: 0 },
    uniform: { quantumMs: 10 },
    breach: { sources: [{ name: 'none', check: async () => ({ verdict: 'clean' }) }] },
    hasher: { engine: swiftEngine() },
    reportError: () => undefined,
    onEvent(event) {
      if (event.type === 'store.failed') return;
      events.push(event);
      times.push(performance.now());
    },
    ...stores,
    ...rest,
  });
  onTestFinished(async () => {
    await portcullis.close(1_000);
  });
  const passwordHash = await portcullis.hasher.hash(goodPassword);
  for (let at = 0; at < people; at += 1) table.rows.set(`user-${at}`, { id: `user-${at}`, email: `user-${at}@example.com`, passwordHash, active: true, needsBreachRecheck: false, hasSecondFactor: false, profile: {} });
  return {
    portcullis,
    table,
    events,
    password: goodPassword,
    wrongGuesses: (accountId) => events.filter((event) => event.type === 'sign-in.failed' && event.accountId === accountId && event.reason === 'wrong-password').length,
    async event<T extends EventType>(type: T, fromMs: number, withinMs = 10_000) {
      const found = (): number => events.findIndex((event, at) => event.type === type && (times[at] ?? 0) >= fromMs);
      await until(`the event ${type}`, () => found() !== -1, withinMs);
      return { ...events[found()] as Extract<SecurityEvent, { readonly type: T }>, atMs: times[found()] ?? 0 };
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly tookMs: number;
  readonly beganMs: number;
}

/** One attempt, as a door would answer it. */
export async function attempt({ portcullis }: App, { who, password, address }: { readonly who: string; readonly password: string; readonly address: string }): Promise<Answer> {
  // As requests come: by a turn of the event loop.
  await new Promise(setImmediate);
  const beganMs = performance.now();
  const result = await portcullis.signIn.attempt({ identifier: `${who}@example.com`, password, facts: { address, accepts: 'json' } });
  const status = result.outcome === 'answered' ? result.reply.status : 200;
  return { status, beganMs, tookMs: performance.now() - beganMs };
}

/**
 * How long the event loop was held up at most since the start, ms: by other programs on the machine, mostly. What took longer than
 * it should by no more than that is not the store's fault.
 */
export function heldUp(): { readonly mostMs: () => number } {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  onTestFinished(() => {
    delays.disable();
  });
  return { mostMs: () => delays.max / 1e6 };
}

/** Does `count` things, for at most `concurrency` at once, in order. */
export async function eachOf(count: number, concurrency: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  }));
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function counted(values: readonly (number | string)[]): string {
  const counts = new Map<number | string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort().map(([value, count]) => `${value}: ${count}`).join(' ');
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
