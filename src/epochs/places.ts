import type { RecordStore } from '../ports/record-store.ts';
import type { Known } from './known.ts';
import type { EpochRecord } from './record.ts';
import { everyone, type EpochScope } from './scope.ts';
import { createWatches, type Watched } from './watches.ts';

export interface Seen {
  readonly record: EpochRecord;
  readonly known: Known;
}

/** A look that is under way. */
export interface Flight {
  readonly begunTurn: number;
  readonly asOfMs: number;
  /** The mark that it was begun for: it had been given before. */
  readonly marked: number;
  readonly landed: Promise<Seen>;
}

/** What belongs to one epoch. */
export interface Place extends Watched {
  known: Known | undefined;
  flight: Flight | undefined;
  /** When the watch last told of a write: no look that began before counts any more. */
  heardTurn: number;
  readonly missed: Set<number>;
}

/** Everyone's place, and those of the organizations and accounts that were looked at last. */
export interface Places {
  of(scope: EpochScope): Place;
  find(scope: EpochScope): Place | undefined;
  /** The place that there is, or one that nobody keeps. */
  passing(scope: EpochScope): Place;
  /** The order in which places make room is that of their last looks. */
  touch(place: Place): void;
  /** Forgets all but everyone's. */
  clear(): void;
  readonly close: () => void;
}

export function createPlaces({ records, maxCached, nextTurn }: { readonly records: RecordStore; readonly maxCached: number; readonly nextTurn: () => number }): Places {
  const watches = createWatches(records);
  const all = newPlace(everyone);
  // Asked on every request of an app: one map of names that hold the kind would cost more than all else that a check does.
  const byId = { organization: new Map<string, Place>(), user: new Map<string, Place>() } as const;
  const inOrder = new Set<Place>();

  function newPlace(scope: EpochScope): Place {
    const place = emptyPlace(scope);
    watches.enter(place, () => {
      place.heardTurn = nextTurn();
    });
    return place;
  }

  function remove(place: Place): void {
    if (place.scope.kind !== 'everyone') byId[place.scope.kind].delete(place.scope.id);
    inOrder.delete(place);
    watches.leave(place);
  }

  function find(scope: EpochScope): Place | undefined {
    return scope.kind === 'everyone' ? all : byId[scope.kind].get(scope.id);
  }

  return {
    find,
    passing: (scope) => find(scope) ?? emptyPlace(scope),
    of(scope) {
      const found = find(scope);
      if (found !== undefined || scope.kind === 'everyone') return found ?? all;
      for (const oldest of inOrder) {
        if (inOrder.size < maxCached) break;
        remove(oldest);
      }
      const place = newPlace(scope);
      byId[scope.kind].set(scope.id, place);
      inOrder.add(place);
      return place;
    },
    touch(place) {
      if (inOrder.delete(place)) inOrder.add(place);
    },
    clear() {
      for (const place of inOrder) remove(place);
    },
    close: watches.close,
  };
}

function emptyPlace(scope: EpochScope): Place {
  return { scope, known: undefined, flight: undefined, heardTurn: 0, missed: new Set(), unwatch: undefined };
}
