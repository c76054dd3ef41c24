import type { RecordStore } from '../ports/record-store.ts';
import { keyOf } from './record.ts';
import type { EpochScope } from './scope.ts';

/** Organizations whose records are watched. Each costs its store a look twice a second; the others are seen when they are read again. */
const maxWatched = 100;

export interface Watched {
  readonly scope: EpochScope;
  /** Ends its watch. */
  unwatch: (() => void) | undefined;
}

export interface Watches {
  /** Watches what many sessions hang on: everyone's record, and those of some organizations. */
  enter(place: Watched, changed: () => void): void;
  leave(place: Watched): void;
  readonly close: () => void;
}

/** Watches make a revocation quicker; without them it is as quick as was promised. So they may fail. */
export function createWatches(records: RecordStore): Watches {
  const watched = new Set<Watched>();
  let isClosed = false;

  function leave(place: Watched): void {
    if (!watched.delete(place)) return;
    ifPossible(() => place.unwatch?.());
    place.unwatch = undefined;
  }

  return {
    enter(place, changed) {
      if (isClosed || place.scope.kind === 'user' || watched.size > maxWatched) return;
      watched.add(place);
      place.unwatch = ifPossible(() => records.watch(keyOf(place.scope), changed));
    },
    leave,
    close() {
      isClosed = true;
      for (const place of watched) leave(place);
    },
  };
}

function ifPossible<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
