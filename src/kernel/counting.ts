import type { CounterCharge, CounterRule, CounterVerdict } from '../ports/counter-store.ts';

/** Where one key stands. */
export interface CounterStanding {
  /** Whole units that can be spent now. */
  readonly remaining: number;
  /** Until the same charge would pass; 0 where it passed. */
  readonly retryAfterMs: number;
  /** Until the key has its whole burst again. */
  readonly fullAfterMs: number;
}

/** Half the grain of a wall clock (ms since 1970) in a double, and of any number for each ms of it. */
const grainMs = 0.00025;
const grainPerMs = 2 ** -53;

/**
 * Sums of fractional intervals are off by less than this many ms: one grain of the numbers for each unit of the burst.
 * Never by a whole unit, which would be one more than the burst.
 */
export function roundingMs({ intervalMs, burst }: CounterRule): number {
  return Math.min(burst * Math.max(grainMs, burst * intervalMs * grainPerMs), intervalMs / 2);
}

/**
 * Whether a key that is `aheadMs` away from its whole burst can pay the charge. Every store decides by this. One that
 * keeps the rounding of each rule saves its calculation.
 */
export function canPay({ rule, cost }: CounterCharge, aheadMs: number, ruleRoundingMs: number = roundingMs(rule)): boolean {
  return aheadMs + (cost - rule.burst) * rule.intervalMs <= ruleRoundingMs;
}

/** What the milliseconds of a verdict mean for one of its charges. */
export function standingOf({ rule, cost }: CounterCharge, verdict: { readonly allowed: boolean; readonly aheadMs: number }): CounterStanding {
  const { allowed, aheadMs } = verdict;
  const overMs = aheadMs + (cost - rule.burst) * rule.intervalMs;
  return {
    remaining: Math.max(0, Math.floor(rule.burst - (aheadMs - roundingMs(rule)) / rule.intervalMs)),
    retryAfterMs: allowed || overMs <= roundingMs(rule) ? 0 : overMs,
    fullAfterMs: aheadMs,
  };
}

/**
 * Whether an answer of a store can be true. A store that lies is broken: an `allowed` that is no boolean, or a list that
 * does not fit the charges, must not decide anything.
 */
export function isVerdict(answer: unknown, charges: readonly CounterCharge[]): answer is CounterVerdict {
  const { allowed, aheadMs } = (answer ?? {}) as Partial<Record<keyof CounterVerdict, unknown>>;
  if (typeof allowed !== 'boolean' || !Array.isArray(aheadMs) || aheadMs.length !== charges.length) return false;
  for (let at = 0; at < charges.length; at += 1) {
    const ms: unknown = aheadMs[at];
    if (typeof ms !== 'number' || !(ms >= 0 && ms < Infinity)) return false;
    const { rule } = charges[at] as CounterCharge;
    // A whole unit of leave for stores that count in coarser time.
    if (allowed && ms > (rule.burst + 1) * rule.intervalMs) return false;
  }
  return true;
}
