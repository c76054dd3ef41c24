import { createHash } from 'node:crypto';
import { createRecoveryCodes, type RecoveryCodes, type RecoveryOptions } from 'portcullis/recovery';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import type { RandomSource } from '../../src/ports/random.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { emptyStore, noted, type StoreName } from '../support/record-stores.ts';

export const accountId = 'user-1';
export const recordKey = accountRecordKey('recovery', accountId);
/** A code of the right form that was never made. */
export const neverMade = '00000-00000-00000-00000-000000';

export { emptyStore, stores } from '../support/record-stores.ts';

export interface Setup {
  readonly recovery: RecoveryCodes;
  readonly clock: FakeClock;
  readonly records: RecordStore;
  /** What was asked of the store, in order. */
  readonly calls: ('read' | 'compareAndSet')[];
  /** What is stored for the account. */
  readonly stored: () => Promise<string | undefined>;
  readonly redeem: (code: unknown, known?: boolean) => ReturnType<RecoveryCodes['redeem']>;
}

/** Bytes that look random and are the same in every run. */
export function seeded(seed: string): RandomSource {
  let turn = 0;
  return (sizeBytes) => createHash('shake256', { outputLength: sizeBytes }).update(`${seed} ${(turn += 1)}`).digest();
}

export function setup({ store, on = 'memoryStore', ...options }: Partial<RecoveryOptions> & { readonly store?: RecordStore; readonly on?: StoreName } = {}): Setup {
  const clock = fakeClock();
  const inner = store ?? emptyStore(on, clock);
  const { records, calls } = noted(inner);
  const recovery = createRecoveryCodes({ records, clock, ...options });
  return {
    recovery,
    clock,
    records,
    calls,
    stored: async () => (await inner.read(recordKey))?.value,
    redeem: (code, known) => recovery.redeem({ accountId, code, ...(known !== undefined && { known }) }),
  };
}

export async function repeated<T>(times: number, act: () => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let turn = 0; turn < times; turn += 1) all.push(await act());
  return all;
}
