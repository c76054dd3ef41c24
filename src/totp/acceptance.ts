import { admission, isDisabled, noFailures, withFailure, type FailureCap } from '../kernel/failure-cap.ts';
import type { RecordStep } from '../kernel/json-record.ts';
import { matchingStep, type Arithmetic } from './arithmetic.ts';
import { replaced, type StoredFactor, type TotpRecord } from './record.ts';
import type { TotpVerdict } from './totp.ts';
import type { Vault } from './vault.ts';

const periodMs = 30_000;
/** So many codes in a row that were a step behind are no slow typing: the clock of the authenticator is. */
const driftAfter = 5;

/** The steps whose codes are taken now: this one, and unless strict the one before (RFC 6238 section 5.2). Newest first. */
export function stepsAt(nowMs: number, strict: boolean): readonly number[] {
  const step = Math.max(0, Math.floor(nowMs / periodMs));
  return strict || step < 1 ? [step] : [step, step - 1];
}

export interface Attempt {
  readonly accountId: string;
  readonly code: string;
  readonly known: boolean;
  readonly nowMs: number;
  readonly strict: boolean;
  readonly cap: FailureCap;
  readonly maths: Arithmetic;
  readonly vault: Vault;
}

/** What an attempt comes to, and what is to be reported once it is written. */
export interface Outcome {
  readonly verdict: TotpVerdict;
  readonly factorId?: string;
  readonly driftedSteps?: number;
  readonly unreadable: readonly { readonly factorId: string; readonly reason: string }[];
}

/**
 * Decides one attempt on a record, for the compare-and-set that makes it true. A code is taken if its step is newer than the
 * last one that was; a wrong one is counted for every authenticator that it was compared with.
 */
export function attemptOn(record: TotpRecord, attempt: Attempt): RecordStep<TotpRecord, Outcome> {
  const usable = record.factors.filter(({ suspendedAtMs }) => suspendedAtMs === undefined);
  if (record.factors.length === 0) return told({ ok: false, reason: 'none-enrolled' });
  const admissions = usable.map((factor) => ({ factor, may: admission(factor.failures, attempt) }));
  const open = admissions.filter(({ may }) => may.ok).map(({ factor }) => factor);
  if (open.length === 0) {
    const waits = admissions.flatMap(({ may }) => (!may.ok && may.reason === 'wait' ? [may.retryAfterMs] : []));
    return told(waits.length > 0 ? { ok: false, reason: 'wait', retryAfterMs: Math.min(...waits) } : { ok: false, reason: 'disabled' });
  }
  return compared(record, open, attempt);
}

function told(verdict: TotpVerdict, more: Partial<Outcome> = {}): RecordStep<TotpRecord, Outcome> {
  return { value: undefined, answer: { verdict, unreadable: [], ...more } };
}

function compared(record: TotpRecord, open: readonly StoredFactor[], attempt: Attempt): RecordStep<TotpRecord, Outcome> {
  const { accountId, code, nowMs, strict, maths, vault } = attempt;
  const steps = stepsAt(nowMs, strict);
  const unreadable: { readonly factorId: string; readonly reason: string }[] = [];
  const matches: { readonly factor: StoredFactor; readonly secret: Uint8Array; readonly step: number }[] = [];
  const looked: StoredFactor[] = [];
  for (const factor of open) {
    const opened = vault.open({ accountId, factorId: factor.id, sealed: factor.sealed });
    if (!opened.ok) {
      unreadable.push({ factorId: factor.id, reason: opened.reason });
      continue;
    }
    looked.push(factor);
    const step = matchingStep(maths, { secret: opened.secret, code, steps });
    if (step !== undefined) matches.push({ factor, secret: opened.secret, step });
  }
  const fresh = matches.find(({ factor, step }) => step > factor.lastStep);
  if (fresh !== undefined) return accepted(record, { ...fresh, attempt, newest: steps[0] as number, unreadable });
  const [replay] = matches;
  // Not counted: it was right, and whoever saw it once must not use up the owner's tries by sending it again.
  if (replay !== undefined) return told({ ok: false, reason: 'replayed' }, { factorId: replay.factor.id, unreadable });
  return failed(record, { looked, attempt, unreadable });
}

interface Accepted {
  readonly factor: StoredFactor;
  readonly secret: Uint8Array;
  readonly step: number;
  readonly newest: number;
  readonly attempt: Attempt;
  readonly unreadable: Outcome['unreadable'];
}

/**
 * A success forgets the failures of the authenticator that it was, and of no other. What has closed the door to strangers stays
 * until the authenticator is restored (SP 800-63B-4 section 3.2.2): each sign-in of the owner would give them fifty tries more.
 */
function accepted(record: TotpRecord, { factor, secret, step, newest, attempt, unreadable }: Accepted): RecordStep<TotpRecord, Outcome> {
  const { accountId, nowMs, vault, cap } = attempt;
  const driftSteps = step - newest;
  const late = driftSteps === 0 ? 0 : (factor.late ?? 0) + 1;
  const sealed = vault.isOld(factor.sealed) ? vault.seal({ accountId, factorId: factor.id, secret }) : factor.sealed;
  const { failures: count } = factor;
  const failures = isDisabled(count, cap) ? { ...count, knownFailures: 0, lastKnownMs: 0 } : noFailures;
  const value = replaced(record, { ...factor, sealed, lastStep: step, lastUsedAtMs: nowMs, failures, late });
  return { value, answer: { verdict: { ok: true, factorId: factor.id, driftSteps }, factorId: factor.id, unreadable, ...(late === driftAfter && { driftedSteps: driftSteps }) } };
}

interface Failed {
  readonly looked: readonly StoredFactor[];
  readonly attempt: Attempt;
  readonly unreadable: Outcome['unreadable'];
}

function failed(record: TotpRecord, { looked, attempt, unreadable }: Failed): RecordStep<TotpRecord, Outcome> {
  const { cap, known, nowMs } = attempt;
  const disabledNow: string[] = [];
  const factors = record.factors.map((factor) => {
    if (!looked.includes(factor)) return factor;
    const failures = withFailure(factor.failures, { known, nowMs });
    if (!isDisabled(failures, cap) || isDisabled(factor.failures, cap)) return { ...factor, failures };
    disabledNow.push(factor.id);
    return { ...factor, failures, disabledAtMs: nowMs };
  });
  const verdict: TotpVerdict = { ok: false, reason: 'wrong-code', ...(disabledNow.length > 0 && { disabledNow }) };
  // With nothing to compare there is nothing to count.
  return { value: looked.length === 0 ? undefined : { ...record, factors }, answer: { verdict, unreadable } };
}
