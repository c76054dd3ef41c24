import { memoryStore, type Clock, type RecordStore } from 'portcullis';
import { freshPath, openStore } from '../stores/sqlite-support.ts';

/** What is said of one store is said of all. */
export const stores = ['memoryStore', 'sqliteStore'] as const;

export type StoreName = (typeof stores)[number];

export function emptyStore(on: StoreName, clock: Clock): RecordStore {
  return on === 'memoryStore' ? memoryStore({ clock }) : openStore(freshPath(), { clock });
}

type Call = 'read' | 'compareAndSet';

/** A store, and what is asked of it, in order. */
export function noted(inner: RecordStore): { readonly records: RecordStore; readonly calls: Call[]; readonly reads: string[] } {
  const calls: Call[] = [];
  const reads: string[] = [];
  const records: RecordStore = {
    durable: inner.durable,
    read(key) {
      calls.push('read');
      reads.push(key);
      return inner.read(key);
    },
    compareAndSet(change) {
      calls.push('compareAndSet');
      return inner.compareAndSet(change);
    },
    watch: (key, changed) => inner.watch(key, changed),
  };
  return { records, calls, reads };
}

/** Where a process ends: at the n-th call of its store. `done`: the store has carried it out, and nobody heard. */
export interface Death {
  readonly atCall: number;
  readonly done: boolean;
}

/** All deaths at the first calls. */
export function deathsWithin(calls: number): readonly Death[] {
  return Array.from({ length: calls }, (_, at) => at + 1).flatMap((atCall) => [{ atCall, done: false }, { atCall, done: true }]);
}

/** The store of a process that ends so. */
export function dying(store: RecordStore, { atCall, done }: Death): RecordStore {
  let calls = 0;
  async function counted<T>(call: () => Promise<T>): Promise<T> {
    calls += 1;
    if (calls > atCall || (calls === atCall && !done)) throw new Error('dead');
    const answer = await call();
    // What was on its way when the process ended is heard by nobody either.
    if (calls >= atCall) throw new Error('dead');
    return answer;
  }
  return { durable: true, read: (key) => counted(() => store.read(key)), compareAndSet: (change) => counted(() => store.compareAndSet(change)), watch: (key, changed) => store.watch(key, changed) };
}
