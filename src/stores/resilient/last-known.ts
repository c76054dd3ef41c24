import type { Clock } from '../../ports/clock.ts';
import type { StoredRecord } from '../../ports/record-store.ts';

/** What the store said last of records that may be believed for a while. */
export interface LastKnown {
  /** Whether records of this key's kind are kept at all. */
  holds(key: string): boolean;
  /** `beganMs`: when it was asked, monotonic. */
  note(key: string, record: StoredRecord | undefined, beganMs: number): void;
  /** Somebody writes it: nobody knows what it is now, and no answer to an earlier question tells. */
  forget(key: string): void;
  /** undefined: not known, or too long ago. */
  find(key: string): { readonly record: StoredRecord | undefined } | undefined;
}

interface Noted {
  readonly record: StoredRecord | undefined;
  readonly known: boolean;
  readonly atMs: number;
}

/** The most records that are kept; the one that was noted longest ago makes room. */
const maxNotes = 20_000;

export function createLastKnown({ kinds, forMs, clock }: { readonly kinds: readonly string[]; readonly forMs: number; readonly clock: Clock }): LastKnown {
  const notes = new Map<string, Noted>();
  const held = new Set(forMs > 0 ? kinds : []);

  function set(key: string, noted: Noted): void {
    notes.delete(key);
    notes.set(key, noted);
    if (notes.size <= maxNotes) return;
    for (const oldest of notes.keys()) {
      notes.delete(oldest);
      return;
    }
  }

  return {
    holds: (key) => held.size > 0 && held.has(key.slice(0, Math.max(0, key.indexOf(':')))),
    note(key, record, beganMs) {
      const before = notes.get(key);
      // As of when it was asked: what the store answers late is no newer than that.
      if (before === undefined || beganMs > before.atMs || (before.known && beganMs === before.atMs)) set(key, { record, known: true, atMs: beganMs });
    },
    forget(key) {
      set(key, { record: undefined, known: false, atMs: clock.monotonicMs() });
    },
    find(key) {
      const noted = notes.get(key);
      return noted?.known === true && clock.monotonicMs() - noted.atMs <= forMs ? { record: noted.record } : undefined;
    },
  };
}
