import type { Clock } from '../ports/clock.ts';

// The global is a getter, which costs a fifth of every reading; what it answers is loaded by the first.
let timeline: typeof performance | undefined;

/** The machine's clock. */
export const systemClock: Clock = Object.freeze({
  nowMs: () => Date.now(),
  monotonicMs: () => (timeline ??= performance).now(),
  after(delayMs: number, run: () => void, idle = false) {
    const timer = setTimeout(run, delayMs);
    if (idle) timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
});
