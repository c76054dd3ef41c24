import type { CounterCharge, CounterRule, CounterVerdict } from '../../ports/counter-store.ts';
import type { MemoryCounters } from '../memory/counters.ts';

/**
 * The share of one process in every limit, kept in its own memory. It learns from each answer of the store, so that an outage
 * gives nobody a fresh start.
 */
export interface Shadow {
  /** What the store said. `owed`: units of a charge's key that were charged here and that the store has not heard of. */
  learn(charges: readonly CounterCharge[], verdict: CounterVerdict, owed: (charge: CounterCharge) => number): void;
  /** Decides in place of the store. */
  take(charges: readonly CounterCharge[]): CounterVerdict;
  peek(charges: readonly CounterCharge[]): CounterVerdict;
  /** Answers whether the charges were taken here. */
  giveBack(charges: readonly CounterCharge[]): boolean;
  clear(rule: CounterRule, key: string): void;
  /** How many units of the whole rule the charge's key has spent, as far as this process knows. */
  spentUnits(charge: CounterCharge): number;
}

/** A rule as one process of several may spend it. */
interface Share {
  readonly rule: CounterRule;
  /** How many times as long the share takes to have its whole burst again. */
  readonly stretch: number;
}

/** The share of a limit; at least one unit, or an outage would shut everybody out. All shares together give back no faster than the limit. */
function shareOf({ name, intervalMs, burst }: CounterRule, processes: number): Share {
  const own = Math.max(1, Math.floor(burst / processes));
  const ownIntervalMs = intervalMs * Math.max(burst / own, processes);
  return { rule: { name, intervalMs: ownIntervalMs, burst: own }, stretch: (ownIntervalMs * own) / (intervalMs * burst) };
}

/** The share of each rule, calculated once. */
function createShares(processes: number): (rule: CounterRule) => Share {
  const shares = new WeakMap<CounterRule, Share>();
  return (rule) => {
    const known = shares.get(rule);
    if (known !== undefined) return known;
    const share = shareOf(rule, processes);
    shares.set(rule, share);
    return share;
  };
}

export function createShadow({ counters, processes }: { readonly counters: MemoryCounters; readonly processes: number }): Shadow {
  const chargedHere = new WeakSet<readonly CounterCharge[]>();
  const shareFor = createShares(processes);

  function own(charge: CounterCharge): CounterCharge {
    const { rule } = shareFor(charge.rule);
    return { rule, key: charge.key, cost: Math.min(charge.cost, rule.burst) };
  }

  /** The share's verdict in the terms of the whole rule, so that what remains and when to come back follow from it as ever. */
  function translated(charges: readonly CounterCharge[], { allowed, aheadMs }: CounterVerdict): CounterVerdict {
    return {
      allowed,
      aheadMs: charges.map((charge, at) => {
        const { rule: { intervalMs, burst }, cost } = charge;
        const share = shareFor(charge.rule);
        const ownAheadMs = aheadMs[at] as number;
        const waitMs = ownAheadMs + (Math.min(cost, share.rule.burst) - share.rule.burst) * share.rule.intervalMs;
        return !allowed && waitMs > 0 ? waitMs + (burst - cost) * intervalMs : ownAheadMs / share.stretch;
      }),
    };
  }

  return {
    learn(charges, { aheadMs }, owed) {
      for (let at = 0; at < charges.length; at += 1) {
        const charge = charges[at] as CounterCharge;
        const { rule, stretch } = shareFor(charge.rule);
        const ownMs = Math.max(0, owed(charge)) * rule.intervalMs;
        // Never more than a key can spend: a store that once said so would keep somebody out for good.
        counters.setAhead(rule, charge.key, Math.min(rule.burst * rule.intervalMs, (aheadMs[at] as number) * stretch + ownMs));
      }
    },
    take(charges) {
      const verdict = counters.take(charges.map(own));
      if (verdict.allowed) chargedHere.add(charges);
      return translated(charges, verdict);
    },
    peek: (charges) => translated(charges, counters.peek(charges.map(own))),
    giveBack(charges) {
      const whole = chargedHere.delete(charges);
      // A pass that the store gave was learnt as its part of the limit, and is given back as such.
      counters.giveBack(charges.map((charge) => {
        const share = shareFor(charge.rule);
        return whole ? own(charge) : { rule: share.rule, key: charge.key, cost: (charge.cost * share.rule.burst) / charge.rule.burst };
      }));
      return whole;
    },
    clear(rule, key) {
      counters.clear(shareFor(rule).rule, key);
    },
    spentUnits({ rule, key }) {
      const share = shareFor(rule);
      const { aheadMs: [aheadMs = 0] } = counters.peek([{ rule: share.rule, key, cost: 1 }]);
      return aheadMs / share.stretch / rule.intervalMs;
    },
  };
}
