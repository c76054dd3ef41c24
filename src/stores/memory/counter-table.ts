import { boundedKey, detached } from '../../kernel/bounded-key.ts';
import { roundingMs } from '../../kernel/counting.ts';
import type { CounterRule } from '../../ports/counter-store.ts';

const candidates = 8;
const firstSize = 1024;

/** The slot of all new keys while no slot can be taken from anybody. */
export const overflowSlot = 0;

/**
 * The keys of one rule: which slot each has, and for each slot the time at which it has its whole burst again. Bounded:
 * when it is full, a clock hand looks at eight slots and gives the newcomer the least spent of them. A slot whose key has
 * nothing left is never taken, so that fresh keys cannot buy anybody a new start; if all eight are spent, the newcomers
 * share one slot.
 */
export interface CounterTable {
  /** Milliseconds until the slot has its whole burst again; 0 when it has. */
  aheadMs(slot: number, nowMs: number): number;
  /** The key's slot, or undefined. */
  find(key: string): number | undefined;
  /** The slot whose time a new charge of the key would be added to; undefined for one that has spent nothing. */
  look(rule: CounterRule, key: string, nowMs: number): number | undefined;
  /** The key's slot, a free or taken-over one, or the overflow slot. */
  claim(rule: CounterRule, key: string, nowMs: number): number;
  setAhead(slot: number, aheadMs: number, nowMs: number): void;
}

export function createCounterTable(maxKeys: number): CounterTable {
  const slots = new Map<string, number>();
  const owners: string[] = [''];
  let fullAt = new Float64Array(Math.min(firstSize, maxKeys + 1));
  let hand = 0;

  function aheadMs(slot: number, nowMs: number): number {
    const ms = (fullAt[slot] as number) - nowMs;
    return ms > 0 ? ms : 0;
  }

  function freshSlot(): number {
    const slot = owners.length;
    if (slot === fullAt.length) {
      const grown = new Float64Array(Math.min(slot * 2, maxKeys + 1));
      grown.set(fullAt);
      fullAt = grown;
    }
    return slot;
  }

  function leastSpent(rule: CounterRule, nowMs: number): Found {
    return search({ rule, nowMs, from: hand, last: maxKeys, aheadMs });
  }

  function takenOver(rule: CounterRule, nowMs: number): number {
    const { slot, hand: moved } = leastSpent(rule, nowMs);
    hand = moved;
    return slot;
  }

  function claim(rule: CounterRule, key: string, nowMs: number): number {
    const name = boundedKey(key);
    const known = slots.get(name);
    if (known !== undefined) return known;
    const slot = owners.length <= maxKeys ? freshSlot() : takenOver(rule, nowMs);
    if (slot === overflowSlot) return slot;
    if (slot < owners.length) slots.delete(owners[slot] as string);
    const owned = detached(name);
    owners[slot] = owned;
    slots.set(owned, slot);
    fullAt[slot] = 0;
    return slot;
  }

  return {
    aheadMs,
    find: (key) => slots.get(boundedKey(key)),
    look(rule, key, nowMs) {
      const known = slots.get(boundedKey(key));
      if (known !== undefined || owners.length <= maxKeys) return known;
      return leastSpent(rule, nowMs).slot === overflowSlot ? overflowSlot : undefined;
    },
    claim,
    setAhead(slot, ms, nowMs) {
      fullAt[slot] = nowMs + ms;
    },
  };
}

interface Search {
  readonly rule: CounterRule;
  readonly nowMs: number;
  /** The slot before the first that is looked at. */
  readonly from: number;
  readonly last: number;
  readonly aheadMs: CounterTable['aheadMs'];
}

interface Found {
  readonly slot: number;
  /** Where the clock hand stands after the search. */
  readonly hand: number;
}

/** The least spent of the next eight slots; the overflow slot where all are spent. */
function search({ rule, nowMs, from, last, aheadMs }: Search): Found {
  let hand = from;
  let slot = overflowSlot;
  // As in `canPay`: from here on a key cannot pay for a single unit.
  let bestMs = (rule.burst - 1) * rule.intervalMs + roundingMs(rule);
  for (let look = 0; look < candidates && bestMs > 0; look += 1) {
    hand = hand === last ? 1 : hand + 1;
    const ms = aheadMs(hand, nowMs);
    if (ms < bestMs) {
      slot = hand;
      bestMs = ms;
    }
  }
  return { slot, hand };
}
