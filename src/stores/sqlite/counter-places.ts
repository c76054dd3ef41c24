import { roundingMs } from '../../kernel/counting.ts';
import { storedKey } from '../../kernel/stored-text.ts';
import type { CounterCharge, CounterRule } from '../../ports/counter-store.ts';
import type { CounterRow, CounterRows } from './counter-rows.ts';

/** A charge as it was when the store was called, with its key as it is stored. */
export interface Place extends CounterCharge {
  /** What the caller gave: a refund brings it again. */
  readonly charge: CounterCharge;
  readonly ruleName: string;
}

export function placeOf(charge: CounterCharge): Place {
  const { rule, key, cost } = charge;
  return { charge, rule: { ...rule }, ruleName: storedKey(rule.name), key: storedKey(key), cost };
}

/** Where a charge is counted, and the store time at which that has its whole burst again. */
export interface Standing {
  readonly where: 'row' | 'overflow';
  readonly fullAt: number;
}

const whole: Standing = { where: 'row', fullAt: 0 };

/**
 * Which row a key gets. Bounded: each newcomer looks at eight rows, as a clock hand that goes round, and removes those that
 * have their whole burst again. Where that does not make room, it takes the place of the least spent, but never of one
 * that has nothing left, so that fresh keys cannot buy anybody a new start; if all eight are spent, the newcomers share one.
 */
export interface CounterPlaces {
  /** Changes nothing. */
  look(place: Place, nowMs: number): Standing;
  /** Gives a newcomer a row. For use in a transaction. */
  claim(rule: number, place: Place, nowMs: number): Standing;
}

export function createCounterPlaces({ rows, maxKeys }: { readonly rows: CounterRows; readonly maxKeys: number }): CounterPlaces {
  // Each process has hands of its own.
  const hands = new Map<number, string>();

  const seenBy = (rule: number): readonly CounterRow[] => rows.following(rule, hands.get(rule) ?? '');
  const overflow = (rule: number): Standing => ({ where: 'overflow', fullAt: rows.rule(rule).overflowFullAt });

  function known(rule: number, { key }: Place): Standing | undefined {
    const fullAt = rows.fullAt(rule, key);
    return fullAt === undefined ? undefined : { where: 'row', fullAt };
  }

  return {
    look(place, nowMs) {
      const rule = rows.ruleOf(place.ruleName);
      if (rule === undefined) return whole;
      const own = known(rule, place);
      if (own !== undefined) return own;
      if (rows.rule(rule).size < maxKeys) return whole;
      return leastSpent(seenBy(rule), place.rule, nowMs) === undefined ? overflow(rule) : whole;
    },
    claim(rule, place, nowMs) {
      const own = known(rule, place);
      if (own !== undefined) return own;
      const seen = seenBy(rule);
      hands.set(rule, seen.at(-1)?.key ?? '');
      const leaving = seen.filter(({ fullAt }) => fullAt <= nowMs);
      if (rows.rule(rule).size - leaving.length >= maxKeys) {
        const least = leastSpent(seen, place.rule, nowMs);
        if (least === undefined) return overflow(rule);
        leaving.push(least);
      }
      for (const { key } of leaving) rows.remove(rule, key);
      rows.add(rule, { key: place.key, fullAt: 0 });
      rows.resize(rule, 1 - leaving.length);
      return whole;
    },
  };
}

/** The least spent row that can still pay for a unit. */
function leastSpent(seen: readonly CounterRow[], rule: CounterRule, nowMs: number): CounterRow | undefined {
  // As in `canPay`: from here on a key cannot pay for a single unit.
  const spentAt = nowMs + (rule.burst - 1) * rule.intervalMs + roundingMs(rule);
  const [first] = seen.toSorted((one, other) => one.fullAt - other.fullAt);
  return first !== undefined && first.fullAt < spentAt ? first : undefined;
}
