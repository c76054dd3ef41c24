import { systemClock } from '../../kernel/clock.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { harmless } from '../../kernel/harmless.ts';
import { oncePer } from '../../kernel/once-per.ts';
import { callback, integer, port, readOptions, wrong, type OptionReader } from '../../kernel/options.ts';
import { systemRandom } from '../../kernel/random.ts';
import { isSinkName } from '../../kernel/sink-name.ts';
import type { Alarm, AlarmSink } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit } from '../../ports/events.ts';
import type { RandomSource } from '../../ports/random.ts';
import { createBackoff } from './backoff.ts';
import { createAlarmDelivery, type AlarmDelivery } from './delivery.ts';
import { snapshotOf } from './snapshot.ts';

export interface AlarmSenderOptions {
  /** Where alarms go, at least one, each under a name of its own. */
  readonly sinks: readonly AlarmSink[];
  /** Alarms that may wait for each sink. Default 100; beyond it the oldest is dropped and counted. */
  readonly maxWaiting?: number;
  /** How long one send may take. Default 10 s. */
  readonly deadlineMs?: number;
  /** Sends of one alarm before it is lost to a sink, at most 5 minutes apart. Default 10. */
  readonly maxTries?: number;
  /** The pause between two states of one alarm. Default 1 min; a higher level does not wait. */
  readonly updateEveryMs?: number;
  /** Told of `alarm.sink-failed`, once a minute for each sink. */
  readonly emit?: Emit;
  readonly clock?: Clock;
  readonly random?: RandomSource;
}

/** What was lost, since the sender was made. */
export interface AlarmLosses {
  /** What was handed to `send` and is no alarm. */
  readonly refused: number;
  /** Alarms that a sink did not take, by its name. */
  readonly bySink: Readonly<Record<string, number>>;
}

export interface AlarmSender {
  /** Hands an alarm, or a newer state of one, to every sink. Never waits and never throws, whatever it is given. */
  send(alarm: Alarm): void;
  /** For shutdown: sends what waits, at most `deadlineMs`, and nothing after it. Answers how many alarms are left. */
  close(deadlineMs: number): Promise<number>;
  dropped(): AlarmLosses;
}

/** The defaults of {@link createAlarmSender}. */
export const alarmSenderDefaults = Object.freeze({ maxWaiting: 100, deadlineMs: 10_000, maxTries: 10, updateEveryMs: 60_000 });

/** A sink that is down fails at every send: one event a minute says it. */
const quietMs = 60_000;

/**
 * Brings alarms to people. Each sink has a queue of its own, so that one that is dead or slow costs its own alarms and
 * delays nobody. What fails is tried again, exponentially later and with full jitter, so every alarm comes at least once
 * or is counted as lost; a newer state of one that waits takes its place. No timer of it keeps the process alive.
 * Throws ERR_CONFIG here, later nothing.
 */
export function createAlarmSender(options: AlarmSenderOptions): AlarmSender {
  const { sinks, emit: given, random, ...limits } = readOptions('alarmSender', options, {
    sinks: sinksOption,
    maxWaiting: integer({ min: 1, max: 10_000, fallback: alarmSenderDefaults.maxWaiting }),
    deadlineMs: integer({ min: 100, max: 60_000, fallback: alarmSenderDefaults.deadlineMs }),
    maxTries: integer({ min: 1, max: 100, fallback: alarmSenderDefaults.maxTries }),
    updateEveryMs: integer({ min: 0, max: 3_600_000, fallback: alarmSenderDefaults.updateEveryMs }),
    emit: callback<Emit>(() => undefined),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
  });
  const emit: Emit = harmless(given);
  const mayTell = oncePer(quietMs, limits.clock);
  const backoff = createBackoff(random);
  let refused = 0;

  const deliveries: readonly AlarmDelivery[] = sinks.map((sink) => {
    const delivery: AlarmDelivery = createAlarmDelivery({
      ...limits,
      sink,
      backoff,
      onTrouble(error) {
        if (mayTell(sink.name)) emit({ type: 'alarm.sink-failed', sink: sink.name, error, dropped: delivery.dropped() });
      },
    });
    return delivery;
  });

  return Object.freeze({
    send(alarm) {
      const copy = readAlarm(alarm);
      if (copy === undefined) refused += 1;
      else for (const delivery of deliveries) delivery.push(copy);
    },
    async close(deadlineMs) {
      const left = await Promise.all(deliveries.map((delivery) => delivery.close(deadlineMs)));
      return left.reduce((sum, count) => sum + count, 0);
    },
    dropped: () => ({ refused, bySink: Object.fromEntries(deliveries.map((delivery) => [delivery.name, delivery.dropped()])) }),
  } satisfies AlarmSender);
}

/** A getter that throws must not reach whoever raised the alarm. */
function readAlarm(alarm: unknown): Alarm | undefined {
  try {
    return snapshotOf(alarm);
  } catch {
    return undefined;
  }
}

const sinksOption: OptionReader<readonly AlarmSink[]> = (given, name) => {
  if (!Array.isArray(given) || given.length === 0) throw wrong(name, 'an array of at least one sink', given);
  const sinks = given.map((sink: unknown, index) => {
    const at = `${name}[${index}]`;
    const read = port<AlarmSink>(['send'])(sink, at);
    if (!isSinkName(read.name)) throw new ConfigError(`${at}.name: expected 1 to 64 letters, digits, ".", "_" or "-"`);
    return read;
  });
  if (new Set(sinks.map((sink) => sink.name)).size < sinks.length) throw new ConfigError(`${name}: expected every sink's name once, got one twice`);
  return Object.freeze(sinks);
};
