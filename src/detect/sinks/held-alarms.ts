import type { Alarm, AlarmLevel } from '../../ports/alarm.ts';

export interface TakenAlarms {
  /** The newest state of each. */
  readonly alarms: readonly Alarm[];
  /** How many others there were, of which only that is known. */
  readonly more: number;
}

/** What has been told, and what is held back for the next mail. Bounded. */
export interface HeldAlarms {
  /** Whether this one was never told, or has risen since. */
  isNews(alarm: Alarm): boolean;
  mailed(alarm: Alarm): void;
  hold(alarm: Alarm): void;
  takeAll(): TakenAlarms;
  putBack(taken: TakenAlarms): void;
  isEmpty(): boolean;
}

const maxHeld = 50;
const maxTold = 1_000;

export function createHeldAlarms(): HeldAlarms {
  const told = new Map<string, AlarmLevel>();
  const held = new Map<string, Alarm>();
  let more = 0;

  function hold(alarm: Alarm): void {
    if (held.has(alarm.id) || held.size < maxHeld) held.set(alarm.id, alarm);
    else more += 1;
  }

  function mailed({ id, level }: Alarm): void {
    const known = told.get(id);
    told.delete(id);
    told.set(id, known === 'attack' ? known : level);
    const [oldest] = told.keys();
    if (told.size > maxTold && oldest !== undefined) told.delete(oldest);
  }

  return {
    isNews({ id, level }) {
      const known = told.get(id);
      return known === undefined || (known === 'elevated' && level === 'attack');
    },
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
  };
}
