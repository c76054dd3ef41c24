import { once } from '../../kernel/once.ts';
import { repeating } from '../../kernel/repeating.ts';
import { createWatchers } from '../../kernel/watchers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordPlace, RecordRows } from './record-rows.ts';
import type { State } from './state.ts';

/** Twice as often as promised: a look may come late. */
const lookEveryMs = 500;

/** Who wants to hear of which record, also of the writes of other processes. A watcher keeps no process alive. */
export interface Watch {
  add(place: RecordPlace, changed: () => void): () => void;
  /** This store wrote: `version` is what is there now, 0 for nothing. */
  wrote(place: RecordPlace, version: number): void;
  readonly stop: () => void;
}

interface Watched {
  readonly place: RecordPlace;
  /** The version that its watchers know of; undefined where it could not be read: they are told once too often. */
  seen: number | undefined;
  watchers: number;
}

export function createWatch({ rows, state, clock }: { readonly rows: RecordRows; readonly state: State; readonly clock: Clock }): Watch {
  const watchers = createWatchers();
  const watched = new Map<string, Watched>();
  let lastVersion = -1;

  function look(): void {
    const highest = state.lastVersion();
    if (highest === lastVersion) return;
    for (const each of watched.values()) {
      const version = rows.version(each.place);
      if (each.seen !== version) watchers.tell(each.place.key);
      each.seen = version;
    }
    lastVersion = highest;
  }

  const looking = repeating(clock, lookEveryMs, () => {
    ifPossible(look);
  });

  function stop(): void {
    looking.stop();
    watched.clear();
  }

  function enter(place: RecordPlace): Watched {
    const each = watched.get(place.key) ?? { place, seen: ifPossible(() => rows.version(place)), watchers: 0 };
    watched.set(place.key, each);
    each.watchers += 1;
    if (each.seen === undefined) lastVersion = -1;
    looking.start();
    return each;
  }

  function leave(each: Watched): void {
    each.watchers -= 1;
    if (each.watchers > 0) return;
    if (watched.get(each.place.key) === each) watched.delete(each.place.key);
    if (watched.size === 0) stop();
  }

  return {
    add(place, changed) {
      const each = enter(place);
      const end = watchers.add(place.key, changed);
      return once(() => {
        end();
        leave(each);
      });
    },
    wrote({ key }, version) {
      const each = watched.get(key);
      if (each === undefined) return;
      each.seen = version;
      watchers.tell(key);
    },
    stop,
  };
}

/** A busy or broken file is not a watcher's to report: whoever reads next is told. */
function ifPossible<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
