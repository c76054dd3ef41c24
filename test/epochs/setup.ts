import { createSessionEpochs, type EpochsOptions, type EpochVerdict, type SessionEpochs } from 'portcullis/epochs';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import type { SecurityEvent } from '../../src/ports/events.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import type { EpochMark } from '../../src/ports/session.ts';
import { emptyStore, noted, type StoreName } from '../support/record-stores.ts';

export const accountId = 'user-1';
export const by = 'admin-1';
export const dayMs = 86_400_000;

export { emptyStore, stores } from '../support/record-stores.ts';

/** The record of a scope: `everyone`, `organization team-1`, `user user-1`. */
export function keyOf(scope: string): string {
  return accountRecordKey('epoch', scope);
}

export interface Setup {
  readonly epochs: SessionEpochs;
  readonly clock: FakeClock;
  readonly records: RecordStore;
  /** The keys that were read, in order. */
  readonly reads: string[];
  readonly events: SecurityEvent[];
  readonly check: (mark: unknown, more?: { readonly organizationIds?: readonly string[]; readonly startedAtMs?: number; readonly accountId?: string }) => Promise<EpochVerdict>;
  readonly mark: (...organizationIds: readonly string[]) => Promise<EpochMark>;
  /** Another process with the same store. */
  readonly another: (more?: Partial<EpochsOptions>) => Setup;
  /** Takes a record away, or all that were ever read. */
  readonly lose: (scope?: string) => Promise<void>;
}

export function setup({ on = 'memoryStore', store, ...options }: Partial<EpochsOptions> & { readonly on?: StoreName; readonly store?: RecordStore } = {}): Setup {
  const clock = (options.clock as FakeClock | undefined) ?? fakeClock();
  const inner = store ?? emptyStore(on, clock);
  const { records, reads } = noted(inner);
  const events: SecurityEvent[] = [];
  const epochs = createSessionEpochs({ records, clock, emit: (event) => events.push(event), ...options });
  const remove = async (key: string): Promise<void> => {
    const found = await inner.read(key);
    if (found !== undefined) await inner.compareAndSet({ key, expectedVersion: found.version, value: null });
  };
  return {
    epochs,
    clock,
    records,
    reads,
    events,
    check: (mark, more) => epochs.check({ accountId, mark, ...more }),
    mark: (...organizationIds) => epochs.mark({ accountId, organizationIds }),
    another: (more) => setup({ ...options, store: inner, clock, ...more }),
    async lose(scope) {
      for (const key of scope === undefined ? new Set(reads) : [keyOf(scope)]) await remove(key);
    },
  };
}

/** `live`, or why not. */
export async function said(verdict: Promise<EpochVerdict>): Promise<string> {
  const given = await verdict;
  return given.live ? 'live' : given.reason;
}
