/** Who wants to hear of which key. */
export interface Watchers {
  add(key: string, changed: () => void): () => void;
  /** Calls the watchers of a key, after the write that is going on. */
  tell(key: string): void;
}

export function createWatchers(): Watchers {
  const watchers = new Map<string, Set<{ readonly changed: () => void }>>();

  return {
    add(key, changed) {
      // An object of its own: the same function may watch twice, and each ends for itself.
      const watcher = { changed };
      const listeners = watchers.get(key) ?? new Set();
      watchers.set(key, listeners.add(watcher));
      return () => {
        listeners.delete(watcher);
        if (listeners.size === 0 && watchers.get(key) === listeners) watchers.delete(key);
      };
    },
    tell(key) {
      const listeners = watchers.get(key);
      for (const watcher of listeners ?? []) {
        queueMicrotask(() => {
          if (listeners?.has(watcher) === true) watcher.changed();
        });
      }
    },
  };
}
