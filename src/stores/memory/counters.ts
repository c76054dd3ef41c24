import { canPay } from '../../kernel/counting.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterRule, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import { createCounterTable, overflowSlot, type CounterTable } from './counter-table.ts';

const overflowEventEveryMs = 60_000;

interface Table {
  rule: CounterRule;
  readonly keys: CounterTable;
  overflowToldMs: number;
}

export interface MemoryCounterOptions {
  readonly maxKeys: number;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Counters in this process. Time is the monotonic clock: setting the wall clock back or forth changes nothing. */
export function memoryCounters({ maxKeys, clock, emit }: MemoryCounterOptions): CounterStore {
  const tables: Table[] = [];
  // Charges that the overflow slot paid. Its units must not come from keys that meanwhile lost their slot.
  const overflowed = new WeakSet<CounterCharge>();

  // A loop over a few identities is several times as fast as a Map by name, and an app has few rules.
  function tableOf(rule: CounterRule): Table {
    for (const table of tables) if (table.rule === rule) return table;
    const known = tables.find((table) => table.rule.name === rule.name);
    if (known !== undefined) {
      known.rule = rule;
      return known;
    }
    const table = { rule, keys: createCounterTable(maxKeys), overflowToldMs: -Infinity };
    tables.push(table);
    return table;
  }

  function tellOverflow(table: Table, nowMs: number): void {
    if (nowMs - table.overflowToldMs < overflowEventEveryMs) return;
    table.overflowToldMs = nowMs;
    emit({ type: 'limiter.overflow', rule: table.rule.name });
  }

  return {
    shared: false,
    take: (charges) => take({ tableOf, tellOverflow, overflowed, charges, nowMs: clock.monotonicMs() }),
    peek(charges) {
      const nowMs = clock.monotonicMs();
      const aheadMs = charges.map(({ rule, key }) => {
        const { keys } = tableOf(rule);
        const slot = keys.look(rule, key, nowMs);
        return slot === undefined ? 0 : keys.aheadMs(slot, nowMs);
      });
      return { allowed: charges.every((charge, at) => canPay(charge, aheadMs[at] as number)), aheadMs };
    },
    giveBack(charges) {
      const nowMs = clock.monotonicMs();
      for (const charge of charges) {
        const { rule, key, cost } = charge;
        const { keys } = tableOf(rule);
        const slot = overflowed.delete(charge) ? overflowSlot : keys.find(key);
        if (slot !== undefined) keys.setAhead(slot, Math.max(0, keys.aheadMs(slot, nowMs) - cost * rule.intervalMs), nowMs);
      }
    },
    clear(rule, key) {
      const { keys } = tableOf(rule);
      const slot = keys.find(key);
      if (slot !== undefined) keys.setAhead(slot, 0, 0);
    },
  };
}

/** The slots of the decision at hand: one that is never awaited, so that all can share it. */
const claimed: number[] = [];

interface Taking {
  readonly tableOf: (rule: CounterRule) => Table;
  readonly tellOverflow: (table: Table, nowMs: number) => void;
  readonly overflowed: WeakSet<CounterCharge>;
  readonly charges: readonly CounterCharge[];
  readonly nowMs: number;
}

/** Two passes over the charges: the first writes nothing that counts, the second cannot fail. */
function take({ tableOf, tellOverflow, overflowed, charges, nowMs }: Taking): CounterVerdict {
  const aheadMs = new Array<number>(charges.length);
  let allowed = true;
  for (let at = 0; at < charges.length; at += 1) {
    const charge = charges[at] as CounterCharge;
    const table = tableOf(charge.rule);
    const slot = table.keys.claim(charge.rule, charge.key, nowMs);
    if (slot === overflowSlot) tellOverflow(table, nowMs);
    const ms = table.keys.aheadMs(slot, nowMs);
    if (!canPay(charge, ms)) allowed = false;
    claimed[at] = slot;
    aheadMs[at] = ms;
  }
  if (!allowed) return { allowed, aheadMs };
  for (let at = 0; at < charges.length; at += 1) {
    const charge = charges[at] as CounterCharge;
    const { keys } = tableOf(charge.rule);
    const slot = claimed[at] as number;
    if (slot === overflowSlot) overflowed.add(charge);
    // Read again: while the table is full, two keys of one rule may have got the same slot.
    const ms = keys.aheadMs(slot, nowMs) + charge.cost * charge.rule.intervalMs;
    aheadMs[at] = ms;
    keys.setAhead(slot, ms, nowMs);
  }
  return { allowed, aheadMs };
}
