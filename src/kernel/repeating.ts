import type { Clock } from '../ports/clock.ts';

/** Does something again and again, between `start` and `stop`. Keeps no process alive. */
export interface Repeating {
  start(): void;
  stop(): void;
}

export function repeating(clock: Clock, everyMs: number, work: () => void): Repeating {
  let cancel: (() => void) | undefined;

  function next(): void {
    cancel = clock.after(everyMs, () => {
      next();
      work();
    }, true);
  }

  return {
    start() {
      if (cancel === undefined) next();
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
