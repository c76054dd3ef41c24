import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startBucket } from '../../examples/own-store/bucket.ts';
import { startPostgres } from '../support/servers/postgres.ts';
import { startRedis, startRedisCluster } from '../support/servers/redis.ts';
import { openApp, type App } from './app.ts';
import type { Place } from './places.ts';
import { endRacers, startRacer, type Race, type Racer } from './team.ts';

/** A store to race on. */
export interface Ground {
  readonly name: string;
  /** What must be a real one: a server that answers its callers in turn anyway would prove nothing. */
  readonly server: 'none' | 'redis' | 'postgres';
  readonly hasCounters: boolean;
  /** Starts what it needs. */
  open(folder: string): Promise<{ readonly place: Place; readonly stop: () => Promise<void> }>;
}

const prefix = 'races:';

async function redis(driver: 'ioredis' | 'node-redis') {
  const server = await startRedis();
  return { place: { kind: 'redis', driver, url: server.url, prefix } as const, stop: () => server.stop() };
}

async function redisCluster(driver: 'ioredis' | 'node-redis') {
  const cluster = await startRedisCluster();
  return { place: { kind: 'redis-cluster', driver, ports: cluster.addresses.map(({ port }) => port), prefix } as const, stop: () => cluster.stop() };
}

async function postgres() {
  const server = await startPostgres();
  return { place: { kind: 'postgres', url: server.url, table: 'races' } as const, stop: () => server.stop() };
}

async function ownStore() {
  const bucket = await startBucket();
  return { place: { kind: 'own-store', url: bucket.url } as const, stop: () => bucket.close() };
}

export const grounds: readonly Ground[] = [
  { name: 'sqlite', server: 'none', hasCounters: true, open: async (folder) => ({ place: { kind: 'sqlite', path: join(folder, 'store.db') }, stop: async () => undefined }) },
  { name: 'redis by ioredis', server: 'redis', hasCounters: true, open: () => redis('ioredis') },
  { name: 'redis by node-redis', server: 'redis', hasCounters: true, open: () => redis('node-redis') },
  { name: 'redis cluster by ioredis', server: 'redis', hasCounters: true, open: () => redisCluster('ioredis') },
  { name: 'redis cluster by node-redis', server: 'redis', hasCounters: true, open: () => redisCluster('node-redis') },
  { name: 'postgres', server: 'postgres', hasCounters: false, open: postgres },
  { name: 'the store of the examples', server: 'none', hasCounters: false, open: ownStore },
];

/** Racers for all groups of a file. `skewsMs`: one for each, and how far its clock is off. */
export function racersForFile(skewsMs: readonly number[]): () => readonly Racer[] {
  let racers: readonly Racer[] = [];
  beforeAll(async () => {
    racers = await Promise.all(skewsMs.map((skewMs, number) => startRacer({ number, skewMs })));
  }, 60_000);
  afterAll(() => endRacers(racers));
  return () => racers;
}

/** A store that the racers are on, and an app of this process on it. */
export interface Field {
  readonly app: App;
  readonly where: { readonly place: Place; readonly table: string };
}

/** One for all tests of a group. */
export function fieldForGroup(ground: Ground, racers: () => readonly Racer[]): () => Field {
  let field: Field | undefined;
  const toEnd: (() => unknown)[] = [];
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-races-'));
    toEnd.push(() => { rmSync(folder, { recursive: true, force: true }); });
    const { place, stop } = await ground.open(folder);
    toEnd.push(stop);
    const where = { place, table: join(folder, 'accounts.db') };
    const app = await openApp(where);
    toEnd.push(() => app.close());
    await Promise.all(racers().map((racer) => racer.order({ open: where })));
    field = { app, where };
  }, 60_000);
  afterAll(async () => {
    await Promise.all(racers().map((racer) => racer.order({ leave: true })));
    for (const end of toEnd.reverse()) await end();
  });
  return () => {
    if (field === undefined) throw new Error('the field is not open');
    return field;
  };
}

/** Collects what each race came to, and prints it when all of a file are over. */
export function figuresOfFile(title: string): (what: string, race: Race) => void {
  const lines: string[] = [];
  afterAll(() => {
    if (lines.length > 0) console.log(`${title}\n${lines.join('\n')}`);
  });
  return (what, { attempts, done, refused, tookMs, by }) => {
    const why = Object.entries(refused).map(([outcome, count]) => `${count} ${outcome}`).join(', ');
    lines.push(`  ${what}: ${attempts} attempts, ${done} done (${by.join('+')}), refused: ${why || 'none'}, ${Math.round(tookMs)} ms`);
  };
}
