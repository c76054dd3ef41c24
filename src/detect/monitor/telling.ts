import { isThenable, withDeadline } from '../../kernel/deadline.ts';
import type { Alarm } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit } from '../../ports/events.ts';
import { alarmKinds } from '../kinds.ts';
import { alarmOf, totalOf, type OpenAlarm } from './open-alarm.ts';

export type AlarmState = 'raised' | 'grown' | 'ended';

/** Makes one process of many tell of an attack. */
export type ShareAlarm = (key: string, windowMs: number) => boolean | Promise<boolean>;

export interface TellingParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly onAlarm: (alarm: Alarm, state: AlarmState) => void;
  readonly share: ShareAlarm | undefined;
  /** Whether an alarm has not ended meanwhile. */
  readonly isOn: (alarm: OpenAlarm) => boolean;
}

/** When an alarm is told of. */
export interface Telling {
  raised(alarm: OpenAlarm, nowMs: number): void;
  /** Where there is news enough. */
  grown(alarm: OpenAlarm, nowMs: number): void;
  ended(alarm: OpenAlarm, nowMs: number): void;
}

const hourMs = 3_600_000;
const grownEveryMs = 600_000;
const grownAtLeastMs = 60_000;
const shareDeadlineMs = 2_000;

export function createTelling(parts: TellingParts): Telling {
  const { emit, onAlarm } = parts;

  function tell(alarm: OpenAlarm, state: AlarmState, nowMs: number): void {
    alarm.toldMs = nowMs;
    alarm.toldCount = alarm.count;
    alarm.toldEntered = alarm.cameIn.total();
    alarm.toldLevel = alarm.level;
    const figures = figuresOf(alarm);
    if (state === 'raised') emit({ type: 'alarm.raised', ...figures });
    else if (state === 'grown') emit({ type: 'alarm.grown', ...figures });
    else emit({ type: 'alarm.ended', ...figures });
    onAlarm(alarmOf(alarm, state === 'ended'), state);
  }

  /** One process of many tells. Whoever cannot ask, or gets no answer, tells: twice is better than never. */
  function raised(alarm: OpenAlarm, nowMs: number): void {
    alarm.askedMs = nowMs;
    alarm.tells = 'unknown';
    ask(parts, `${alarm.kind} ${alarm.cause}`, (mine) => {
      alarm.tells = mine ? 'yes' : 'no';
      if (mine && parts.isOn(alarm)) tell(alarm, 'raised', nowMs);
    });
  }

  return {
    raised,
    grown(alarm, nowMs) {
      // Who told of it may be gone by now.
      if (alarm.tells === 'no' && nowMs - alarm.askedMs >= hourMs) raised(alarm, nowMs);
      // Whoever told of it does not know who came in here.
      else if (alarm.tells === 'no' && !alarm.spread && alarm.cameIn.hasStrangers()) {
        alarm.tells = 'yes';
        tell(alarm, 'raised', nowMs);
        return;
      }
      if (alarm.tells === 'yes' && isNews(alarm, nowMs)) tell(alarm, 'grown', nowMs);
    },
    ended(alarm, nowMs) {
      if (alarm.tells === 'yes') tell(alarm, 'ended', nowMs);
    },
  };
}

function ask({ share, clock }: TellingParts, key: string, then: (mine: boolean) => void): void {
  const settle = (answer: unknown): void => { then(answer !== false); };
  if (share === undefined) {
    settle(true);
    return;
  }
  let answer: boolean | Promise<boolean> = true;
  try {
    answer = share(key, hourMs);
  } catch {
    // As if nobody was asked.
  }
  if (!isThenable(answer)) settle(answer);
  else withDeadline(Promise.resolve(answer), { clock, deadlineMs: shareDeadlineMs, onLate: () => new Error('late'), idle: true }).then(settle, () => { settle(true); });
}

function isNews(alarm: OpenAlarm, nowMs: number): boolean {
  const sinceToldMs = nowMs - alarm.toldMs;
  const entered = alarm.cameIn.total() > alarm.toldEntered;
  if (alarm.level !== alarm.toldLevel) return true;
  if (sinceToldMs < grownAtLeastMs || (!entered && alarm.count === alarm.toldCount)) return false;
  return entered || alarm.count >= 2 * alarm.toldCount || sinceToldMs >= grownEveryMs;
}

/** What may be written down: networks are sealed by the audit log where they are an address, and stand nowhere else. */
function figuresOf(alarm: OpenAlarm) {
  const { oat } = alarmKinds[alarm.kind];
  const [network] = alarm.sources.size === 1 ? alarm.sources.keys() : [];
  return {
    id: alarm.id, kind: alarm.kind, level: alarm.level, count: alarm.count, networks: alarm.sources.size, accounts: totalOf(alarm), entered: alarm.cameIn.total(),
    ...(oat !== undefined && { oat }),
    ...(network !== undefined && { address: network.replace(/\/\d+$/, '') }),
    ...(alarm.ofAccount && { accountId: alarm.cause }),
  };
}
