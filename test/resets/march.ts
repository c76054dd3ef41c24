import { createForcedResets, type MarkAllJob, type MarkAllProgress } from 'portcullis/resets';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { bytesInUse } from '../support/collect.ts';
import { by, tableOf } from './setup.ts';

/**
 * Marks so many accounts in a store that keeps the job and forgets the accounts, so that what stays in memory is of the walk
 * alone. Answers the bytes in use after each tenth of the way but the last.
 */
export async function marchThrough(total: number): Promise<{ readonly retained: readonly number[]; readonly end: MarkAllProgress }> {
  const kept = memoryStore();
  const jobKey = accountRecordKey('reset-job', 'march');
  const records: RecordStore = {
    durable: true,
    read: async (key) => (key === jobKey ? kept.read(key) : Promise.resolve(undefined)),
    compareAndSet: async (change) => (change.key === jobKey ? kept.compareAndSet(change) : Promise.resolve(true)),
    watch: () => () => undefined,
  };
  const retained: number[] = [];
  const table = tableOf(total, 1_000);
  const pages: MarkAllJob['pages'] = async (cursor) => {
    if (cursor !== undefined && Number(cursor) % (total / 10) === 0) retained.push(await bytesInUse());
    return table(cursor);
  };
  const { signal } = new AbortController();
  const end = await createForcedResets({ records }).markAll({ id: 'march', reason: 'incident', by, pages, where: async () => Promise.resolve(true), signal });
  return { retained, end };
}
