/**
 * Failures in a row at one factor of one account. They do not expire (SP 800-63B-4 section 3.2.2): nothing but a success of
 * that same factor forgets them. Whoever guesses from a browser that the account knows is counted apart, so that strangers
 * cannot close the door in front of the owner. A number that cannot be true (negative, no whole number, text) counts as 100
 * failures: a store that lies closes a door and never opens one.
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
  /** Failures in a row from strangers, after which they are not heard any more. */
  readonly maxFailures: number;
  /** The same from known browsers. The two together are at most 100. */
  readonly maxKnownFailures: number;
}

/** Both pools together: what SP 800-63B-4 section 3.2.2 allows. */
export const mostFailures = 100;

/** Failures that cost no wait: a person mistypes. */
const freeFailures = 4;
const firstDelayMs = 1_000;
const hourMs = 3_600_000;
/**
 * How far the clocks of an app's machines may be apart: far more than those that are kept by NTP are. It is also what a clock that is
 * set back costs at most beside the wait.
 */
const skewMs = 60_000;
/** Where counting ends: far above every cap, far below where numbers lose their units. */
const mostCounted = 1_000_000;

/** May this factor be tried now? */
export type Admission = { readonly ok: true } | { readonly ok: false; readonly reason: 'disabled' } | { readonly ok: false; readonly reason: 'wait'; readonly retryAfterMs: number };

const admitted: Admission = Object.freeze({ ok: true });

/** Asked before the secret is compared. */
export function admission(count: FailureCount, { cap, known, nowMs }: { readonly cap: FailureCap; readonly known: boolean; readonly nowMs: number }): Admission {
  if (poolOf(count, known).failures >= (known ? cap.maxKnownFailures : cap.maxFailures)) return { ok: false, reason: 'disabled' };
  const retryAfterMs = waitMs(count, { known, nowMs });
  return retryAfterMs === 0 ? admitted : { ok: false, reason: 'wait', retryAfterMs };
}

/**
 * How long until the next try; 0 for none. From the fifth failure on the wait doubles: 1, 2, 4 s, up to `maxDelayMs` (an hour).
 * What cannot be guessed has this and no cap.
 */
export function waitMs(count: FailureCount, { known, nowMs, maxDelayMs = hourMs }: { readonly known: boolean; readonly nowMs: number; readonly maxDelayMs?: number }): number {
  const { failures, lastMs } = poolOf(count, known);
  if (failures <= freeFailures) return 0;
  const leftMs = lastMs + Math.min(firstDelayMs * 2 ** (failures - freeFailures - 1), maxDelayMs) - nowMs;
  // A clock that was set back would make people wait for the time to come round again; the cap still counts them.
  return isSetBack(lastMs, nowMs) ? 0 : Math.max(0, leftMs);
}

/** Whether the clock was set back since. A little is no setting back but another machine, on which the wait must not be over. */
function isSetBack(lastMs: number, nowMs: number): boolean {
  return lastMs > nowMs + skewMs;
}

/**
 * The count after one more failure. Its time never goes back on a machine that is behind: so whoever tries at several of them gains
 * once what their clocks are apart, and not at each wait.
 */
export function withFailure(count: FailureCount, { known, nowMs }: { readonly known: boolean; readonly nowMs: number }): FailureCount {
  const before = poolOf(count, known);
  const failures = Math.min(before.failures + 1, mostCounted);
  const lastMs = isSetBack(before.lastMs, nowMs) ? nowMs : Math.max(before.lastMs, nowMs);
  return known ? { ...count, knownFailures: failures, lastKnownMs: lastMs } : { ...count, failures, lastMs };
}

/** Whether strangers are heard no more: that is when a factor counts as disabled. */
export function isDisabled(count: FailureCount, cap: FailureCap): boolean {
  return poolOf(count, false).failures >= cap.maxFailures;
}

function poolOf({ failures, knownFailures, lastMs, lastKnownMs }: FailureCount, known: boolean): { readonly failures: number; readonly lastMs: number } {
  return known ? pool(knownFailures, lastKnownMs) : pool(failures, lastMs);
}

/** A time that cannot be true is as long ago as can be: the count beside it holds, and the next failure writes a true one. */
function pool(failures: number, lastMs: number): { readonly failures: number; readonly lastMs: number } {
  return { failures: Number.isInteger(failures) && failures >= 0 ? failures : mostFailures, lastMs: Number.isFinite(lastMs) ? lastMs : 0 };
}
