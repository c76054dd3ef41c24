/**
 * Failures in a row at one factor of one account. They do not expire (SP 800-63B-4 section 3.2.2): nothing but a success of
 * that same factor forgets them. Whoever guesses from a browser that the account knows is counted apart, so that strangers
 * cannot close the door in front of the owner.
 */
export interface FailureCount {
  readonly failures: number;
  readonly knownFailures: number;
  /** Wall-clock ms of the last failure in each pool; 0 for none. */
  readonly lastMs: number;
  readonly lastKnownMs: number;
}

export const noFailures: FailureCount = Object.freeze({ failures: 0, knownFailures: 0, lastMs: 0, lastKnownMs: 0 });

export interface FailureCap {
  /** Failures in a row from strangers, after which they are not heard any more. Infinity for what cannot be guessed. */
  readonly maxFailures: number;
  /** The same from known browsers. The two together are at most 100. */
  readonly maxKnownFailures: number;
}

/** Both pools together: what SP 800-63B-4 section 3.2.2 allows. */
export const mostFailures = 100;

/** Failures that cost no wait: a person mistypes. */
const freeFailures = 4;
const maxDelayMs = 3_600_000;

/** May this factor be tried now? */
export type Admission = { readonly ok: true } | { readonly ok: false; readonly reason: 'disabled' } | { readonly ok: false; readonly reason: 'wait'; readonly retryAfterMs: number };

const admitted: Admission = Object.freeze({ ok: true });

/** Asked before the secret is compared. From the fifth failure on the wait doubles: 1, 2, 4 s, up to an hour. */
export function admission(count: FailureCount, { cap, known, nowMs }: { readonly cap: FailureCap; readonly known: boolean; readonly nowMs: number }): Admission {
  const { failures, lastMs } = poolOf(count, known);
  if (failures >= (known ? cap.maxKnownFailures : cap.maxFailures)) return { ok: false, reason: 'disabled' };
  if (failures <= freeFailures) return admitted;
  const delayMs = Math.min(1_000 * 2 ** (failures - freeFailures - 1), maxDelayMs);
  const elapsedMs = nowMs - lastMs;
  // A clock that was set back would make people wait for the time to come round again; the cap still counts them.
  return elapsedMs < 0 || elapsedMs >= delayMs ? admitted : { ok: false, reason: 'wait', retryAfterMs: delayMs - elapsedMs };
}

/** The count after one more failure. */
export function withFailure(count: FailureCount, { known, nowMs }: { readonly known: boolean; readonly nowMs: number }): FailureCount {
  return known ? { ...count, knownFailures: count.knownFailures + 1, lastKnownMs: nowMs } : { ...count, failures: count.failures + 1, lastMs: nowMs };
}

/** Whether strangers are heard no more: that is when a factor counts as disabled. */
export function isDisabled(count: FailureCount, cap: FailureCap): boolean {
  return count.failures >= cap.maxFailures;
}

function poolOf({ failures, knownFailures, lastMs, lastKnownMs }: FailureCount, known: boolean): { readonly failures: number; readonly lastMs: number } {
  return known ? { failures: knownFailures, lastMs: lastKnownMs } : { failures, lastMs };
}
