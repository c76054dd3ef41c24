interface Entry<T> {
  readonly atMs: number;
  readonly place: number;
  readonly item: T;
}

/** What is to happen, the earliest first; of two at one time, the one that was put in first. */
export interface Agenda<T> {
  put(atMs: number, item: T): void;
  /** Time of the earliest; Infinity where there is none. */
  nextMs(): number;
  take(): T | undefined;
}

/** A binary heap. */
export function agenda<T>(): Agenda<T> {
  const entries: Entry<T>[] = [];
  let put = 0;

  function rise(from: number, entry: Entry<T>): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent] as Entry<T>;
      if (!before(entry, above)) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
  }

  function sink(entry: Entry<T>): void {
    let at = 0;
    for (let child = 1; child < entries.length; child = 2 * at + 1) {
      const right = entries[child + 1];
      if (right !== undefined && before(right, entries[child] as Entry<T>)) child += 1;
      const least = entries[child] as Entry<T>;
      if (!before(least, entry)) break;
      entries[at] = least;
      at = child;
    }
    entries[at] = entry;
  }

  return {
    put(atMs, item) {
      const entry = { atMs, place: (put += 1), item };
      entries.push(entry);
      rise(entries.length - 1, entry);
    },
    nextMs: () => entries[0]?.atMs ?? Infinity,
    take() {
      const first = entries[0];
      const last = entries.pop();
      if (last !== undefined && entries.length > 0) sink(last);
      return first?.item;
    },
  };
}

function before<T>(one: Entry<T>, other: Entry<T>): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.place < other.place);
}
