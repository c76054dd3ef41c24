import { systemClock } from '../../kernel/clock.ts';
import { callback, integer, port, readOptions } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import type { EvidenceStore } from '../../ports/evidence-store.ts';
import type { Emit } from '../../ports/events.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { lazy } from '../../kernel/lazy.ts';
import { memoryCounters } from './counters.ts';
import { memoryEvidence } from './evidence/index.ts';
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
 * Counters, records and the evidence of the login guard in this process. All are gone when it ends, and no other process sees them. Cannot be flushed:
 * a key that has used up its limit stays refused however many fresh keys arrive. Throws ERR_CONFIG.
 */
export function memoryStore(options: MemoryStoreOptions = {}): CounterStore & RecordStore & EvidenceStore {
  const parsed = readOptions('memoryStore', options, {
    maxKeys: integer({ min: 8, max: 10_000_000, fallback: 100_000 }),
    maxRecords: integer({ min: 1, max: 10_000_000, fallback: 100_000 }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const { shared, take, giveBack, peek, clear } = memoryCounters(parsed);
  // Its tables are there whole from the beginning: not for whoever has no use for them.
  const evidence = lazy(() => memoryEvidence({ clock: parsed.clock }));
  return Object.freeze({ shared, take, giveBack, peek, clear, ...memoryRecords(parsed), reserve: (attempt) => evidence().reserve(attempt), settle: (outcome) => evidence().settle(outcome) } satisfies CounterStore & RecordStore & EvidenceStore);
}
