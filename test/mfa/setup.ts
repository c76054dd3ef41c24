import type { RecordStore, SecurityEvent, SessionFacts } from 'portcullis';
import { createMfaPolicy, type MfaPolicies, type MfaPolicy, type MfaPolicyOptions, type MfaScope } from 'portcullis/mfa';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { deathsWithin, emptyStore, type StoreName } from '../support/record-stores.ts';

export const hour = 3_600_000;
export const day = 24 * hour;
export const nowMs = 1_800_000_000_000;
export const team: MfaScope = { kind: 'organization', id: 'team-1' };
/** Where the policy of `team` lies. */
export const teamKey = accountRecordKey('mfa-policy', 'organization team-1');

export { dying, emptyStore, stores } from '../support/record-stores.ts';

export interface Setup {
  readonly mfa: MfaPolicies;
  readonly clock: FakeClock;
  readonly records: RecordStore;
  readonly events: readonly SecurityEvent[];
}

export function setup({ on = 'memoryStore', ...options }: Partial<MfaPolicyOptions> & { readonly on?: StoreName } = {}): Setup {
  const clock = fakeClock();
  const records = options.records ?? emptyStore(on, clock);
  const events: SecurityEvent[] = [];
  return { mfa: createMfaPolicy({ records, clock, emit: (event) => events.push(event), ...options }), clock, records, events };
}

export const deaths = deathsWithin(3);

/** A policy as it binds at `nowMs`. */
export function policy(graceUntilMs: number, id = 'team-1'): MfaPolicy {
  return { scope: { kind: 'organization', id }, sinceMs: nowMs - 30 * day, graceUntilMs, by: 'admin-1' };
}

export function session(proofs: SessionFacts['proofs'], stage: SessionFacts['stage'] = 'full'): SessionFacts {
  return { accountId: 'ada', stage, startedAtMs: nowMs - day, proofs };
}
