/** Something for each key of a flood of keys. */
export interface Suspects<V> {
  /** Not made where it is not there. */
  readonly find: (key: string) => V | undefined;
  /** The value of the key, made where it is not there. */
  readonly of: (key: string) => V;
  /** From now on the key stays, whatever else comes. */
  readonly keep: (key: string, nowMs: number) => void;
  readonly entries: () => IterableIterator<readonly [string, V]>;
  readonly size: () => number;
}

export interface SuspectSizes<V> {
  /** How many newcomers are known for certain; as many again before they are forgotten. */
  readonly young: number;
  readonly kept: number;
  readonly make: (key: string) => V;
  /** What speaks against it now; 0 where nothing does any more. */
  readonly weight: (value: V, nowMs: number) => number;
}

/** Of so many kept ones the least suspicious makes room. */
const looks = 8;

/**
 * Two generations of newcomers, of which the older is forgotten as a whole, and a place for whoever has become suspicious. A million fresh keys
 * push each other out and nobody else; a kept one goes for one that is more suspicious only.
 */
export function createSuspects<V>({ young: mostYoung, kept: mostKept, make, weight }: SuspectSizes<V>): Suspects<V> {
  const kept = new Map<string, V>();
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  const victim = createVictims(kept, weight);

  function put(key: string, value: V): V {
    if (young.size >= mostYoung) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
    return value;
  }

  function find(key: string): V | undefined {
    const found = kept.get(key) ?? young.get(key);
    if (found !== undefined) return found;
    const before = old.get(key);
    if (before === undefined) return undefined;
    old.delete(key);
    return put(key, before);
  }

  return {
    find,
    of: (key) => find(key) ?? put(key, make(key)),
    keep(key, nowMs) {
      if (kept.has(key)) return;
      const value = find(key);
      if (value === undefined) return;
      if (kept.size >= mostKept) {
        const least = victim(nowMs);
        if (least === undefined || least.weight >= weight(value, nowMs)) return;
        kept.delete(least.key);
      }
      young.delete(key);
      kept.set(key, value);
    },
    entries: () => chain(kept, young, old),
    size: () => kept.size + young.size + old.size,
  };
}

/** Finds the least suspicious of a few, looked at in turn. */
function createVictims<V>(kept: ReadonlyMap<string, V>, weight: SuspectSizes<V>['weight']): (nowMs: number) => { readonly key: string; readonly weight: number } | undefined {
  let cursor = kept.entries();

  function next(): readonly [string, V] | undefined {
    const found = cursor.next();
    if (found.done !== true) return found.value;
    cursor = kept.entries();
    return cursor.next().value;
  }

  return function victim(nowMs) {
    let least: { readonly key: string; readonly weight: number } | undefined;
    for (let look = 0; look < looks; look += 1) {
      const found = next();
      if (found === undefined) continue;
      const its = weight(found[1], nowMs);
      if (least === undefined || its < least.weight) least = { key: found[0], weight: its };
    }
    return least;
  };
}

function* chain<V>(...maps: readonly ReadonlyMap<string, V>[]): IterableIterator<readonly [string, V]> {
  for (const map of maps) yield* map;
}
