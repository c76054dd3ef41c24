import { withDeadline } from '../../kernel/deadline.ts';
import type { Alarm, AlarmSink } from '../../ports/alarm.ts';
import type { Clock } from '../../ports/clock.ts';
import { createAttempts, type Trouble } from './attempts.ts';
import type { Backoff } from './backoff.ts';
import { createPump, type Pump } from './pump.ts';
import { createAlarmQueue, type QueuedAlarm } from './queue.ts';

/** The way of alarms to one sink: one at a time, from a bounded queue. */
export interface AlarmDelivery {
  readonly name: string;
  /** Never blocks and never throws. */
  push(alarm: Alarm): void;
  /** Sends what waits now, without the pause between two states of one alarm, and ends within the deadline. Answers how many are left. */
  close(deadlineMs: number): Promise<number>;
  dropped(): number;
}

export interface AlarmDeliveryOptions {
  readonly sink: AlarmSink;
  readonly maxWaiting: number;
  readonly deadlineMs: number;
  readonly maxTries: number;
  readonly updateEveryMs: number;
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Told of every alarm that was lost, and of every send that failed. Must not throw. */
  readonly onTrouble: (error: string) => void;
}

/** Makes the way to one sink. */
export function createAlarmDelivery(options: AlarmDeliveryOptions): AlarmDelivery {
  const { sink, maxTries, clock, backoff, onTrouble } = options;
  const queue = createAlarmQueue(options);
  const attempts = createAttempts({ ...options, onLateEnd: () => { pump.start(); } });
  const pump: Pump = createPump({ queue, clock, isStuck: () => attempts.stuck(), run: async (queued) => settle(queued, await attempts.run(queued.alarm)) });
  let closed: Promise<number> | undefined;
  let failures = 0;
  let dropped = 0;

  function lose(error: string, count = 1): void {
    dropped += count;
    onTrouble(error);
  }

  /** Answers how long to leave the sink alone. */
  function settle(queued: QueuedAlarm, trouble: Trouble | undefined): number {
    if (trouble === undefined) {
      failures = 0;
      queue.taken(queued);
      return 0;
    }
    if (pump.hasEnded()) return 0;
    const { error, retry, retryAfterMs } = trouble;
    if (retry === 'stop') {
      pump.end();
      lose(error, queue.clear());
      return 0;
    }
    if (queue.failed(queued, retry === 'give-up' ? 0 : maxTries)) lose(error);
    else onTrouble(error);
    if (retry === 'give-up') return 0;
    failures += 1;
    return backoff(failures, retryAfterMs);
  }

  async function flush(flushMs: number): Promise<number> {
    if (queue.size() > 0) await withDeadline(pump.hurry(), { clock, deadlineMs: flushMs, onLate: () => new Error('late') }).catch(() => undefined);
    pump.end();
    attempts.abort();
    const left = queue.clear();
    if (left > 0) lose('closed', left);
    return left;
  }

  return {
    name: sink.name,
    push(alarm) {
      if (closed !== undefined || pump.hasEnded()) {
        lose('closed');
        return;
      }
      if (!queue.put(alarm)) lose('queue-full');
      pump.start();
    },
    close: (closeMs) => (closed ??= flush(closeMs)),
    dropped: () => dropped,
  };
}
