import type { Alarm } from '../../ports/alarm.ts';
import { leastUrgent, urgencyOf, type Urgency } from './urgency.ts';

export interface TakenAlarms {
  /** The newest state of each. */
  readonly alarms: readonly Alarm[];
  /** How many others there were, of which only that is known. */
  readonly more: number;
}

/** What has been told, and what is held back for the next mail. Bounded. */
export interface HeldAlarms {
  /** Whether this one was never told, or is more urgent since: an attack, or one in which somebody came in. */
  isNews(alarm: Alarm): boolean;
  mailed(alarm: Alarm): void;
  hold(alarm: Alarm): void;
  takeAll(): TakenAlarms;
  putBack(taken: TakenAlarms): void;
  isEmpty(): boolean;
  /** Of the most urgent one that is held. */
  urgency(): Urgency;
}

const maxHeld = 50;
const maxTold = 1_000;

export function createHeldAlarms(): HeldAlarms {
  const told = new Map<string, Urgency>();
  const held = new Map<string, Alarm>();
  let more = 0;

  function hold(alarm: Alarm): void {
    held.set(alarm.id, alarm);
    if (held.size <= maxHeld) return;
    const out = leastUrgent(held, (each) => each);
    if (out !== undefined) held.delete(out);
    more += 1;
  }

  function mailed(alarm: Alarm): void {
    const { id } = alarm;
    const urgency = Math.max(told.get(id) ?? 0, urgencyOf(alarm)) as Urgency;
    told.delete(id);
    told.set(id, urgency);
    const [oldest] = told.keys();
    if (told.size > maxTold && oldest !== undefined) told.delete(oldest);
  }

  return {
    isNews: (alarm) => !alarm.isOver && urgencyOf(alarm) > (told.get(alarm.id) ?? -1),
    mailed,
    hold,
    takeAll() {
      const taken = { alarms: [...held.values()], more };
      for (const alarm of taken.alarms) mailed(alarm);
      held.clear();
      more = 0;
      return taken;
    },
    putBack(taken) {
      // What has come meanwhile is newer.
      for (const alarm of taken.alarms) if (!held.has(alarm.id)) hold(alarm);
      more += taken.more;
    },
    isEmpty: () => held.size === 0 && more === 0,
    urgency: () => Math.max(0, ...[...held.values()].map(urgencyOf)) as Urgency,
  };
}
