import { createAlarmSender, createAttackMonitor, type AlarmSender, type AttackMonitor, type ShareAlarm } from './detect/index.ts';
import type { KeyRing } from './kernel/keys.ts';
import type { ParsedPortcullisOptions } from './portcullis-options.ts';
import type { Clock } from './ports/clock.ts';
import type { CounterStore } from './ports/counter-store.ts';
import type { Emit } from './ports/events.ts';
import type { RandomSource } from './ports/random.ts';

export interface Alarms {
  readonly monitor: AttackMonitor;
  readonly sender: AlarmSender | undefined;
}

export interface AlarmParts {
  readonly counters: CounterStore;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
}

/** The monitor and what carries its alarms. Loaded by the first event: an app that starts need not wait for it. */
export function alarmsOf({ sinks, onAlarm, onLevel }: ParsedPortcullisOptions['detect'], { counters, keys, clock, random, emit }: AlarmParts): Alarms {
  const sender = sinks.length === 0 ? undefined : createAlarmSender({ sinks, emit, clock, random });
  const share: ShareAlarm | undefined = counters.shared ? onlyOne(counters, keys) : undefined;
  const monitor = createAttackMonitor({
    ...(onLevel !== undefined && { onLevel }),
    ...(share !== undefined && { share }),
    clock, random, emit,
    onAlarm(alarm, state) {
      sender?.send(alarm);
      onAlarm?.(alarm, state);
    },
  });
  return { monitor, sender };
}

/** Of many processes that see one attack, one tells of it: the one whose charge fits into a burst of one. */
function onlyOne(counters: CounterStore, keys: KeyRing): ShareAlarm {
  return async (key, windowMs) => (await counters.take([{ rule: { name: `portcullis alarm ${windowMs}`, intervalMs: windowMs, burst: 1 }, key: keys.digest('alarm', key), cost: 1 }])).allowed;
}
