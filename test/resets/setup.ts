import { createForcedResets, type ForcedResets, type ForcedResetsOptions } from 'portcullis/resets';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import type { StoredAccount } from '../../src/ports/accounts.ts';
import type { SecurityEvent } from '../../src/ports/events.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { emptyStore, noted, type StoreName } from '../support/record-stores.ts';

export const accountId = 'user-1';
export const by = 'admin-1';
export const dayMs = 86_400_000;
export const accountKey = accountRecordKey('reset', accountId);
export const appKey = accountRecordKey('reset-before', 'app');
export const teamKey = accountRecordKey('reset-before', 'organization team-1');

export { emptyStore, stores } from '../support/record-stores.ts';

export interface Setup {
  readonly resets: ForcedResets;
  readonly clock: FakeClock;
  readonly records: RecordStore;
  readonly events: SecurityEvent[];
  /** What was asked of the store, in order. */
  readonly calls: ('read' | 'compareAndSet')[];
  /** The same piece in another process. */
  readonly again: (options?: Partial<ForcedResetsOptions>) => ForcedResets;
  /** Puts a text where a record is. */
  readonly overwrite: (key: string, value: string) => Promise<void>;
}

export function setup({ store, on = 'memoryStore', clock = fakeClock(), ...options }: Partial<ForcedResetsOptions> & { readonly store?: RecordStore; readonly on?: StoreName; readonly clock?: FakeClock } = {}): Setup {
  const inner = store ?? emptyStore(on, clock);
  const { records, calls } = noted(inner);
  const events: SecurityEvent[] = [];
  const again: Setup['again'] = (other = {}) => createForcedResets({ records, clock, emit: (event) => events.push(event), ...options, ...other });
  return {
    resets: again(),
    clock,
    records,
    events,
    calls,
    again,
    async overwrite(key, value) {
      await inner.compareAndSet({ key, expectedVersion: (await inner.read(key))?.version ?? 0, value });
    },
  };
}

export function accountOf(id: string): StoredAccount {
  return { id, email: `${id}@example.org`, passwordHash: '$argon2id$', active: true, needsBreachRecheck: false, hasSecondFactor: false };
}

/** The app's table of so many accounts, in pages. The cursor is the number of the next account. */
export function tableOf(count: number, pageSize: number): (cursor: string | undefined) => Promise<{ readonly accounts: readonly StoredAccount[]; readonly next: string | undefined }> {
  return async (cursor = '0') => {
    const from = Number(cursor);
    const to = Math.min(count, from + pageSize);
    return Promise.resolve({ accounts: Array.from({ length: to - from }, (_, index) => accountOf(`user-${from + index}`)), next: to < count ? String(to) : undefined });
  };
}
