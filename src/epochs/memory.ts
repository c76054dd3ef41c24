import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { learned, type Known, type Look } from './known.ts';
import { createPlaces, type Flight, type Place, type Places, type Seen } from './places.ts';
import { readEpoch, type EpochRecord } from './record.ts';
import type { EpochScope } from './scope.ts';

/** Epochs in marks that the store did not have when it was asked. More than these ask again each time. */
const maxMissed = 16;
/** How old a look may be that others wait for with whoever began it: one that hangs must not hold up who comes later. */
const maxSharedMs = 1_000;

/** The epochs that this process remembers, none for longer than `maxStaleMs`. */
export interface EpochMemory {
  /** What is known, from a look that is not too old. A mark that is newer than that asks the store: somebody has raised since. */
  current(scope: EpochScope, marked: number): Promise<Known>;
  /** The same where nobody needs to be asked; else undefined. */
  recent(scope: EpochScope, marked: number): Known | undefined;
  /** What the store says now, and what is known by it. */
  look(scope: EpochScope): Promise<Seen>;
  /** What is known, however old; undefined for nothing. */
  recall(scope: EpochScope): Known | undefined;
  /** A write is done that was begun at this monotonic time. */
  wrote(scope: EpochScope, record: EpochRecord, begunMs: number): Known;
  readonly close: () => void;
}

export function createEpochMemory({ records, clock, maxStaleMs, maxCached }: { readonly records: RecordStore; readonly clock: Clock; readonly maxStaleMs: number; readonly maxCached: number }): EpochMemory {
  let turns = 0;
  const nextTurn = (): number => (turns += 1);
  const places = createPlaces({ records, maxCached, nextTurn });

  const depart = createDepart({ records, places, clock, nextTurn });

  const isRecent = ({ heardTurn }: Place, { begunTurn, asOfMs }: Pick<Known, 'begunTurn' | 'asOfMs'>, forMs: number): boolean => begunTurn > heardTurn && clock.monotonicMs() - asOfMs < forMs;

  /** The look that is under way, where it is as good as one that begins now. */
  function underWay(place: Place): Flight | undefined {
    const { flight } = place;
    return flight !== undefined && isRecent(place, flight, Math.min(maxStaleMs, maxSharedMs)) ? flight : undefined;
  }

  const fresh = (place: Place): Known | undefined => (place.known !== undefined && isRecent(place, place.known, maxStaleMs) ? place.known : undefined);

  async function remembered(place: Place, marked: number): Promise<Known> {
    const known = fresh(place);
    if (known !== undefined) return known;
    return (await (underWay(place) ?? depart(place, marked)).landed).known;
  }

  return {
    async current(scope, marked) {
      const place = places.of(scope);
      const known = await remembered(place, marked);
      if (marked <= known.epoch || place.missed.has(marked)) return known;
      const flight = underWay(place);
      return (await (flight?.marked === marked ? flight : depart(place, marked)).landed).known;
    },
    recent(scope, marked) {
      const place = places.find(scope);
      const known = place && fresh(place);
      return known !== undefined && (marked <= known.epoch || place?.missed.has(marked) === true) ? known : undefined;
    },
    // Asked for at every sign-in, also of strangers: they displace nobody who is remembered.
    look: (scope) => depart(scope.kind === 'user' ? places.passing(scope) : places.of(scope), 0).landed,
    recall: (scope) => places.find(scope)?.known,
    wrote(scope, record, begunMs) {
      // As if it had begun when it ended: a look that began before it may have missed it.
      const turn = nextTurn();
      return learn(places, places.of(scope), { ...record, begunTurn: turn, endedTurn: turn, asOfMs: begunMs });
    },
    close: places.close,
  };
}

function learn(places: Places, place: Place, look: Look): Known {
  const { known } = place;
  const next = learned(known, look);
  if (next.endedTurn !== known?.endedTurn) place.missed.clear();
  place.known = next;
  // In another life of the store, what was seen in the one before says nothing.
  if (known !== undefined && next.birth !== known.birth) places.clear();
  return next;
}

interface DepartParts {
  readonly records: RecordStore;
  readonly places: Places;
  readonly clock: Clock;
  readonly nextTurn: () => number;
}

/** Begins a look. */
function createDepart({ records, places, clock, nextTurn }: DepartParts): (place: Place, marked: number) => Flight {
  async function land(place: Place, { begunTurn, asOfMs, marked }: Omit<Flight, 'landed'>): Promise<Seen> {
    try {
      const record = await readEpoch(records, place.scope);
      const known = learn(places, place, { ...record, begunTurn, endedTurn: nextTurn(), asOfMs });
      if (marked > known.epoch && place.missed.size < maxMissed) place.missed.add(marked);
      return { record, known };
    } finally {
      if (place.flight?.begunTurn === begunTurn) place.flight = undefined;
    }
  }

  return (place, marked) => {
    const begun = { begunTurn: nextTurn(), asOfMs: clock.monotonicMs(), marked };
    const flight = { ...begun, landed: land(place, begun) };
    place.flight = flight;
    places.touch(place);
    return flight;
  };
}
