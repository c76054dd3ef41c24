import type { Entry } from './entries.ts';
import { addRecent, countRecent, createRecent, hasRecent, type Recent } from './recent.ts';
import { createSuspects, type Suspects } from './suspects.ts';

/** A right password, or a sign-in with one alone, from a browser that the account does not know. */
export interface Right {
  readonly entry: Entry;
  readonly mark: number;
  readonly how: 'entered' | 'asked' | 'leaked';
  /** When it counts: whoever is asked for more has a while to give it. */
  readonly ripeMs: number;
}

/** What is remembered of a network for a month: only who knows a password leaves anything here. */
export interface Place {
  /** Accounts that came in by a browser they know. */
  readonly known: Recent;
  /** Accounts that were opened from here. */
  readonly born: Recent;
  rights: Right[];
}

const dayMs = 86_400_000;
export const monthMs = 30 * dayMs;
const knownBounds = { windowMs: monthMs, most: 256 };
const bornBounds = { windowMs: 7 * dayMs, most: 64 };
const mostRights = 32;

export interface Places {
  readonly find: (network: string) => Place | undefined;
  addKnown(network: string, mark: number, nowMs: number): void;
  addBorn(network: string, mark: number, nowMs: number): void;
  addRight(network: string, right: Right, nowMs: number): void;
  /** What was asked for has been given: that right password was its owner's. */
  removeRight(network: string, mark: number): void;
  /** Known accounts of a network: what others do from there may be theirs. */
  knownAt(network: string, nowMs: number): number;
  /** Whether the account is at home there. */
  isFamiliar(network: string, mark: number, nowMs: number): boolean;
  readonly size: () => number;
}

export function createPlaces(sizes: { readonly young: number; readonly kept: number }): Places {
  const places: Suspects<Place> = createSuspects<Place>({
    ...sizes,
    make: () => ({ known: createRecent(), born: createRecent(), rights: [] }),
    weight: (place, nowMs) => 4 * rightsOf(place, nowMs).length + Math.min(8, countRecent(place.known, nowMs, monthMs)),
  });

  function knownAt(network: string, nowMs: number): number {
    return countRecent(places.find(network)?.known, nowMs, monthMs);
  }

  return {
    find: places.find,
    knownAt,
    addKnown(network, mark, nowMs) {
      const place = places.of(network);
      addRecent(place.known, mark, nowMs, knownBounds);
      if (place.known.marks.length >= 3) places.keep(network, nowMs);
    },
    addBorn(network, mark, nowMs) {
      addRecent(places.of(network).born, mark, nowMs, bornBounds);
    },
    addRight(network, right, nowMs) {
      const place = places.of(network);
      place.rights = [...rightsOf(place, nowMs).filter(({ mark, how }) => mark !== right.mark || how !== right.how), right].slice(-mostRights);
      places.keep(network, nowMs);
    },
    removeRight(network, mark) {
      const place = places.find(network);
      if (place !== undefined) place.rights = place.rights.filter((right) => right.mark !== mark || right.how === 'entered');
    },
    isFamiliar(network, mark, nowMs) {
      const place = places.find(network);
      return place !== undefined && (hasRecent(place.known, mark, nowMs, monthMs) || hasRecent(place.born, mark, nowMs, bornBounds.windowMs));
    },
    size: places.size,
  };
}

export function rightsOf(place: Place, nowMs: number): readonly Right[] {
  return place.rights.filter(({ entry }) => nowMs - entry.monotonicMs < monthMs);
}

/** The right passwords of strangers that count now, one for each account. */
export function ripeRights(place: Place | undefined, how: readonly Right['how'][], sinceMs: number, nowMs: number): readonly Right[] {
  if (place === undefined) return [];
  const seen = new Set<number>();
  return rightsOf(place, nowMs).filter((right) => {
    if (!how.includes(right.how) || right.ripeMs > nowMs || right.entry.monotonicMs < sinceMs || seen.has(right.mark)) return false;
    seen.add(right.mark);
    return true;
  });
}

