import { systemClock } from '../../kernel/clock.ts';
import { callback, integer, port, readOptions } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { memoryCounters } from './counters.ts';
import { memoryRecords } from './records.ts';

export interface MemoryStoreOptions {
  /** How many keys each rule may have before the least spent make room. Default 100,000 (about 12 MB a rule). */
  readonly maxKeys?: number;
  /** How many records of one kind there may be before new ones are refused. Default 100,000. */
  readonly maxRecords?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/**
 * Counters and records in this process. Both are gone when it ends, and no other process sees them. Cannot be flushed:
 * a key that has used up its limit stays refused however many fresh keys arrive. Throws ERR_CONFIG.
 */
export function memoryStore(options: MemoryStoreOptions = {}): CounterStore & RecordStore {
  const parsed = readOptions('memoryStore', options, {
    maxKeys: integer({ min: 8, max: 10_000_000, fallback: 100_000 }),
    maxRecords: integer({ min: 1, max: 10_000_000, fallback: 100_000 }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const { shared, take, giveBack, peek, clear } = memoryCounters(parsed);
  return Object.freeze({ shared, take, giveBack, peek, clear, ...memoryRecords(parsed) });
}
