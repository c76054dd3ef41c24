import type { Clock } from '../ports/clock.ts';

/** Counts what happens by name and tells it at once, then at most once in `everyMs` with how often it was. */
export interface Tally<T> {
  readonly count: (name: string, latest: T) => void;
  readonly close: () => void;
}

interface Entry<T> {
  count: number;
  latest: T;
  cancel: () => void;
}

/** `maxNames` bounds the memory: what is beyond shares one name. */
export function createTally<T>({ clock, everyMs, maxNames, tell }: { readonly clock: Clock; readonly everyMs: number; readonly maxNames: number; readonly tell: (latest: T, count: number) => void }): Tally<T> {
  const entries = new Map<string, Entry<T>>();

  function later(name: string): () => void {
    return clock.after(everyMs, () => {
      const entry = entries.get(name);
      if (entry === undefined) return;
      if (entry.count === 0) {
        entries.delete(name);
        return;
      }
      tell(entry.latest, entry.count);
      entry.count = 0;
      entry.cancel = later(name);
    }, true);
  }

  return {
    count(given, latest) {
      const name = entries.has(given) || entries.size < maxNames ? given : '';
      const entry = entries.get(name);
      if (entry !== undefined) {
        entry.count += 1;
        entry.latest = latest;
        return;
      }
      entries.set(name, { count: 0, latest, cancel: later(name) });
      tell(latest, 1);
    },
    close() {
      for (const { cancel } of entries.values()) cancel();
      entries.clear();
    },
  };
}
