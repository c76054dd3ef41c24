import type { Alarm } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import { urgencyOf, type Urgency } from './urgency.ts';

/** When the next state of an alarm is news. */
export interface UpdatePace {
  /** On the monotonic clock; in the past where it is news now. */
  dueAtMs(alarm: Alarm): number;
  told(alarm: Alarm): void;
}

/** Alarms whose last state is remembered, so that the next one of them waits. */
const maxRemembered = 1_000;

export function createUpdatePace(updateEveryMs: number, clock: Clock): UpdatePace {
  const told = new Map<string, { readonly urgency: Urgency; readonly atMs: number }>();

  return {
    /** A running count is news once in a while; a higher level, and that somebody came in, is news at once. */
    dueAtMs(alarm) {
      const last = told.get(alarm.id);
      if (last === undefined || urgencyOf(alarm) > last.urgency) return -Infinity;
      return last.atMs + updateEveryMs;
    },
    told(alarm) {
      const { id } = alarm;
      told.delete(id);
      told.set(id, { urgency: urgencyOf(alarm), atMs: clock.monotonicMs() });
      const [oldest] = told.keys();
      if (told.size > maxRemembered && oldest !== undefined) told.delete(oldest);
    },
  };
}
