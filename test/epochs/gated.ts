import type { RecordStore } from '../../src/ports/record-store.ts';

type Verb = 'read' | 'compareAndSet';

/** A store that does what it is asked at once and answers when a test says so, and which can be gone. */
export interface Gated {
  readonly store: RecordStore;
  /** From now on the answers wait, of reads or of writes, of one key or all. */
  readonly hold: (verb?: Verb, key?: string) => void;
  /** From now on they do not; those that wait go on waiting. */
  readonly pass: () => void;
  /** Lets the answers go that wait. */
  readonly release: () => Promise<void>;
  readonly fail: (isGone: boolean) => void;
  /** Tells the watchers of a key, whatever happened to it. */
  readonly tell: (key: string) => void;
  /** The keys that are watched now. */
  readonly watched: () => readonly string[];
}

export function gated(inner: RecordStore): Gated {
  const waiting: (() => void)[] = [];
  let held: { readonly verb: Verb; readonly key: string | undefined } | undefined;
  let isGone = false;
  const watchers = new Set<{ readonly key: string; readonly changed: () => void }>();

  async function answered<T>(verb: Verb, key: string, work: () => Promise<T>): Promise<T> {
    if (isGone) throw new Error('ECONNREFUSED');
    const isToWait = held?.verb === verb && (held.key ?? key) === key;
    const answer = await work();
    if (isToWait) await new Promise<void>((resolve) => waiting.push(resolve));
    return answer;
  }

  return {
    store: {
      durable: inner.durable,
      read: (key) => answered('read', key, () => inner.read(key)),
      compareAndSet: (change) => answered('compareAndSet', change.key, () => inner.compareAndSet(change)),
      watch(key, changed) {
        const watcher = { key, changed };
        watchers.add(watcher);
        return () => {
          watchers.delete(watcher);
        };
      },
    },
    hold(verb = 'read', key) {
      held = { verb, key };
    },
    pass() {
      held = undefined;
    },
    async release() {
      held = undefined;
      for (const resolve of waiting.splice(0)) resolve();
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    },
    fail(gone) {
      isGone = gone;
    },
    tell(key) {
      for (const watcher of watchers) if (watcher.key === key) watcher.changed();
    },
    watched: () => [...watchers].map(({ key }) => key),
  };
}
