import type { EnteredAccount } from '../../ports/alarm.ts';

/** A sign-in that succeeded, as it is kept to be found in an attack that shows later. */
export interface Entry {
  readonly account: EnteredAccount;
  readonly rollUp: string;
  readonly monotonicMs: number;
  readonly known: boolean;
}

/** The newest sign-ins. Those of strangers have room of their own: known browsers, who are most, push none of them out. */
export interface Entries {
  add(entry: Entry): void;
  /** Since a moment, oldest first. */
  since(monotonicMs: number, matches: (entry: Entry) => boolean): Entry[];
}

export function createEntries(most: number): Entries {
  const rings = { known: createRing(most), strangers: createRing(most) };
  return {
    add(entry) {
      (entry.known ? rings.known : rings.strangers).add(entry);
    },
    since(monotonicMs, matches) {
      const wanted = (entry: Entry): boolean => entry.monotonicMs >= monotonicMs && matches(entry);
      return [...rings.known.filter(wanted), ...rings.strangers.filter(wanted)].sort((one, other) => one.monotonicMs - other.monotonicMs);
    },
  };
}

function createRing(most: number) {
  const ring: Entry[] = [];
  let next = 0;
  return {
    add(entry: Entry): void {
      ring[next] = entry;
      next = (next + 1) % most;
    },
    filter: (wanted: (entry: Entry) => boolean): Entry[] => ring.filter(wanted),
  };
}
