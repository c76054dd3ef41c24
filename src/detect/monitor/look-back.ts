import type { Entries } from './entries.ts';
import { addEntered, beforeOnsetMs, holds, type OpenAlarm } from './open-alarm.ts';

/** Finds who came in before an alarm, or one of its networks, was known. */
export interface LookBack {
  now(alarm: OpenAlarm, nowMs: number): void;
  /** Unless it was looked through a moment ago. `isNew`: there is something new to look for. */
  soon(alarm: OpenAlarm, nowMs: number, isNew: boolean): void;
  all(): void;
}

/** A flood of networks, each with one sign, must not look through all sign-ins with each of them. */
const everyMs = 10_000;

export function createLookBack(entries: Entries): LookBack {
  const behind = new Set<OpenAlarm>();

  function now(alarm: OpenAlarm, nowMs: number): void {
    if (!behind.delete(alarm)) return;
    alarm.lookedBackMs = nowMs;
    const sinceMs = alarm.sinceMs - (alarm.spread ? beforeOnsetMs : 0);
    for (const entry of entries.since(sinceMs, (each) => holds(alarm, each))) addEntered(alarm, entry);
  }

  return {
    now,
    soon(alarm, nowMs, isNew) {
      if (isNew) behind.add(alarm);
      if (nowMs - alarm.lookedBackMs >= everyMs) now(alarm, nowMs);
    },
    all() {
      for (const alarm of behind) now(alarm, alarm.lookedBackMs);
    },
  };
}
