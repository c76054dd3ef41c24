import { sha256 } from '../../kernel/compare.ts';
import { roundingMs } from '../../kernel/counting.ts';
import type { CounterRule } from '../../ports/counter-store.ts';

const maxKeyChars = 128;
const digestMark = '\u0001';
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
  /** The key's slot, a free or taken-over one, or the overflow slot. */
  claim(key: string, nowMs: number): number;
  setAhead(slot: number, aheadMs: number, nowMs: number): void;
}

export function createCounterTable(rule: CounterRule, maxKeys: number): CounterTable {
  const slots = new Map<string, number>();
  const owners: string[] = [''];
  const spentMs = (rule.burst - 1) * rule.intervalMs + roundingMs;
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

  function leastSpent(nowMs: number): number {
    let best = overflowSlot;
    let bestMs = spentMs;
    for (let look = 0; look < candidates && bestMs > 0; look += 1) {
      hand = hand === maxKeys ? 1 : hand + 1;
      const ms = aheadMs(hand, nowMs);
      if (ms < bestMs) {
        best = hand;
        bestMs = ms;
      }
    }
    return best;
  }

  function claim(key: string, nowMs: number): number {
    const name = boundedKey(key);
    const known = slots.get(name);
    if (known !== undefined) return known;
    const slot = owners.length <= maxKeys ? freshSlot() : leastSpent(nowMs);
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
    claim,
    setAhead(slot, ms, nowMs) {
      fullAt[slot] = nowMs + ms;
    },
  };
}

/** Keys have bounded size: a long one is replaced by its digest, and so is one that looks like a digest. */
function boundedKey(key: string): string {
  if (key.length <= maxKeyChars && key.charCodeAt(0) !== 1) return key;
  return digestMark + sha256(Buffer.from(key, 'utf16le')).toString('base64url');
}

/**
 * A copy: a key cut out of a request would keep the whole request in memory (V8 copies up to 12 characters by itself).
 * UTF-16 keeps lone surrogates apart.
 */
function detached(key: string): string {
  if (key.length < 13) return key;
  return Buffer.from(key, 'utf16le').toString('utf16le');
}
