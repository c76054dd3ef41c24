import { memoryStore, type RecordStore, type SecurityEvent, type SessionFacts } from 'portcullis';
import { createMfaPolicy, type MfaPolicies, type MfaPolicy, type MfaPolicyOptions, type MfaScope } from 'portcullis/mfa';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { freshPath, openStore } from '../stores/sqlite-support.ts';

export const hour = 3_600_000;
export const day = 24 * hour;
export const nowMs = 1_800_000_000_000;
export const team: MfaScope = { kind: 'organization', id: 'team-1' };
/** Where the policy of `team` lies. */
export const teamKey = accountRecordKey('mfa-policy', 'organization team-1');

/** What is said of one store is said of all. */
export const stores = ['memoryStore', 'sqliteStore'] as const;

export function emptyStore(name: (typeof stores)[number], clock: FakeClock): RecordStore {
  return name === 'memoryStore' ? memoryStore({ clock }) : openStore(freshPath(), { clock });
}

export interface Setup {
  readonly mfa: MfaPolicies;
  readonly clock: FakeClock;
  readonly records: RecordStore;
  readonly events: readonly SecurityEvent[];
}

export function setup({ on = 'memoryStore', ...options }: Partial<MfaPolicyOptions> & { readonly on?: (typeof stores)[number] } = {}): Setup {
  const clock = fakeClock();
  const records = options.records ?? emptyStore(on, clock);
  const events: SecurityEvent[] = [];
  return { mfa: createMfaPolicy({ records, clock, emit: (event) => events.push(event), ...options }), clock, records, events };
}

export interface Death {
  readonly atCall: number;
  /** Whether the store did it before nobody heard any more. */
  readonly done: boolean;
}

export const deaths: readonly Death[] = [1, 2, 3].flatMap((atCall) => [{ atCall, done: false }, { atCall, done: true }]);

/** A process that ends at the n-th call of its store: before the store did it, or after and before anybody heard. */
export function dying(store: RecordStore, { atCall, done }: Death): RecordStore {
  let calls = 0;
  async function counted<T>(call: () => Promise<T>): Promise<T> {
    calls += 1;
    if (calls > atCall) throw new Error('dead');
    if (calls < atCall) return call();
    if (done) await call();
    throw new Error('dead');
  }
  return { durable: true, read: (key) => counted(() => store.read(key)), compareAndSet: (change) => counted(() => store.compareAndSet(change)), watch: (key, changed) => store.watch(key, changed) };
}

/** A policy as it binds at `nowMs`. */
export function policy(graceUntilMs: number, id = 'team-1'): MfaPolicy {
  return { scope: { kind: 'organization', id }, sinceMs: nowMs - 30 * day, graceUntilMs, by: 'admin-1' };
}

export function session(proofs: SessionFacts['proofs'], stage: SessionFacts['stage'] = 'full'): SessionFacts {
  return { accountId: 'ada', stage, startedAtMs: nowMs - day, proofs };
}
