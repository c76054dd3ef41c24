import { systemClock } from '../../kernel/clock.ts';
import { harmless } from '../../kernel/harmless.ts';
import { callback, integer, optional, port, readOptions } from '../../kernel/options.ts';
import { systemRandom } from '../../kernel/random.ts';
import { repeating } from '../../kernel/repeating.ts';
import type { Alarm, AttackLevel, EnteredAccount } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit, SecurityEvent } from '../../ports/events.ts';
import type { RandomSource } from '../../ports/random.ts';
import { createAccountTries } from './accounts.ts';
import { attackMonitorDefaults } from './defaults.ts';
import { createEntries } from './entries.ts';
import { handlers, type MonitorParts } from './handlers.ts';
import { createMinutes, type MonitorMinute } from './minutes.ts';
import { createOrigins } from './origins.ts';
import { createPlaces } from './places.ts';
import { readSubject, type Given } from './read-event.ts';
import { createMarks } from './recent.ts';
import { createRegister } from './register.ts';
import { createRights } from './rights.ts';
import { createSite } from './site.ts';
import { createSources, type SourceActivity } from './sources.ts';
import type { AlarmState, ShareAlarm } from './telling.ts';
import { createStrangerShare } from './strangers.ts';
import { createTime, type MonitorTime } from './time.ts';

export interface AttackMonitorOptions {
  /** Told of each alarm as it begins, grows and ends: `createAlarmSender`'s `send`, for example. One that throws harms nobody. */
  readonly onAlarm?: (alarm: Alarm, state: AlarmState) => void;
  /** Told when the level changes. */
  readonly onLevel?: (level: AttackLevel) => void;
  /**
   * Of many processes that see one attack, the one that is answered `true` tells of it. Asked once for each cause and hour, at most 2 s; without an
   * answer each tells.
   */
  readonly share?: ShareAlarm;
  /** An alarm ends after so long without a new sign, ms. Default 1 hour. */
  readonly quietMs?: number;
  /** `attack` becomes `elevated` after so long without a new sign, ms. Default 15 min. */
  readonly fallBackMs?: number;
  /** Networks that are remembered for certain. Default 4,096. */
  readonly maxSources?: number;
  /** Accounts whose sign-ins are remembered, of known browsers and of strangers each. Default 4,096. */
  readonly maxSignIns?: number;
  readonly emit?: Emit;
  readonly clock?: Clock;
  readonly random?: RandomSource;
}

/** The last hour, as plain data. Networks are plain: show it to operators alone. */
export interface MonitorSnapshot {
  readonly atMs: number;
  readonly level: AttackLevel;
  /** 60 minutes, oldest first. */
  readonly minutes: readonly MonitorMinute[];
  /** The networks that tried most accounts or names in the last hour, at most 20. */
  readonly sources: readonly SourceActivity[];
  /** Newest first, at most 100: those that are on, then those that ended. */
  readonly alarms: readonly Alarm[];
  /** Who came in during the attacks that are listed, each account once, at most 1,000: the list to contain. */
  readonly entered: readonly EnteredAccount[];
}

export interface AttackMonitor {
  /** Hand it every event of the library. Never throws, whatever it is given, and never waits. */
  observe(event: SecurityEvent): void;
  level(): AttackLevel;
  snapshot(): MonitorSnapshot;
  /** Stops its timer. What is observed afterwards is counted all the same. */
  close(): void;
}

const minuteMs = 60_000;
const mostBusy = 20;
const mostEntered = 1_000;

/**
 * Makes the monitor that tells what attack goes on: it reads the events of the library, holds them against what is usual, and raises one alarm
 * for each cause, with who, since when, how often, which accounts were tried and who came in. It refuses nobody. It remembers a bounded part in
 * this process alone. Throws ERR_CONFIG here, later nothing. Source: OWASP Automated Threats OAT-002, 007, 008 and 019; ASVS 5.0 6.3.1, 16.3.3.
 */
export function createAttackMonitor(options: AttackMonitorOptions = {}): AttackMonitor {
  const parsed = readMonitorOptions(options);
  const { clock } = parsed;
  const now = createTime(clock);
  const marks = createMarks(parsed.random(4).readUInt32LE());
  const parts = partsOf(parsed, marks);
  const { register, rights, sources, minutes } = parts;
  let sweptMs = 0;

  function sweep(at: MonitorTime): void {
    sweptMs = at.monotonicMs;
    rights.sweep(at);
    register.sweep(at);
    if (register.isQuiet() && !rights.isWaiting()) ticks.stop();
  }

  const ticks = repeating(clock, minuteMs, () => { quietly(() => { sweep(now()); }); });

  function observe(event: unknown): void {
    if (typeof event !== 'object' || event === null) return;
    const given = event as Given;
    const handler = handlers.get(given['type']);
    if (handler === undefined) return;
    const at = now();
    // A process whose timers do not run must not hold an alarm for ever.
    if (at.monotonicMs - sweptMs >= minuteMs) sweep(at);
    handler(parts, { event: given, subject: readSubject(given, marks), now: at });
    if (!register.isQuiet() || rights.isWaiting()) ticks.start();
  }

  return Object.freeze({
    observe(event: SecurityEvent) {
      quietly(() => { observe(event); });
    },
    level: register.level,
    snapshot() {
      const { monotonicMs, wallMs } = now();
      const alarms = register.alarms();
      return {
        atMs: wallMs,
        level: register.level(),
        minutes: minutes.lastHour(monotonicMs, wallMs),
        sources: sources.busiest(mostBusy, monotonicMs),
        alarms,
        entered: enteredIn(alarms),
      };
    },
    close() {
      ticks.stop();
    },
  } satisfies AttackMonitor);
}

type Parsed = ReturnType<typeof readMonitorOptions>;

function partsOf({ emit, onAlarm, onLevel, maxSources, maxSignIns, ...parsed }: Parsed, marks: (text: string) => number): MonitorParts {
  const entries = createEntries(maxSignIns);
  const tell = harmless<{ alarm: Alarm; state: AlarmState }>(({ alarm, state }) => onAlarm(alarm, state));
  const register = createRegister({
    ...parsed,
    entries,
    emit: harmless(emit),
    onLevel: harmless(onLevel),
    onAlarm: (alarm, state) => { tell({ alarm, state }); },
  });
  const places = createPlaces({ young: maxSources, kept: Math.ceil(maxSources / 2) });
  const strangers = createStrangerShare();
  let sequence = 0;
  const nextMark = (): number => (sequence += 1);
  return {
    register, places, strangers, entries, nextMark,
    sources: createSources({ register, places, young: Math.ceil(maxSources / 2), kept: maxSources }),
    accounts: createAccountTries({ register, nextMark, marks, young: Math.ceil(maxSources / 4), kept: Math.ceil(maxSources / 4) }),
    rights: createRights({ register, places, strangers }),
    site: createSite(register),
    minutes: createMinutes(),
    origins: createOrigins(Math.ceil(maxSources / 2)),
  };
}

function enteredIn(alarms: readonly Alarm[]): readonly EnteredAccount[] {
  const all = new Map<string, EnteredAccount>();
  // What is known for certain must find room before the strangers of everywhere.
  for (const { entered } of [...alarms].sort((one, other) => Number(one.isSpread) - Number(other.isSpread))) {
    for (const each of entered) {
      const before = all.get(each.accountId);
      if (before === undefined ? all.size < mostEntered : before.knownDevice && !each.knownDevice) all.set(each.accountId, each);
    }
  }
  return [...all.values()];
}

function readMonitorOptions(options: AttackMonitorOptions) {
  const period = (fallback: number) => integer({ min: minuteMs, max: 7 * 86_400_000, fallback });
  return readOptions('attackMonitor', options, {
    onAlarm: callback<(alarm: Alarm, state: AlarmState) => unknown>(() => undefined),
    onLevel: callback<(level: AttackLevel) => unknown>(() => undefined),
    share: optional(callback<ShareAlarm>()),
    quietMs: period(attackMonitorDefaults.quietMs),
    fallBackMs: period(attackMonitorDefaults.fallBackMs),
    maxSources: integer({ min: 64, max: 1_000_000, fallback: attackMonitorDefaults.maxSources }),
    maxSignIns: integer({ min: 64, max: 1_000_000, fallback: attackMonitorDefaults.maxSignIns }),
    emit: callback<Emit>(() => undefined),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
  });
}

/** A getter of an event, or a broken clock, must not reach a sign-in. */
function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // There is nobody left to tell.
  }
}
