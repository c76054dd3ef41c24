import { StoreError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordChange, RecordStore, StoredRecord } from '../../ports/record-store.ts';

const sweepEveryMs = 1_000;

interface Entry extends StoredRecord {
  readonly expiresAtMs: number;
}

export interface MemoryRecordOptions {
  /** How many records of one kind (the part of the key before the first colon) there may be. */
  readonly maxRecords: number;
  readonly clock: Clock;
}

/** Records in this process: gone with it, which `durable: false` says. */
export function memoryRecords({ maxRecords, clock }: MemoryRecordOptions): RecordStore {
  const kinds = new Map<string, Map<string, Entry>>();
  const watchers = new Map<string, Set<() => void>>();
  // One counter for all records: a version is never used again, so that a record removed and made anew is another one.
  let lastVersion = 0;
  let sweptMs = -Infinity;

  function entriesOf(key: string): Map<string, Entry> {
    const kind = key.slice(0, Math.max(0, key.indexOf(':')));
    const entries = kinds.get(kind) ?? new Map<string, Entry>();
    kinds.set(kind, entries);
    return entries;
  }

  function live(entries: Map<string, Entry>, key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAtMs > clock.nowMs()) return entry;
    entries.delete(key);
    return undefined;
  }

  /** Unlike a counter, a record is never pushed out: a full store refuses the newcomer. */
  function makeRoom(entries: Map<string, Entry>): void {
    if (entries.size < maxRecords) return;
    if (clock.monotonicMs() - sweptMs >= sweepEveryMs) {
      sweptMs = clock.monotonicMs();
      sweep(entries, clock.nowMs());
    }
    if (entries.size >= maxRecords) throw new StoreError(`memory store: ${maxRecords} records of one kind are the most`);
  }

  function change({ key, expectedVersion, value, expiresAtMs = Infinity }: RecordChange): boolean {
    const entries = entriesOf(key);
    const entry = live(entries, key);
    if ((entry?.version ?? 0) !== expectedVersion) return false;
    if (value === null) entries.delete(key);
    else {
      if (entry === undefined) makeRoom(entries);
      entries.set(key, { value, version: (lastVersion += 1), expiresAtMs });
    }
    for (const changed of watchers.get(key) ?? []) queueMicrotask(changed);
    return true;
  }

  return {
    durable: false,
    async read(key) {
      const entry = live(entriesOf(key), key);
      return Promise.resolve(entry && { value: entry.value, version: entry.version });
    },
    async compareAndSet(wanted) {
      return Promise.resolve(change(wanted));
    },
    watch: (key, changed) => watch(watchers, key, changed),
  };
}

function sweep(entries: Map<string, Entry>, nowMs: number): void {
  for (const [key, { expiresAtMs }] of entries) if (expiresAtMs <= nowMs) entries.delete(key);
}

function watch(watchers: Map<string, Set<() => void>>, key: string, changed: () => void): () => void {
  const listeners = watchers.get(key) ?? new Set();
  watchers.set(key, listeners.add(changed));
  return () => {
    listeners.delete(changed);
    if (listeners.size === 0) watchers.delete(key);
  };
}
