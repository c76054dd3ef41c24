import { canPay, standingOf } from '../../kernel/counting.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterVerdict } from '../../ports/counter-store.ts';

const maxSuspects = 10_000;
const longestMs = 60_000;

/**
 * Keys that could not pay a moment ago, as this process saw it. Whoever hammers such a key would otherwise take units of the
 * other keys of the decision each time, and hold them until they are given back: the keys of a victim, for example.
 */
export interface Suspects {
  /** Remembers what could not pay. */
  note(charges: readonly CounterCharge[], names: readonly string[], verdict: CounterVerdict): void;
  /** Whether one of the keys is likely to refuse again. */
  among(names: readonly string[]): boolean;
}

export function createSuspects(clock: Clock): Suspects {
  const untilMs = new Map<string, number>();

  return {
    note(charges, names, verdict) {
      for (const [at, charge] of charges.entries()) {
        const aheadMs = verdict.aheadMs[at] as number;
        if (canPay(charge, aheadMs)) continue;
        const { retryAfterMs } = standingOf(charge, { allowed: false, aheadMs });
        untilMs.set(names[at] as string, clock.monotonicMs() + Math.min(retryAfterMs, longestMs));
        // The first of a map is the one that was noted first.
        if (untilMs.size > maxSuspects) untilMs.delete(untilMs.keys().next().value as string);
      }
    },
    among(names) {
      if (untilMs.size === 0) return false;
      const nowMs = clock.monotonicMs();
      return names.some((name) => {
        const until = untilMs.get(name);
        if (until !== undefined && until <= nowMs) untilMs.delete(name);
        return until !== undefined && until > nowMs;
      });
    },
  };
}
