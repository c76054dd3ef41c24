import type { FakeClock } from 'portcullis/testing';

/** A fake clock that a simulation moves without waiting for a turn of the event loop. */
export interface WorldClock extends FakeClock {
  /** Moves both readings to this wall time, if it lies ahead, and runs the timers that are due by then. */
  moveTo(atMs: number): void;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** `startMs` is the wall time since 1970 to begin with. */
export function worldClock(startMs: number): WorldClock {
  let monotonicMs = 0;
  let shiftMs = startMs;
  const timers = new Set<Timer>();

  function runDue(untilMs: number): void {
    const due = [...timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) {
      if (!timers.delete(timer)) continue;
      monotonicMs = Math.max(monotonicMs, timer.atMs);
      timer.run();
    }
  }

  const moveTo = (atMs: number): void => {
    const untilMs = atMs - shiftMs;
    if (untilMs <= monotonicMs) return;
    if (timers.size > 0) runDue(untilMs);
    monotonicMs = untilMs;
  };

  return Object.freeze({
    nowMs: () => shiftMs + monotonicMs,
    monotonicMs: () => monotonicMs,
    after(delayMs: number, run: () => void) {
      const timer = { atMs: monotonicMs + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    async advance(byMs: number) {
      moveTo(shiftMs + monotonicMs + byMs);
    },
    setWallMs(toMs: number) {
      shiftMs = toMs - monotonicMs;
    },
    moveTo,
  } satisfies WorldClock);
}
