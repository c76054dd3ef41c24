import type { CounterCharge } from '../ports/counter-store.ts';

/** Sums of fractional intervals are off by less than this many ms. */
export const roundingMs = 0.001;

/** Where one key stands. */
export interface CounterStanding {
  /** Whole units that can be spent now. */
  readonly remaining: number;
  /** Until the same charge would pass; 0 where it passed. */
  readonly retryAfterMs: number;
  /** Until the key has its whole burst again. */
  readonly fullAfterMs: number;
}

/** Whether a key that is `aheadMs` away from its whole burst can pay the charge. Every store decides by this. */
export function canPay({ rule, cost }: CounterCharge, aheadMs: number): boolean {
  return aheadMs + (cost - rule.burst) * rule.intervalMs <= roundingMs;
}

/** What the milliseconds of a verdict mean for one of its charges. */
export function standingOf({ rule, cost }: CounterCharge, verdict: { readonly allowed: boolean; readonly aheadMs: number }): CounterStanding {
  const { allowed, aheadMs } = verdict;
  const overMs = aheadMs + (cost - rule.burst) * rule.intervalMs;
  return {
    remaining: Math.max(0, Math.floor(rule.burst - (aheadMs - roundingMs) / rule.intervalMs)),
    retryAfterMs: allowed || overMs <= roundingMs ? 0 : overMs,
    fullAfterMs: aheadMs,
  };
}
