import { canPay } from '../../src/kernel/counting.ts';
import type { CounterCharge, CounterRule, CounterStore, CounterVerdict } from '../../src/ports/counter-store.ts';
import { fakeClock, type StoreUnderTest } from '../../src/testing/index.ts';

/** The parts of a plain counter store, each of which a test replaces by a mistake that real stores have made. */
export interface CounterParts {
  /** The time that keys are counted in. */
  readonly nowMs: () => number;
  readonly wallMs: () => number;
  readonly slotOf: (rule: CounterRule, key: string) => string;
  /** From what is stored to the ms ahead, and back. */
  readonly fromStored: (fullAtMs: number, nowMs: number) => number;
  readonly toStored: (aheadMs: number, nowMs: number) => number;
  readonly passes: (charge: CounterCharge, aheadMs: number) => boolean;
  /** What a whole call does between looking and writing. */
  readonly pause: () => Promise<void>;
  readonly refuse: (charges: readonly CounterCharge[], verdict: CounterVerdict, write: (charge: CounterCharge, aheadMs: number) => void) => void;
  readonly refunded: (aheadMs: number, givenMs: number) => number;
  readonly clears: (stored: Map<string, number>, rule: CounterRule, key: string, slotOf: CounterParts['slotOf']) => void;
  readonly afterPeek: (charges: readonly CounterCharge[], write: (charge: CounterCharge, aheadMs: number) => void) => void;
}

/** A correct store in forty lines, with any of its parts replaced. */
export function plainCounters(wrong: (right: CounterParts) => Partial<CounterParts> = () => ({})): StoreUnderTest<CounterStore> {
  const clock = fakeClock();
  const right: CounterParts = {
    nowMs: () => clock.monotonicMs(),
    wallMs: () => clock.nowMs(),
    slotOf: (rule, key) => JSON.stringify([rule.name, key]),
    fromStored: (fullAtMs, nowMs) => Math.max(0, fullAtMs - nowMs),
    toStored: (aheadMs, nowMs) => nowMs + aheadMs,
    passes: canPay,
    pause: () => Promise.resolve(),
    refuse: () => undefined,
    refunded: (aheadMs, givenMs) => Math.max(0, aheadMs - givenMs),
    clears: (stored, rule, key, slotOf) => stored.delete(slotOf(rule, key)),
    afterPeek: () => undefined,
  };
  const parts = { ...right, ...wrong(right) };
  const stored = new Map<string, number>();
  const ahead = ({ rule, key }: CounterCharge): number => parts.fromStored(stored.get(parts.slotOf(rule, key)) ?? 0, parts.nowMs());
  const write = ({ rule, key }: CounterCharge, aheadMs: number): void => {
    stored.set(parts.slotOf(rule, key), parts.toStored(aheadMs, parts.nowMs()));
  };
  const pausing = parts.pause !== right.pause;

  function look(charges: readonly CounterCharge[]): CounterVerdict {
    const aheadMs = charges.map(ahead);
    return { allowed: charges.every((charge, at) => parts.passes(charge, aheadMs[at] ?? 0)), aheadMs };
  }

  function spend(charges: readonly CounterCharge[], seen: CounterVerdict): CounterVerdict {
    if (!seen.allowed) {
      parts.refuse(charges, seen, write);
      return seen;
    }
    const aheadMs = charges.map(({ rule, cost }, at) => (seen.aheadMs[at] ?? 0) + cost * rule.intervalMs);
    for (const [at, charge] of charges.entries()) write(charge, aheadMs[at] ?? 0);
    return { allowed: true, aheadMs };
  }

  const store: CounterStore = {
    shared: false,
    async take(charges) {
      const seen = look(charges);
      if (pausing) await parts.pause();
      return spend(charges, seen);
    },
    async giveBack(charges) {
      for (const charge of charges) write(charge, parts.refunded(ahead(charge), charge.cost * charge.rule.intervalMs));
    },
    async peek(charges) {
      const seen = look(charges);
      parts.afterPeek(charges, write);
      return seen;
    },
    async clear(rule, key) {
      parts.clears(stored, rule, key, parts.slotOf);
    },
  };
  return {
    store,
    nowMs: () => clock.nowMs(),
    letTimePass: (byMs) => clock.advance(byMs),
    setClockBack(byMs) {
      clock.setWallMs(clock.nowMs() - byMs);
    },
    close: () => undefined,
  };
}
