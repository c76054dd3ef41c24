import { standingOf, type CounterStanding } from '../kernel/counting.ts';
import type { CounterCharge, CounterVerdict } from '../ports/counter-store.ts';

interface Decided {
  /** What was asked of the store, in the order of the keys. */
  readonly charges: readonly CounterCharge[];
  readonly verdict: CounterVerdict;
}

/** Go on. Hand it to `refund` when the attempt turned out to be right. */
export interface LimiterPass extends Decided {
  readonly ok: true;
  /** Whether the keys were charged: not by `peek`, and not where `observe` mode let through what it would refuse. */
  readonly charged: boolean;
  /** The rule that would have refused, in `observe` mode; else undefined. */
  readonly observed: string | undefined;
}

export interface LimiterRefusal extends Decided {
  readonly ok: false;
  /** The rule that refuses for the longest time. For logs: telling it to a client tells an attacker. */
  readonly rule: string;
  readonly retryAfterMs: number;
}

export type LimiterDecision = LimiterPass | LimiterRefusal;

/** Where the key of one rule stands. */
export interface RuleStanding extends CounterStanding {
  readonly rule: string;
}

/** The least that a refusal tells to wait: where clocks and roundings disagree, at once would be a loop. */
const minRetryAfterMs = 1;

/** Which rule refuses, and until when all would pass. */
export function refusalOf(charges: readonly CounterCharge[], verdict: CounterVerdict): LimiterRefusal {
  let rule = '';
  let retryAfterMs = -1;
  for (const standing of standingsOf({ charges, verdict })) {
    if (standing.retryAfterMs > retryAfterMs) ({ rule, retryAfterMs } = standing);
  }
  return { ok: false, rule, retryAfterMs: Math.max(minRetryAfterMs, retryAfterMs), charges, verdict };
}

/** Where each key of a decision stands, in the order of the keys. */
export function standingsOf({ charges, verdict: { allowed, aheadMs } }: Decided): readonly RuleStanding[] {
  return charges.map((charge, at) => ({ rule: ruleName(charge), ...standingOf(charge, { allowed, aheadMs: aheadMs[at] ?? 0 }) }));
}

/** The store knows a rule as `limiter/rule`. */
export function ruleName({ rule }: CounterCharge): string {
  return rule.name.slice(rule.name.lastIndexOf('/') + 1);
}
