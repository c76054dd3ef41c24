import type { Clock } from '../ports/clock.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Lets time pass: both readings move on, and what was due runs in order, with promises settled in between. */
  advance(byMs: number): Promise<void>;
  /** Sets the wall clock, also backwards. The monotonic reading and timers are untouched, as on a real machine. */
  setWallMs(toMs: number): void;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Makes a clock for tests. `startMs` is the wall time since 1970 to begin with. */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let wallMs = startMs;
  let monotonicMs = 0;
  const timers = new Set<Timer>();

  function due(untilMs: number): Timer | undefined {
    const ready = [...timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
    return ready[0];
  }

  function moveTo(atMs: number): void {
    const stepMs = Math.max(0, atMs - monotonicMs);
    monotonicMs += stepMs;
    wallMs += stepMs;
  }

  async function advance(byMs: number): Promise<void> {
    const untilMs = monotonicMs + byMs;
    await settle();
    for (let timer = due(untilMs); timer !== undefined; timer = due(untilMs)) {
      timers.delete(timer);
      moveTo(timer.atMs);
      timer.run();
      await settle();
    }
    moveTo(untilMs);
    await settle();
  }

  return Object.freeze({
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    after(delayMs: number, run: () => void) {
      const timer = { atMs: monotonicMs + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance,
    setWallMs(toMs: number) {
      wallMs = toMs;
    },
  } satisfies FakeClock);
}

/** Lets everything that is already resolved run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
