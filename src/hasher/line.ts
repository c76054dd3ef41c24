import type { Clock } from '../ports/clock.ts';

/** Somebody who waits. */
export interface Waiter {
  start(): void;
  refuse(): void;
}

/** Those who wait, first come, first served, each for a limited time. */
export interface WaitingLine {
  length(): number;
  join(waiter: Waiter): void;
  /** Takes the first one out. Whoever has waited too long is refused and never handed out. */
  next(): Waiter | undefined;
}

/** Makes a line with one timer for all of it: who came first is late first. */
export function createWaitingLine({ maxWaitMs, clock }: { readonly maxWaitMs: number; readonly clock: Clock }): WaitingLine {
  const line: { readonly waiter: Waiter; readonly lateAtMs: number }[] = [];
  let cancelTimer: (() => void) | undefined;

  function watchFirst(): void {
    cancelTimer?.();
    const [first] = line;
    cancelTimer = first === undefined ? undefined : clock.after(Math.max(0, first.lateAtMs - clock.monotonicMs()), refuseLate);
  }

  function refuseLate(): void {
    const nowMs = clock.monotonicMs();
    while (line[0] !== undefined && line[0].lateAtMs <= nowMs) line.shift()?.waiter.refuse();
    watchFirst();
  }

  return {
    length: () => line.length,
    join(waiter) {
      line.push({ waiter, lateAtMs: clock.monotonicMs() + maxWaitMs });
      if (line.length === 1) watchFirst();
    },
    next() {
      // Not the timer's business alone: a blocked event loop runs it late.
      refuseLate();
      const first = line.shift();
      watchFirst();
      return first?.waiter;
    },
  };
}
