/** An abort signal of one job. */
export interface Stop {
  throwIfStopped(): void;
  /** Settles as `work` does, or rejects with the signal's reason. */
  orStopped<T>(work: T | Promise<T>): Promise<T>;
  end(): void;
}

/** One listener for a whole job: a race with a promise that lives as long would keep something of every account. */
export function createStop(signal: AbortSignal | undefined): Stop {
  const waiting = new Set<(reason: unknown) => void>();

  function stopped(): void {
    for (const reject of waiting) reject(signal?.reason);
  }

  signal?.addEventListener('abort', stopped, { once: true });
  return {
    throwIfStopped() {
      signal?.throwIfAborted();
    },
    orStopped(work) {
      if (signal === undefined) return Promise.resolve(work);
      return new Promise((resolve, reject) => {
        waiting.add(reject);
        Promise.resolve(work).then(resolve, reject).finally(() => waiting.delete(reject)).catch(() => undefined);
        if (signal.aborted) stopped();
      });
    },
    end() {
      signal?.removeEventListener('abort', stopped);
    },
  };
}
