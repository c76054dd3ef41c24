import type { Clock } from '../ports/clock.ts';

/** A timer that comes later than this was held up by the event loop, and so was every answer that lies in a socket. */
const heldUpMs = 10;
/** Enough for the loop to look at its sockets once. */
const graceMs = 5;

/**
 * Settles as `work` does, or rejects with `onLate()` once `deadlineMs` have passed. What `work` does after that is
 * ignored; hand it `AbortSignal`s of its own where it can be stopped. Work that is late because the event loop was held up
 * gets one more turn: a process that is busy must not take its database for dead. `idle`: the deadline keeps no process alive.
 */
export function withDeadline<T>(work: Promise<T>, deadline: { readonly clock: Clock; readonly deadlineMs: number; readonly onLate: () => Error; readonly idle?: boolean }): Promise<T> {
  return new Promise((resolve, reject) => {
    const { clock, deadlineMs, onLate, idle } = deadline;
    const dueMs = clock.monotonicMs() + deadlineMs;
    let cancel = clock.after(deadlineMs, () => {
      if (clock.monotonicMs() - dueMs < heldUpMs) reject(onLate());
      else cancel = clock.after(graceMs, () => { reject(onLate()); }, idle);
    }, idle);
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error('rejected without an Error', { cause: error }));
      },
    );
  });
}

/** Resolves after `delayMs`. */
export function wait(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** Also promises that are not this realm's, which many database clients return. */
export function isThenable<T>(answer: T | Promise<T>): answer is Promise<T> {
  return answer instanceof Promise || typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';
}
