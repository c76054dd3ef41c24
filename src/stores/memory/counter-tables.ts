import { roundingMs } from '../../kernel/counting.ts';
import type { CounterCharge, CounterRule } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import { createCounterTable, overflowSlot, type CounterTable } from './counter-table.ts';

const overflowEventEveryMs = 60_000;

export interface Table {
  rule: CounterRule;
  /** `roundingMs(rule)`: calculating it for each charge is a twentieth of the time. */
  roundingMs: number;
  readonly keys: CounterTable;
  overflowToldMs: number;
}

/** One table for each rule: joining rule and key to one string would cost more than all the rest. */
export interface CounterTables {
  of(rule: CounterRule): Table;
  /** The slot of the charge's key, also of a new one. */
  slotFor(table: Table, charge: CounterCharge, nowMs: number): number;
}

export function createCounterTables({ maxKeys, emit }: { readonly maxKeys: number; readonly emit: Emit }): CounterTables {
  const tables: Table[] = [];

  function claim(table: Table, { rule, key }: CounterCharge, nowMs: number): number {
    const slot = table.keys.claim(rule, key, nowMs);
    if (slot === overflowSlot && nowMs - table.overflowToldMs >= overflowEventEveryMs) {
      table.overflowToldMs = nowMs;
      emit({ type: 'limiter.overflow', rule: rule.name });
    }
    return slot;
  }

  return {
    // A loop over a few identities is several times as fast as a Map by name, and an app has few rules.
    of(rule) {
      for (const table of tables) if (table.rule === rule) return table;
      const known = tables.find((table) => table.rule.name === rule.name);
      if (known !== undefined) {
        known.rule = rule;
        known.roundingMs = roundingMs(rule);
        return known;
      }
      const table = { rule, roundingMs: roundingMs(rule), keys: createCounterTable(maxKeys), overflowToldMs: -Infinity };
      tables.push(table);
      return table;
    },
    slotFor: (table, charge, nowMs) => table.keys.find(charge.key) ?? claim(table, charge, nowMs),
  };
}
