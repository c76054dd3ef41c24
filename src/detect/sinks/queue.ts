import type { Alarm } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import { createUpdatePace } from './update-pace.ts';
import { leastUrgent } from './urgency.ts';

export interface QueuedAlarm {
  readonly alarm: Alarm;
  readonly tries: number;
}

/** Alarms that wait for one sink: the newest state of each, oldest alarm first, bounded. */
export interface AlarmQueue {
  /** Takes an alarm, or the newer state of one that waits. False where the oldest of the least urgent had to go for it. */
  put(alarm: Alarm): boolean;
  /** What to send now. It stays here until it is taken, since a newer state may come meanwhile. `all`: also what is not due yet. */
  next(all: boolean): QueuedAlarm | undefined;
  taken(sent: QueuedAlarm): void;
  /** True where that was its last try. */
  failed(sent: QueuedAlarm, maxTries: number): boolean;
  /** Until the first one is due. */
  dueInMs(): number;
  size(): number;
  /** Empties it. Answers how many waited. */
  clear(): number;
}

/** Makes the queue of one sink. */
export function createAlarmQueue({ maxWaiting, updateEveryMs, clock }: { readonly maxWaiting: number; readonly updateEveryMs: number; readonly clock: Clock }): AlarmQueue {
  const waiting = new Map<string, QueuedAlarm>();
  const pace = createUpdatePace(updateEveryMs, clock);

  return {
    put(alarm) {
      // In its old place, with its tries: one that the sink never takes must not stand before the others for ever.
      waiting.set(alarm.id, { alarm, tries: waiting.get(alarm.id)?.tries ?? 0 });
      if (waiting.size <= maxWaiting) return true;
      // Else whoever makes noise pushes out what they want to hide.
      const out = leastUrgent(waiting, (queued) => queued.alarm);
      if (out !== undefined) waiting.delete(out);
      return false;
    },
    next: (all) => leastTried(waiting.values(), all ? Infinity : clock.monotonicMs(), (alarm) => pace.dueAtMs(alarm)),
    taken({ alarm }) {
      const current = waiting.get(alarm.id);
      if (current?.alarm === alarm) waiting.delete(alarm.id);
      else if (current !== undefined) waiting.set(alarm.id, { alarm: current.alarm, tries: 0 });
      pace.told(alarm);
    },
    failed({ alarm, tries }, maxTries) {
      const current = waiting.get(alarm.id);
      if (current === undefined) return false;
      if (tries + 1 < maxTries) {
        waiting.set(alarm.id, { alarm: current.alarm, tries: tries + 1 });
        return false;
      }
      waiting.delete(alarm.id);
      if (current.alarm === alarm) return true;
      // A newer state has come: it stands for the one that is lost, behind all others.
      waiting.set(alarm.id, { alarm: current.alarm, tries: 0 });
      return false;
    },
    dueInMs() {
      const firstMs = [...waiting.values()].reduce((first, { alarm }) => Math.min(first, pace.dueAtMs(alarm)), Infinity);
      return Math.max(0, firstMs - clock.monotonicMs());
    },
    size: () => waiting.size,
    clear() {
      const { size } = waiting;
      waiting.clear();
      return size;
    },
  };
}

/** One that the sink does not take must not stand before those that it would; among equals, the oldest. */
function leastTried(waiting: Iterable<QueuedAlarm>, nowMs: number, dueAtMs: (alarm: Alarm) => number): QueuedAlarm | undefined {
  let best: QueuedAlarm | undefined;
  for (const queued of waiting) {
    if (dueAtMs(queued.alarm) > nowMs) continue;
    if (best === undefined || queued.tries < best.tries) best = queued;
    if (best.tries === 0) break;
  }
  return best;
}
