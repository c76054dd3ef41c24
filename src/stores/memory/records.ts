import { createWatchers } from '../../kernel/watchers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordChange, RecordStore } from '../../ports/record-store.ts';
import { createRecordTable, placeOf } from './record-table.ts';

export interface MemoryRecordOptions {
  /** How many records of one kind there may be. */
  readonly maxRecords: number;
  readonly clock: Clock;
}

/** Records in this process: gone with it, which `durable: false` says. */
export function memoryRecords({ maxRecords, clock }: MemoryRecordOptions): RecordStore {
  const table = createRecordTable({ maxRecords, clock });
  const watchers = createWatchers();
  // One counter for all records: a version is never used again, so that a record removed and made anew is another one.
  let lastVersion = 0;

  function change({ key, expectedVersion, value, expiresAtMs = Infinity }: RecordChange): boolean {
    const place = placeOf(key);
    if ((table.live(place)?.version ?? 0) !== expectedVersion) return false;
    if (value === null) table.remove(place);
    else {
      const endsAtMs = clock.monotonicMs() + (expiresAtMs - clock.nowMs());
      table.put(place, { value, version: lastVersion + 1, expiresAtMs, endsAtMs });
      lastVersion += 1;
    }
    watchers.tell(place.slot);
    return true;
  }

  return {
    durable: false,
    async read(key) {
      const entry = table.live(placeOf(key));
      return Promise.resolve(entry && { value: entry.value, version: entry.version });
    },
    async compareAndSet(wanted) {
      return Promise.resolve(change(wanted));
    },
    watch: (key, changed) => watchers.add(placeOf(key).slot, changed),
  };
}
