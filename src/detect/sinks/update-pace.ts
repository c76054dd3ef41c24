import type { Alarm } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';

/** When the next state of an alarm is news. */
export interface UpdatePace {
  /** On the monotonic clock; in the past where it is news now. */
  dueAtMs(alarm: Alarm): number;
  told(alarm: Alarm): void;
}

/** Alarms whose last state is remembered, so that the next one of them waits. */
const maxRemembered = 1_000;

export function createUpdatePace(updateEveryMs: number, clock: Clock): UpdatePace {
  const told = new Map<string, { readonly level: Alarm['level']; readonly atMs: number }>();

  return {
    /** A running count is news once in a while; a higher level is news at once. */
    dueAtMs({ id, level }) {
      const last = told.get(id);
      if (last === undefined || (level === 'attack' && last.level === 'elevated')) return -Infinity;
      return last.atMs + updateEveryMs;
    },
    told({ id, level }) {
      told.delete(id);
      told.set(id, { level, atMs: clock.monotonicMs() });
      const [oldest] = told.keys();
      if (told.size > maxRemembered && oldest !== undefined) told.delete(oldest);
    },
  };
}
