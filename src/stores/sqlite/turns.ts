import { StoreError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { isBusy, storeErrorOf } from './faults.ts';

const maxWaiting = 10_000;
const longestPauseMs = 4;
/** Others in this process have a turn after so much of waiting work, and other processes too. */
const sliceMs = 5;

/**
 * Who may use the file when. Work is done at once where it can be. Where another process is writing, it waits in line, outside
 * of SQLite, so that the event loop goes on; what waits too long is given up with ERR_STORE, as is everything after `close`.
 */
export interface Turns {
  /** Work that needs no lock: it does not wait for its turn. */
  read<T>(work: () => T): T | Promise<T>;
  /** Work that needs the lock. */
  write<T>(work: () => T): T | Promise<T>;
  close(): void;
}

interface Job {
  /** Does the work and tells the caller. Throws when the file is busy, and only then. */
  attempt(): void;
  giveUp(error: Error): void;
  readonly untilMs: number;
}

export function createTurns({ clock, lockWaitMs }: { readonly clock: Clock; readonly lockWaitMs: number }): Turns {
  const line: Job[] = [];
  let closed = false;
  let busyInARow = 0;

  const expired = (): StoreError => new StoreError(`sqlite store: another process kept the file for longer than ${lockWaitMs} ms`);

  /** One attempt of the first in line shows for all of them whether the file is free. */
  function serve(): void {
    const sliceEndMs = clock.monotonicMs() + sliceMs;
    for (let job = line[0]; job !== undefined; job = line[0]) {
      const nowMs = clock.monotonicMs();
      if (nowMs >= sliceEndMs) break;
      try {
        job.attempt();
        busyInARow = 0;
      } catch {
        if (nowMs < job.untilMs) {
          busyInARow += 1;
          break;
        }
        job.giveUp(expired());
      }
      line.shift();
    }
    if (line.length > 0) clock.after(Math.min(2 ** busyInARow, longestPauseMs), serve);
  }

  function wait<T>(work: () => T): Promise<T> {
    if (line.length >= maxWaiting) throw new StoreError(`sqlite store: ${maxWaiting} calls wait for another process already`);
    return new Promise((resolve, reject) => {
      line.push(jobOf(work, { resolve, giveUp: reject, untilMs: clock.monotonicMs() + lockWaitMs }));
      if (line.length === 1) clock.after(1, serve);
    });
  }

  function run<T>(work: () => T, mayTry: boolean): T | Promise<T> {
    if (closed) throw closedError();
    if (!mayTry) return wait(work);
    try {
      return work();
    } catch (error) {
      if (isBusy(error)) return wait(work);
      throw storeErrorOf(error);
    }
  }

  return {
    read: (work) => run(work, true),
    write: (work) => run(work, line.length === 0),
    close() {
      closed = true;
      for (const job of line.splice(0)) job.giveUp(closedError());
    },
  };
}

interface Caller<T> {
  readonly resolve: (value: T) => void;
  readonly giveUp: (error: Error) => void;
  readonly untilMs: number;
}

function jobOf<T>(work: () => T, { resolve, giveUp, untilMs }: Caller<T>): Job {
  return {
    untilMs,
    giveUp,
    attempt() {
      try {
        resolve(work());
      } catch (error) {
        if (isBusy(error)) throw error;
        giveUp(storeErrorOf(error));
      }
    },
  };
}

function closedError(): StoreError {
  return new StoreError('sqlite store: closed');
}
