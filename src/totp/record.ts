import { StoreError } from '../kernel/errors.ts';
import { isDisabled, type FailureCap, type FailureCount } from '../kernel/failure-cap.ts';
import type { TotpFactor } from './totp.ts';

/** What an authenticator is from its enrollment on. Times are wall-clock ms. */
interface Enrolled {
  readonly id: string;
  readonly name: string;
  readonly source?: string;
  /** The secret, sealed for this account and this factor. */
  readonly sealed: string;
  readonly createdAtMs: number;
}

/** One that waits for its first code. */
export interface PendingFactor extends Enrolled {
  readonly expiresAtMs: number;
  readonly triesLeft: number;
}

/** One that counts. */
export interface StoredFactor extends Enrolled {
  readonly confirmedAtMs: number;
  readonly lastUsedAtMs?: number;
  /** The newest step whose code was taken: none up to it is taken again. */
  readonly lastStep: number;
  readonly failures: FailureCount;
  /** When strangers had failed too often. */
  readonly disabledAtMs?: number;
  readonly suspendedAtMs?: number;
  /** Codes in a row that were a step behind. */
  readonly late?: number;
}

/** All authenticators of an account. The record stays when the last one goes: its absence means that it was lost. */
export interface TotpRecord {
  readonly factors: readonly StoredFactor[];
  readonly pending?: PendingFactor;
}

export const noFactors: TotpRecord = Object.freeze({ factors: [] });

/** What the record store handed back; a record that is not one of these is a broken store. */
export function checkedRecord(found: TotpRecord | undefined): TotpRecord {
  if (found === undefined) return noFactors;
  if (!isRecord(found)) throw new StoreError('records: expected authenticators in a record of the kind "totp"');
  return found;
}

/** Every field that decides: without a number in it, a comparison would say yes for ever. */
function isRecord({ factors, pending }: TotpRecord): boolean {
  return Array.isArray(factors) && factors.every(isFactor) && (pending === undefined || isPending(pending));
}

function isFactor(factor: Partial<StoredFactor> | null): boolean {
  if (!isEnrolled(factor)) return false;
  const { lastStep, failures, confirmedAtMs, disabledAtMs, suspendedAtMs } = factor as StoredFactor;
  return isCount(lastStep) && typeof failures === 'object' && (failures as unknown) !== null && [confirmedAtMs, disabledAtMs ?? 0, suspendedAtMs ?? 0].every(Number.isFinite);
}

function isPending(pending: Partial<PendingFactor> | null): boolean {
  if (!isEnrolled(pending)) return false;
  const { expiresAtMs, triesLeft } = pending as PendingFactor;
  return Number.isFinite(expiresAtMs) && isCount(triesLeft);
}

function isEnrolled(enrolled: Partial<Enrolled> | null): boolean {
  return typeof enrolled?.id === 'string' && typeof enrolled.sealed === 'string';
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

export function replaced(record: TotpRecord, factor: StoredFactor): TotpRecord {
  return { ...record, factors: record.factors.map((each) => (each.id === factor.id ? factor : each)) };
}

/** As its owner may see it. */
export function shownFactor({ id, name, source, createdAtMs, confirmedAtMs, lastUsedAtMs, failures, disabledAtMs, suspendedAtMs }: StoredFactor, cap: FailureCap): TotpFactor {
  const disabled = isDisabled(failures, cap);
  const state = suspendedAtMs !== undefined ? 'suspended' : disabled ? 'disabled' : 'active';
  const stateSinceMs = suspendedAtMs ?? (disabled ? disabledAtMs : undefined) ?? confirmedAtMs;
  return Object.freeze({ id, name, createdAtMs, confirmedAtMs, lastUsedAtMs, state, stateSinceMs, source });
}
