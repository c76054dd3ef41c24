import { errorName } from '../kernel/errors.ts';
import { withDeadline } from '../kernel/deadline.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';

/** Work that happens after the answer and must never change it. */
export interface DeferredWork {
  /** Queues a job; a full queue drops it with an event. */
  add(job: string, run: () => Promise<void>): void;
  /** Waits until the queue is empty, at most `deadlineMs`; answers how many jobs were left. */
  drain(deadlineMs: number): Promise<number>;
}

/** A mail server that never answers must not hold its place for ever. */
const jobDeadlineMs = 30_000;
/** Jobs that have not ended, those that were given up included. With so many, nothing new is begun until one does. */
const maxUnfinished = 100;

/** A bounded queue, a few jobs at a time. Failures become events. */
export function createDeferredWork(options: { readonly maxWaiting: number; readonly maxRunning: number; readonly clock: Clock; readonly emit: Emit }): DeferredWork {
  const { maxWaiting, maxRunning, clock, emit } = options;
  const waiting: { readonly job: string; readonly run: () => Promise<void> }[] = [];
  const idle = new Set<() => void>();
  let running = 0;
  let abandoned = 0;

  async function work(job: string, run: () => Promise<void>): Promise<void> {
    running += 1;
    const late = new Error('late');
    const done = run();
    try {
      await withDeadline(done, { clock, deadlineMs: jobDeadlineMs, onLate: () => late });
    } catch (error) {
      if (error === late) abandon(done);
      emit({ type: 'deferred.failed', job, error: error === late ? 'late' : errorName(error) });
    }
    running -= 1;
    next();
  }

  function abandon(done: Promise<void>): void {
    const ended = (): void => {
      abandoned -= 1;
      next();
    };
    abandoned += 1;
    done.then(ended, ended);
  }

  function next(): void {
    while (running < maxRunning && running + abandoned < maxUnfinished) {
      const first = waiting.shift();
      if (first === undefined) break;
      // `run` may throw before it returns a promise.
      void work(first.job, async () => first.run());
    }
    if (running > 0 || waiting.length > 0) return;
    for (const resolve of idle) resolve();
    idle.clear();
  }

  return {
    add(job, run) {
      if (waiting.length >= maxWaiting) {
        emit({ type: 'deferred.dropped', job });
        return;
      }
      waiting.push({ job, run });
      // A turn of the event loop later, so that the answer goes out first.
      clock.after(0, next);
    },
    async drain(deadlineMs) {
      if (running === 0 && waiting.length === 0) return 0;
      const emptied = new Promise<void>((resolve) => idle.add(resolve));
      await withDeadline(emptied, { clock, deadlineMs, onLate: () => new Error('late') }).catch(() => undefined);
      return running + waiting.length;
    },
  };
}
