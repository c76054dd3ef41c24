import type { AttackMonitor } from './detect/index.ts';
import { harmless } from './kernel/harmless.ts';
import type { Alarms } from './portcullis-alarms.ts';
import type { SecurityEvent } from './ports/events.ts';

/** The monitor as the app sees it, and what the wiring needs to feed and to end it. */
export interface LazyMonitor {
  readonly monitor: Pick<AttackMonitor, 'level' | 'snapshot'>;
  observe(event: SecurityEvent): void;
  /** Answers how many alarms could not be sent. */
  close(deadlineMs: number): Promise<number>;
}

/** Events that wait while the monitor is being loaded: some milliseconds at the start. */
const mostWaiting = 1_000;
const calm = { level: 'calm', minutes: [], sources: [], alarms: [], entered: [] } as const;

/** Made by the first event. Until then all is calm. */
export function lazyMonitor(make: () => Promise<Alarms>, nowMs: () => number, report: (error: unknown) => void): LazyMonitor {
  let waiting: SecurityEvent[] = [];
  let alarms: Alarms | undefined;
  let making: Promise<void> | undefined;
  const told = harmless(report);

  async function load(): Promise<void> {
    try {
      alarms = await make();
      for (const event of waiting) alarms.monitor.observe(event);
      waiting = [];
    } catch (error) {
      // The next event tries again.
      making = undefined;
      told(error);
    }
  }

  return {
    monitor: Object.freeze({
      level: () => alarms?.monitor.level() ?? 'calm',
      snapshot: () => alarms?.monitor.snapshot() ?? { atMs: nowMs(), ...calm },
    }),
    observe(event) {
      if (alarms !== undefined) alarms.monitor.observe(event);
      else {
        if (waiting.length < mostWaiting) waiting.push(event);
        making ??= load();
      }
    },
    async close(deadlineMs) {
      await making;
      alarms?.monitor.close();
      return (await alarms?.sender?.close(deadlineMs)) ?? 0;
    },
  };
}
