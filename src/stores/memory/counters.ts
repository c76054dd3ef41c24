import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterRule, CounterStanding, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import { createCounterTable, overflowSlot, type CounterTable } from './counter-table.ts';

const slackMs = 0.001;
const overflowEventEveryMs = 60_000;

interface Table extends CounterTable {
  overflowToldMs: number;
}

export interface MemoryCounterOptions {
  readonly maxKeys: number;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Counters in this process. Time is the monotonic clock: setting the wall clock back or forth changes nothing. */
export function memoryCounters({ maxKeys, clock, emit }: MemoryCounterOptions): CounterStore {
  const tables = new Map<string, Table>();

  function tableOf(rule: CounterRule): Table {
    const known = tables.get(rule.name);
    if (known !== undefined) return known;
    const table = { ...createCounterTable(rule, maxKeys), overflowToldMs: -Infinity };
    tables.set(rule.name, table);
    return table;
  }

  function tellOverflow(rule: CounterRule, table: Table, nowMs: number): void {
    if (nowMs - table.overflowToldMs < overflowEventEveryMs) return;
    table.overflowToldMs = nowMs;
    emit({ type: 'limiter.overflow', rule: rule.name });
  }

  /** Two passes over the charges: the first writes nothing that counts, the second cannot fail. */
  function take(charges: readonly CounterCharge[]): CounterVerdict {
    const nowMs = clock.monotonicMs();
    const standings: CounterStanding[] = [];
    let allowed = true;
    for (const charge of charges) {
      const table = tableOf(charge.rule);
      const slot = table.claim(charge.key, nowMs);
      if (slot === overflowSlot) tellOverflow(charge.rule, table, nowMs);
      const standing = standingAfter(charge, table.aheadMs(slot, nowMs));
      if (standing.retryAfterMs > 0) allowed = false;
      standings.push(standing);
    }
    if (allowed) {
      for (const { rule, key, cost } of charges) {
        const table = tableOf(rule);
        const slot = table.claim(key, nowMs);
        table.setAhead(slot, table.aheadMs(slot, nowMs) + cost * rule.intervalMs, nowMs);
      }
    }
    return { allowed, standings };
  }

  return {
    shared: false,
    take,
    peek(charges) {
      const nowMs = clock.monotonicMs();
      const standings = charges.map((charge) => {
        const table = tableOf(charge.rule);
        const slot = table.find(charge.key);
        return standingAfter(charge, slot === undefined ? 0 : table.aheadMs(slot, nowMs));
      });
      return { allowed: standings.every(({ retryAfterMs }) => retryAfterMs === 0), standings };
    },
    giveBack(charges) {
      const nowMs = clock.monotonicMs();
      for (const { rule, key, cost } of charges) {
        const table = tableOf(rule);
        const slot = table.find(key) ?? overflowSlot;
        table.setAhead(slot, Math.max(0, table.aheadMs(slot, nowMs) - cost * rule.intervalMs), nowMs);
      }
    },
    clear(rule, key) {
      const table = tableOf(rule);
      const slot = table.find(key);
      if (slot !== undefined) table.setAhead(slot, 0, 0);
    },
  };
}

/** Where a key stands that would be `aheadMs` away from its whole burst, once the charge is made (or refused). */
function standingAfter({ rule, cost }: CounterCharge, aheadMs: number): CounterStanding {
  const chargedMs = aheadMs + cost * rule.intervalMs;
  const burstMs = rule.burst * rule.intervalMs;
  const overMs = chargedMs - burstMs;
  const allowed = overMs <= slackMs;
  const fullAfterMs = allowed ? chargedMs : aheadMs;
  return {
    remaining: Math.max(0, Math.floor((burstMs - fullAfterMs + slackMs) / rule.intervalMs)),
    retryAfterMs: allowed ? 0 : overMs,
    fullAfterMs,
  };
}
