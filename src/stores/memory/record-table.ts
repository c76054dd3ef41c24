import { boundedKey, detached } from '../../kernel/bounded-key.ts';
import { StoreFullError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoredRecord } from '../../ports/record-store.ts';

const sweepEveryMs = 1_000;
const maxKinds = 64;

export interface RecordEntry extends StoredRecord {
  readonly expiresAtMs: number;
  /** The same on the monotonic clock, as the wall clock stood at the write: setting it back lets nothing live longer. */
  readonly endsAtMs: number;
}

/** Where a record lies: its kind, which is the part of the key before the first colon, and its key within it. */
export interface Place {
  readonly kind: string;
  readonly slot: string;
}

export function placeOf(key: string): Place {
  return { kind: boundedKey(key.slice(0, Math.max(0, key.indexOf(':')))), slot: boundedKey(key) };
}

/** The records that there are, kind by kind. */
export interface RecordTable {
  live(place: Place): RecordEntry | undefined;
  remove(place: Place): void;
  /** Throws ERR_STORE when a new record would be one too many of its kind. */
  put(place: Place, entry: RecordEntry): void;
}

interface Kind {
  readonly entries: Map<string, RecordEntry>;
  sweptMs: number;
}

export function createRecordTable({ maxRecords, clock }: { readonly maxRecords: number; readonly clock: Clock }): RecordTable {
  const kinds = new Map<string, Kind>();

  function gone({ expiresAtMs, endsAtMs }: RecordEntry): boolean {
    return expiresAtMs <= clock.nowMs() || endsAtMs <= clock.monotonicMs();
  }

  function remove({ kind, slot }: Place): void {
    const known = kinds.get(kind);
    known?.entries.delete(slot);
    if (known?.entries.size === 0) kinds.delete(kind);
  }

  function newKind(kind: string): Kind {
    if (kinds.size >= maxKinds) throw new StoreFullError(`memory store: ${maxKinds} kinds of records are the most`);
    const fresh = { entries: new Map<string, RecordEntry>(), sweptMs: -Infinity };
    kinds.set(detached(kind), fresh);
    return fresh;
  }

  /** Unlike a counter, a record is never pushed out: a full store refuses the newcomer. */
  function makeRoom(kind: Kind): void {
    if (kind.entries.size < maxRecords) return;
    if (clock.monotonicMs() - kind.sweptMs >= sweepEveryMs) {
      kind.sweptMs = clock.monotonicMs();
      for (const [slot, entry] of kind.entries) if (gone(entry)) kind.entries.delete(slot);
    }
    if (kind.entries.size >= maxRecords) throw new StoreFullError(`memory store: ${maxRecords} records of one kind are the most`);
  }

  return {
    live(place) {
      const entry = kinds.get(place.kind)?.entries.get(place.slot);
      if (entry === undefined || !gone(entry)) return entry;
      remove(place);
      return undefined;
    },
    remove,
    put({ kind, slot }, entry) {
      const known = kinds.get(kind) ?? newKind(kind);
      if (!known.entries.has(slot)) makeRoom(known);
      known.entries.set(detached(slot), entry);
    },
  };
}
