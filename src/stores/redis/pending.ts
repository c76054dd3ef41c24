import type { Clock } from '../../ports/clock.ts';

/** Calls whose answers are not there yet. A server that does not answer must not fill the memory of the app. */
export interface Pending {
  /** undefined: there are too many. Else what `leave` takes. */
  enter(calls: number): Period | undefined;
  /** `answered`: by the server; else the client gave up. */
  leave(period: Period, calls: number, answered: boolean): void;
}

/** Calls that were sent within half a minute. */
export interface Period {
  readonly beganMs: number;
  size: number;
  /** Its calls count no longer. */
  lost: boolean;
}

export const maxPending = 10_000;
const periodMs = 30_000;

/**
 * A client may lose a call: it is never settled, and would be counted for ever. A server answers in order, so that an answer shows
 * what was sent half a minute before it to be lost. A server that is silent shows nothing: what was sent to it still waits. While
 * too many wait one call in each half minute is sent all the same, or nothing could be shown any more.
 */
export function createPending(clock: Clock): Pending {
  let periods: Period[] = [];
  let size = 0;
  let sentMs = -Infinity;

  function current(nowMs: number): Period {
    const last = periods.at(-1);
    if (last !== undefined && nowMs - last.beganMs < periodMs) return last;
    const period = { beganMs: nowMs, size: 0, lost: false };
    periods = [...periods.filter((each) => each.size > 0), period];
    return period;
  }

  function forgetBefore(period: Period): void {
    for (let [oldest] = periods; oldest !== undefined && oldest.beganMs + 2 * periodMs <= period.beganMs; [oldest] = periods) {
      oldest.lost = true;
      size -= oldest.size;
      periods.shift();
    }
  }

  return {
    enter(calls) {
      const nowMs = clock.monotonicMs();
      if (size >= maxPending && nowMs - sentMs < periodMs) return undefined;
      sentMs = nowMs;
      const period = current(nowMs);
      period.size += calls;
      size += calls;
      return period;
    },
    leave(period, calls, answered) {
      if (period.lost) return;
      period.size -= calls;
      size -= calls;
      if (answered) forgetBefore(period);
    },
  };
}
