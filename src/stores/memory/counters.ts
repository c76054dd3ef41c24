import { canPay } from '../../kernel/counting.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterRule, CounterVerdict } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import { overflowSlot } from './counter-table.ts';
import { createCounterTables, type CounterTables, type Table } from './counter-tables.ts';

export interface MemoryCounterOptions {
  readonly maxKeys: number;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Counters, and a way to tell them what another store knows. */
export interface MemoryCounters {
  readonly shared: boolean;
  readonly take: (charges: readonly CounterCharge[]) => CounterVerdict;
  readonly giveBack: (charges: readonly CounterCharge[]) => void;
  readonly peek: (charges: readonly CounterCharge[]) => CounterVerdict;
  readonly clear: (rule: CounterRule, key: string) => void;
  /** Sets how far a key is from its whole burst. Where the table is full of spent keys, nothing is set. */
  readonly setAhead: (rule: CounterRule, key: string, aheadMs: number) => void;
}

/** Counters in this process. Time is the monotonic clock: setting the wall clock back or forth changes nothing. */
export function memoryCounters({ maxKeys, clock, emit }: MemoryCounterOptions): MemoryCounters {
  const tables = createCounterTables({ maxKeys, emit });
  // Charges that the overflow slot paid. Its units must not come from keys that meanwhile lost their slot.
  const overflowed = new WeakSet<CounterCharge>();
  const take = createTake({ tables, overflowed, clock });

  return {
    shared: false,
    take,
    peek(charges) {
      const nowMs = clock.monotonicMs();
      const aheadMs = charges.map(({ rule, key }) => {
        const { keys } = tables.of(rule);
        const slot = keys.look(rule, key, nowMs);
        return slot === undefined ? 0 : keys.aheadMs(slot, nowMs);
      });
      return { allowed: charges.every((charge, at) => canPay(charge, aheadMs[at] as number)), aheadMs };
    },
    giveBack(charges) {
      const nowMs = clock.monotonicMs();
      for (const charge of charges) {
        const { rule, key, cost } = charge;
        const { keys } = tables.of(rule);
        const slot = overflowed.delete(charge) ? overflowSlot : keys.find(key);
        if (slot !== undefined) keys.setAhead(slot, Math.max(0, keys.aheadMs(slot, nowMs) - cost * rule.intervalMs), nowMs);
      }
    },
    setAhead(rule, key, aheadMs) {
      const nowMs = clock.monotonicMs();
      const table = tables.of(rule);
      const slot = tables.slotFor(table, { rule, key, cost: 1 }, nowMs);
      if (slot !== overflowSlot) table.keys.setAhead(slot, aheadMs, nowMs);
    },
    clear(rule, key) {
      const { keys } = tables.of(rule);
      const slot = keys.find(key);
      if (slot !== undefined) keys.setAhead(slot, 0, 0);
    },
  };
}

interface TakeParts {
  readonly tables: CounterTables;
  readonly overflowed: WeakSet<CounterCharge>;
  readonly clock: Clock;
}

type Take = (charges: readonly CounterCharge[]) => CounterVerdict;
type Spend = (table: Table, slot: number, charge: CounterCharge, nowMs: number) => number;

function createTake({ tables, overflowed, clock }: TakeParts): Take {
  /** Ahead is read again: while a table is full, two keys of one rule may have got the same slot. */
  const spend: Spend = ({ keys }, slot, charge, nowMs) => {
    if (slot === overflowSlot) overflowed.add(charge);
    const ms = keys.aheadMs(slot, nowMs) + charge.cost * charge.rule.intervalMs;
    keys.setAhead(slot, ms, nowMs);
    return ms;
  };
  const takeAll = createTakeAll({ tables, clock, spend });

  /** What `takeAll` does, without the lists: they are a sixth of the time. */
  function takeOne(charge: CounterCharge): CounterVerdict {
    const nowMs = clock.monotonicMs();
    const table = tables.of(charge.rule);
    const slot = tables.slotFor(table, charge, nowMs);
    const ms = table.keys.aheadMs(slot, nowMs);
    return canPay(charge, ms, table.roundingMs) ? { allowed: true, aheadMs: [spend(table, slot, charge, nowMs)] } : { allowed: false, aheadMs: [ms] };
  }

  /** The same for two, where the lists are a seventh: address and account are the common pair. */
  function takeTwo(charge: CounterCharge, other: CounterCharge): CounterVerdict {
    const nowMs = clock.monotonicMs();
    const table = tables.of(charge.rule);
    const otherTable = tables.of(other.rule);
    const slot = tables.slotFor(table, charge, nowMs);
    const otherSlot = tables.slotFor(otherTable, other, nowMs);
    const ms = table.keys.aheadMs(slot, nowMs);
    const otherMs = otherTable.keys.aheadMs(otherSlot, nowMs);
    if (!canPay(charge, ms, table.roundingMs) || !canPay(other, otherMs, otherTable.roundingMs)) return { allowed: false, aheadMs: [ms, otherMs] };
    return { allowed: true, aheadMs: [spend(table, slot, charge, nowMs), spend(otherTable, otherSlot, other, nowMs)] };
  }

  return (charges) => {
    if (charges.length === 1) return takeOne(charges[0] as CounterCharge);
    if (charges.length === 2) return takeTwo(charges[0] as CounterCharge, charges[1] as CounterCharge);
    return takeAll(charges);
  };
}

function createTakeAll({ tables, clock, spend }: { readonly tables: CounterTables; readonly clock: Clock; readonly spend: Spend }): Take {
  // Where the charges of the decision at hand are: it is never awaited, so that all can share these.
  const found: Table[] = [];
  const slots: number[] = [];

  /** Two passes over the charges: the first writes nothing that counts, the second cannot fail. */
  return (charges) => {
    const nowMs = clock.monotonicMs();
    const aheadMs = new Array<number>(charges.length);
    let allowed = true;
    for (let at = 0; at < charges.length; at += 1) {
      const charge = charges[at] as CounterCharge;
      const table = tables.of(charge.rule);
      const slot = tables.slotFor(table, charge, nowMs);
      const ms = table.keys.aheadMs(slot, nowMs);
      if (!canPay(charge, ms, table.roundingMs)) allowed = false;
      found[at] = table;
      slots[at] = slot;
      aheadMs[at] = ms;
    }
    if (!allowed) return { allowed, aheadMs };
    for (let at = 0; at < charges.length; at += 1) aheadMs[at] = spend(found[at] as Table, slots[at] as number, charges[at] as CounterCharge, nowMs);
    return { allowed, aheadMs };
  };
}
