import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { recordsPace, type RecordsPace } from '../records-load.ts';
import { interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';
import { startPostgres } from '../../test/support/servers/postgres.ts';
import { startRedis } from '../../test/support/servers/redis.ts';

const load = new URL('../records-load.ts', import.meta.url).href;
const rounds = 5;
const operations = 10_000;

async function run(): Promise<readonly BenchRow[]> {
  const redis = await startRedis({ appendOnly: true });
  const postgres = await startPostgres();
  try {
    const turn = (store: 'redis' | 'postgres', url: string) => (): Promise<RecordsPace> => inChild(load, recordsPace, { store, url, operations });
    const measured = await interleave({ redis: turn('redis', redis.url), postgres: turn('postgres', postgres.url) }, { rounds });
    const row = (store: 'redis' | 'postgres', what: keyof RecordsPace, subject: string): BenchRow => rowOf({ id: `records-${store}-${what}`, subject, unit: '/s', values: measured[store].map((pace) => pace[what]) });
    return [
      row('redis', 'reads', 'records read from Redis, 50 at once'),
      row('redis', 'writes', 'records written to Redis with appendonly and appendfsync always, 50 at once'),
      row('postgres', 'reads', 'records read from Postgres, 50 at once over 10 connections'),
      row('postgres', 'writes', 'records written to Postgres, each a commit, 50 at once over 10 connections'),
    ];
  } finally {
    await redis.stop();
    await postgres.stop();
  }
}

export const bench: Bench = {
  id: 'records',
  title: 'Records of a fleet',
  rows: ['records-redis-reads', 'records-redis-writes', 'records-postgres-reads', 'records-postgres-writes'],
  method:
    `One redis-server (appendonly, appendfsync always) and one PostgreSQL of Debian with its own settings on the same machine and disk. A turn is a fresh process that reads and then ` +
    `writes ${operations.toLocaleString('en-GB')} records of 300 characters, 2,000 keys, 50 at once. A write is a compare-and-set by version; the read that finds the next version is measured and taken off. ` +
    'For sizing; nobody is beside it.',
  run,
};
