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
    expect(asked(failed(5), { afterMs: -30_000 })).toEqual({ ok: false, reason: 'wait', retryAfterMs: 31_000 });
    expect(asked(failed(5), { afterMs: -60_000 })).toEqual({ ok: false, reason: 'wait', retryAfterMs: 61_000 });
    expect(asked(failed(5), { afterMs: -60_001 })).toEqual({ ok: true });
  });

  it('costs a minute at most beside the wait, however far it was set back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 49 }), fc.integer({ min: 0, max: 400 * 24 * hourMs }), (failures, backMs) => {
        const verdict = asked(failed(failures), { afterMs: -backMs });
        const before = asked(failed(failures));
        if (before.ok || before.reason !== 'wait') throw new Error('expected a wait');
        if (verdict.ok) expect(backMs).toBeGreaterThan(60_000);
        else expect(verdict).toEqual({ ok: false, reason: 'wait', retryAfterMs: before.retryAfterMs + backMs });
      }),
    );
  });

  it('forgets no failure that a machine ahead of this one has counted', () => {
    const ahead = withFailure(failed(4), { known: false, nowMs: nowMs + 30_000 });
    expect(withFailure(ahead, { known: false, nowMs })).toMatchObject({ failures: 6, lastMs: nowMs + 30_000 });
    // What was set back by more begins on the new time.
    expect(withFailure(ahead, { known: false, nowMs: nowMs - hourMs })).toMatchObject({ failures: 6, lastMs: nowMs - hourMs });
  });
});

// SP 800-63B-4 section 3.2.2
describe('machines whose clocks are up to a minute apart', () => {
  interface Fleet {
    readonly skewsMs: readonly number[];
    readonly tries: readonly { readonly host: number; readonly waitMs: number }[];
  }

  /** Somebody who tries wrong codes at whichever machine he likes, and what was counted. `elapsedMs`: from the first counted one to the last. */
  function guess({ skewsMs, tries }: Fleet, known: boolean): { readonly counted: number; readonly elapsedMs: number } {
    let count = noFailures;
    let realMs = nowMs;
    let [firstMs, lastMs] = [NaN, NaN];
    for (const { host, waitMs: pauseMs } of tries) {
      realMs += pauseMs;
      const at = { known, nowMs: realMs + (skewsMs[host % skewsMs.length] ?? 0) };
      if (waitMs(count, at) > 0) continue;
      count = withFailure(count, at);
      firstMs = Number.isNaN(firstMs) ? realMs : firstMs;
      lastMs = realMs;
    }
    return { counted: known ? count.knownFailures : count.failures, elapsedMs: Number.isNaN(firstMs) ? 0 : lastMs - firstMs };
  }

  /** What the waits between so many failures come to on one clock. */
  function waitsOf(failures: number): number {
    return Array.from({ length: Math.max(0, failures - 1) }, (_, at) => waitMs(failed(at + 1), { known: false, nowMs })).reduce((sum, each) => sum + each, 0);
  }

  const hosts = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 8 });
  const tries = fc.array(fc.record({ host: fc.nat({ max: 7 }), waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9_000 })) }), { minLength: 1, maxLength: 120, size: 'max' });

  it('gain whoever tries at all of them no more than those clocks are apart, once and not at each wait', () => {
    fc.assert(
      fc.property(hosts, tries, fc.boolean(), (skewsMs, order, known) => {
        const { counted, elapsedMs } = guess({ skewsMs, tries: order }, known);
        const apartMs = Math.max(...skewsMs) - Math.min(...skewsMs);
        expect(waitsOf(counted)).toBeLessThanOrEqual(elapsedMs + apartMs);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([[30_000, 0], [0, 30_000]])('count one more than one machine, of any number of wrong codes at once: %i and %i ms', (...skewsMs) => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1 }), { minLength: 50, maxLength: 50 }), (order) => {
        const { counted } = guess({ skewsMs, tries: order.map((host) => ({ host, waitMs: 0 })) }, false);
        expect(counted).toBeGreaterThanOrEqual(5);
        expect(counted).toBeLessThanOrEqual(6);
      }),
    );
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
        if (!verdict.ok && verdict.reason === 'wait') expect(verdict.retryAfterMs).toSatisfy((ms: number) => ms > 0 && ms <= hourMs + 60_000);
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
