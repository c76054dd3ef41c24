import { wait } from '../../kernel/deadline.ts';
import type { Clock } from '../../ports/clock.ts';
import { createNap } from './nap.ts';
import type { AlarmQueue, QueuedAlarm } from './queue.ts';

/** Sends before the event loop gets its turn. */
const turn = 64;

/** Empties a queue, one alarm after the other. */
export interface Pump {
  /** Goes to work, unless it is at work already. Never blocks. */
  start(): void;
  /** Cuts waits short, and resolves when the queue is empty or this has ended. */
  hurry(): Promise<void>;
  /** Begins nothing any more. */
  end(): void;
  hasEnded(): boolean;
}

export interface PumpOptions {
  readonly queue: AlarmQueue;
  /** Deals with one alarm. Resolves to the pause after it, ms. Must not reject. */
  readonly run: (queued: QueuedAlarm) => Promise<number>;
  /** Whether nothing may be begun now; whoever says so calls `start` when that is over. */
  readonly isStuck: () => boolean;
  readonly clock: Clock;
}

export function createPump({ queue, run, isStuck, clock }: PumpOptions): Pump {
  const nap = createNap(clock);
  const waiters = new Set<() => void>();
  let state: 'open' | 'hurried' | 'ended' = 'open';
  let running = false;

  const isOver = (): boolean => state === 'ended' || isStuck();

  async function work(): Promise<void> {
    for (let done = 1; !isOver(); done += 1) {
      const next = queue.next(state === 'hurried');
      if (next === undefined) break;
      const pauseMs = await run(next);
      if (pauseMs > 0 && !isOver()) await new Promise<void>((resolve) => { nap.begin(pauseMs, resolve); });
      // A sink may take alarms as fast as they are raised: requests must still get their turn.
      if (done % turn === 0) await wait(clock, 0);
    }
    running = false;
    if (queue.size() === 0) for (const resolve of waiters) resolve();
    // What is not due yet; what came in at the last moment is due now.
    else if (!isOver()) nap.begin(queue.dueInMs(), start);
  }

  function start(): void {
    if (running || isOver()) return;
    running = true;
    nap.cancel();
    // Off the caller's stack: what a sink does must neither delay nor reach the code that raised the alarm.
    queueMicrotask(() => void work());
  }

  return {
    start,
    hurry() {
      if (state === 'open') state = 'hurried';
      return new Promise((resolve) => {
        waiters.add(resolve);
        nap.wake();
        start();
      });
    },
    end() {
      state = 'ended';
      nap.wake();
      for (const resolve of waiters) resolve();
    },
    hasEnded: () => state === 'ended',
  };
}
