import type { Alarm, AlarmKind, AttackLevel } from '../../ports/alarm.ts';
import type { RandomSource } from '../../ports/random.ts';
import type { Entries, Entry } from './entries.ts';
import { lookBack } from './look-back.ts';
import { addEntered, addSign, alarmOf, everywhere, holds, mostCauses, openAlarm, type OpenAlarm, type Sign } from './open-alarm.ts';
import { createTelling, type TellingParts } from './telling.ts';
import type { MonitorTime } from './time.ts';

export interface RegisterParts extends Omit<TellingParts, 'isOn'> {
  readonly random: RandomSource;
  readonly entries: Entries;
  readonly onLevel: (level: AttackLevel) => void;
  readonly quietMs: number;
  readonly fallBackMs: number;
}

/** The alarms that are on, and those that were. */
export interface Register {
  /** Raises an alarm, or counts one more sign of the one that is on. */
  readonly sign: (sign: Sign, now: MonitorTime) => void;
  /** Whether an alarm of this kind is on for this cause. */
  readonly isOn: (kind: AlarmKind, cause: string) => boolean;
  /** Somebody has signed in. */
  readonly entered: (entry: Entry) => void;
  /** Ends what is quiet, tells what has grown, and lets the level fall. */
  readonly sweep: (now: MonitorTime) => void;
  /** Whoever held an alarm on says that it is over: it ends as any other does. What begins again within the hour is the same alarm. */
  readonly letGo: (kind: AlarmKind, cause: string, now: MonitorTime) => void;
  readonly level: () => AttackLevel;
  /** Those that are on, newest first, then those that ended; at most 100. */
  readonly alarms: () => readonly Alarm[];
  readonly isQuiet: () => boolean;
}

const mostEnded = 50;
const mostListed = 100;

export function createRegister(parts: RegisterParts): Register {
  const { emit, entries, onLevel, quietMs, fallBackMs } = parts;
  const board = createBoard(parts.random);
  const { on } = board;
  const telling = createTelling({ ...parts, isOn: (alarm) => on.has(alarm) });
  const ended: Alarm[] = [];
  let level: AttackLevel = 'calm';

  function setLevel(nowMs: number): void {
    const next = levelOf(on, nowMs, fallBackMs);
    if (next === level) return;
    const from = level;
    level = next;
    emit({ type: 'attack.level-changed', from, to: next });
    onLevel(next);
  }

  function finish(alarm: OpenAlarm, nowMs: number): void {
    board.remove(alarm);
    ended.unshift(alarmOf(alarm, true));
    ended.length = Math.min(ended.length, mostEnded);
    telling.ended(alarm, nowMs);
  }

  function sweep({ monotonicMs: nowMs }: MonitorTime): void {
    for (const alarm of on) {
      if (nowMs - alarm.lastMs >= (alarm.holdMs ?? quietMs)) finish(alarm, nowMs);
      else telling.grown(alarm, nowMs);
    }
    setLevel(nowMs);
  }

  return {
    isOn: (kind, cause) => board.find(kind, cause) !== undefined,
    sign(sign, now) {
      const { alarm, fresh } = board.alarmFor(sign, now);
      lookBack(alarm, entries, addSign(alarm, sign, now));
      setLevel(now.monotonicMs);
      telling[fresh ? 'raised' : 'grown'](alarm, now.monotonicMs);
    },
    entered(entry) {
      for (const alarm of on) if (holds(alarm, entry)) addEntered(alarm, entry);
    },
    sweep,
    letGo(kind, cause, now) {
      const alarm = board.find(kind, cause);
      if (alarm !== undefined) alarm.holdMs = undefined;
      sweep(now);
    },
    level: () => level,
    alarms() {
      return [...[...on].map((alarm) => alarmOf(alarm, false)).sort((one, other) => other.sinceMs - one.sinceMs), ...ended].slice(0, mostListed);
    },
    isQuiet: () => on.size === 0,
  };
}

function levelOf(on: ReadonlySet<OpenAlarm>, nowMs: number, fallBackMs: number): AttackLevel {
  let level: AttackLevel = 'calm';
  for (const alarm of on) {
    if (alarm.toldOnly) continue;
    if (alarm.level === 'attack' && nowMs - alarm.lastMs < (alarm.holdMs ?? fallBackMs)) return 'attack';
    level = 'elevated';
  }
  return level;
}

/** Alarms of one kind, each with a cause of its own, before further causes come together in one. */
const mostOfKind = 8;
const folded = 'many causes';

/** Which alarm a cause belongs to. */
function createBoard(random: RandomSource) {
  /** By kind and cause: several causes may be one alarm. */
  const open = new Map<string, OpenAlarm>();
  const on = new Set<OpenAlarm>();

  function find(kind: AlarmKind, cause: string): OpenAlarm | undefined {
    const own = open.get(keyOf(kind, cause));
    if (own !== undefined) return own;
    const together = open.get(kind);
    return together !== undefined && together.causes >= mostCauses ? together : undefined;
  }

  /** `key`: of the cause, or the kind alone where many come together, which is the key of no cause. */
  function raise(sign: Sign, now: MonitorTime, key: string): OpenAlarm {
    const hour = new Date(now.wallMs).toISOString().slice(0, 13);
    const alarm = openAlarm(`${sign.kind}.${hour}.${random(6).toString('base64url')}`, sign, now);
    on.add(alarm);
    open.set(key, alarm);
    return alarm;
  }

  return {
    on: on as ReadonlySet<OpenAlarm>,
    find,
    /** Where there are many of the kind, the next cause joins those that came too late for an alarm of their own. */
    alarmFor(sign: Sign, now: MonitorTime): { readonly alarm: OpenAlarm; readonly fresh: boolean } {
      const key = keyOf(sign.kind, sign.cause);
      const known = find(sign.kind, sign.cause);
      if (known !== undefined) return { alarm: known, fresh: false };
      // What comes from everywhere is no part of what some networks do.
      if (sign.cause === everywhere || [...on].filter(({ kind }) => kind === sign.kind).length < mostOfKind) return { alarm: raise(sign, now, key), fresh: true };
      const together = open.get(sign.kind);
      const alarm = together ?? raise({ ...sign, cause: folded }, now, sign.kind);
      if (alarm.causes < mostCauses) open.set(key, alarm);
      alarm.causes += 1;
      return { alarm, fresh: together === undefined };
    },
    remove(alarm: OpenAlarm): void {
      on.delete(alarm);
      for (const [key, each] of open) if (each === alarm) open.delete(key);
    },
  };
}

function keyOf(kind: AlarmKind, cause: string): string {
  return `${kind} ${cause}`;
}
