import type { Clock } from '../ports/clock.ts';

/** `go`: a request may go out, and `leave` is to be called at its end. */
export type Turn = 'go' | 'overloaded' | 'aborted';

/** Lets requests out one by one, with a time between them, and a few at once. */
export interface Pace {
  /** Waits for a turn. `first`: at the head of the line, and let in however long it is: for who has been there already. */
  enter(waiting: { readonly signal: AbortSignal | undefined; readonly first: boolean }): Promise<Turn>;
  readonly leave: () => void;
  /** Lets nobody out for so long. */
  hold(forMs: number): void;
}

export interface PaceOptions {
  readonly intervalMs: number;
  /** How many may be under way. */
  readonly places: number;
  /** How many may wait. */
  readonly maxWaiting: number;
  readonly clock: Clock;
}

/** Makes the pace of one key: whoever asks with it waits in one line. */
export function createPace({ intervalMs, places, maxWaiting, clock }: PaceOptions): Pace {
  const line: (() => void)[] = [];
  let underWay = 0;
  let nextAtMs = -Infinity;
  let cancelTick: (() => void) | undefined;

  /** Lets out who may go, or comes back when the time is up. A hold that came in between is seen then. */
  function move(): void {
    cancelTick?.();
    cancelTick = undefined;
    // No timer for nobody: it would keep the process alive for as long as the service has asked for.
    while (line.length > 0 && underWay < places) {
      const leftMs = nextAtMs - clock.monotonicMs();
      if (leftMs > 0) {
        cancelTick = clock.after(Math.ceil(leftMs), move);
        return;
      }
      nextAtMs = clock.monotonicMs() + intervalMs;
      underWay += 1;
      line.shift()?.();
    }
  }

  return {
    enter({ signal, first }) {
      if (signal?.aborted === true) return Promise.resolve('aborted');
      if (!first && line.length >= maxWaiting) return Promise.resolve('overloaded');
      return new Promise((resolve) => {
        const go = (): void => {
          signal?.removeEventListener('abort', giveUp);
          resolve('go');
        };
        const giveUp = (): void => {
          line.splice(line.indexOf(go), 1);
          resolve('aborted');
          move();
        };
        signal?.addEventListener('abort', giveUp, { once: true });
        if (first) line.unshift(go);
        else line.push(go);
        move();
      });
    },
    leave() {
      underWay -= 1;
      move();
    },
    hold(forMs) {
      nextAtMs = Math.max(nextAtMs, clock.monotonicMs() + forMs);
    },
  };
}
