import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admission, isDisabled, mostFailures, noFailures, waitMs, withFailure, type Admission, type FailureCap, type FailureCount } from '../../src/kernel/failure-cap.ts';

const cap: FailureCap = { maxFailures: 50, maxKnownFailures: 20 };
const nowMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

function failed(times: number, known = false, from: FailureCount = noFailures): FailureCount {
  return Array.from({ length: times }).reduce<FailureCount>((count) => withFailure(count, { known, nowMs }), from);
}

function asked(count: FailureCount, { known = false, afterMs = 0 } = {}): Admission {
  return admission(count, { cap, known, nowMs: nowMs + afterMs });
}

describe('the wait after failures in a row', () => {
  it.each([
    [0, 0], [4, 0], [5, 1_000], [6, 2_000], [7, 4_000], [8, 8_000], [11, 64_000], [16, 2_048_000], [17, hourMs], [18, hourMs], [49, hourMs],
  ])('is, after %i of them, %i ms', (failures, delayMs) => {
    const count = failed(failures);
    expect(asked(count)).toEqual(delayMs === 0 ? { ok: true } : { ok: false, reason: 'wait', retryAfterMs: delayMs });
    expect(asked(count, { afterMs: delayMs })).toEqual({ ok: true });
    if (delayMs > 0) expect(asked(count, { afterMs: delayMs - 1 })).toEqual({ ok: false, reason: 'wait', retryAfterMs: 1 });
  });

  it('is as long as the caller lets it become', () => {
    expect([5, 10, 11, 12, 900].map((failures) => waitMs(failed(failures), { known: false, nowMs, maxDelayMs: 60_000 }))).toEqual([1_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('counts from the last failure and has no end in time: years later the next failure costs more than the one before', () => {
    const later = nowMs + 10 * 365 * 24 * hourMs;
    const count = withFailure(failed(6), { known: false, nowMs: later });
    expect(admission(count, { cap, known: false, nowMs: later })).toEqual({ ok: false, reason: 'wait', retryAfterMs: 4_000 });
  });
});

// checklist 8; SP 800-63B-4 section 3.2.2
describe('the cap', () => {
  it('closes the factor to strangers at the fiftieth failure, for ever', () => {
    expect(isDisabled(failed(49), cap)).toBe(false);
    expect(isDisabled(failed(50), cap)).toBe(true);
    expect(asked(failed(50), { afterMs: 1_000 * hourMs })).toEqual({ ok: false, reason: 'disabled' });
    expect(asked(failed(51), { afterMs: -1_000 * hourMs })).toEqual({ ok: false, reason: 'disabled' });
  });

  it('closes it to known browsers at their own, and there is no more in both together than the standard allows', () => {
    expect(asked(failed(19, true), { known: true, afterMs: hourMs })).toEqual({ ok: true });
    expect(asked(failed(20, true), { known: true, afterMs: hourMs })).toEqual({ ok: false, reason: 'disabled' });
    expect(mostFailures).toBe(100);
  });

  it('keeps the two apart: neither makes the other wait, or closes it', () => {
    expect(asked(failed(50), { known: true })).toEqual({ ok: true });
    expect(asked(failed(20, true))).toEqual({ ok: true });
    expect(isDisabled(failed(20, true), cap)).toBe(false);
    expect(failed(3, true, failed(7))).toEqual({ failures: 7, knownFailures: 3, lastMs: nowMs, lastKnownMs: nowMs });
  });

  it('counts from nothing again only with noFailures, which nobody can change', () => {
    expect(Object.isFrozen(noFailures)).toBe(true);
    withFailure(noFailures, { known: false, nowMs });
    expect(noFailures).toEqual({ failures: 0, knownFailures: 0, lastMs: 0, lastKnownMs: 0 });
  });
});

describe('a wall clock that is set back', () => {
  it('makes nobody wait for the time to come round again', () => {
    expect(asked(failed(10), { afterMs: -hourMs })).toEqual({ ok: true });
  });

  it('frees nobody either: the next failure counts, and its wait is on the new time', () => {
    const back = nowMs - 1_000 * hourMs;
    const count = withFailure(failed(10), { known: false, nowMs: back });
    expect(admission(count, { cap, known: false, nowMs: back })).toEqual({ ok: false, reason: 'wait', retryAfterMs: 64_000 });
  });

  it('lets nobody use another machine, whose clock is a little behind, to wait less', () => {
    expect(asked(failed(5), { afterMs: -3_000 })).toEqual({ ok: false, reason: 'wait', retryAfterMs: 4_000 });
    expect(asked(failed(5), { afterMs: -10_000 })).toEqual({ ok: false, reason: 'wait', retryAfterMs: 11_000 });
    expect(asked(failed(5), { afterMs: -10_001 })).toEqual({ ok: true });
  });
});

describe('a count that cannot be true', () => {
  const lies: readonly unknown[] = [NaN, -1, 2.5, Infinity, -Infinity, '3', '', null, undefined, true, [], {}];

  it.each(lies.map((lie) => [lie]))('is 100 failures: %j closes the door', (lie) => {
    const count = { ...noFailures, failures: lie, knownFailures: lie } as FailureCount;
    for (const known of [false, true]) expect(asked(count, { known })).toEqual({ ok: false, reason: 'disabled' });
    expect(isDisabled(count, cap)).toBe(true);
    expect(withFailure(count, { known: false, nowMs }).failures).toBe(101);
    expect(withFailure(count, { known: true, nowMs }).knownFailures).toBe(101);
  });

  it.each(lies.map((lie) => [lie]))('with a time of %j locks nobody for ever and forgets nothing', (lie) => {
    const count = { ...failed(9), lastMs: lie } as FailureCount;
    expect(asked(count)).toEqual({ ok: true });
    expect(asked(withFailure(count, { known: false, nowMs }))).toEqual({ ok: false, reason: 'wait', retryAfterMs: 32_000 });
  });

  it('never throws, never opens what is closed, and stays JSON', () => {
    const numbers = fc.oneof(fc.double(), fc.integer(), fc.anything());
    fc.assert(
      fc.property(fc.record({ failures: numbers, knownFailures: numbers, lastMs: numbers, lastKnownMs: numbers }), fc.boolean(), (given, known) => {
        const count = given as FailureCount;
        const verdict = asked(count, { known });
        const read = known ? given.knownFailures : given.failures;
        const isSmall = Number.isInteger(read) && (read as number) >= 0 && (read as number) < (known ? cap.maxKnownFailures : cap.maxFailures);
        expect(!verdict.ok && verdict.reason === 'disabled').toBe(!isSmall);
        if (!verdict.ok && verdict.reason === 'wait') expect(verdict.retryAfterMs).toSatisfy((ms: number) => ms > 0 && ms <= hourMs + 10_000);
        const next = withFailure(noFailures, { known, nowMs });
        expect(JSON.parse(JSON.stringify(next))).toEqual(next);
      }),
    );
  });

  it('ends at a million, which no number format loses', () => {
    for (const failures of [999_999, 1_000_000, 1e15, Number.MAX_VALUE]) {
      const next = withFailure({ ...noFailures, failures }, { known: false, nowMs });
      expect(next.failures).toBe(1_000_000);
      expect(waitMs(next, { known: false, nowMs })).toBe(hourMs);
      expect(isDisabled(next, cap)).toBe(true);
    }
  });
});
