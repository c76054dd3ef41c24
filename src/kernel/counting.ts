import type { CounterCharge, CounterRule } from '../ports/counter-store.ts';

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
