import type { Clock } from '../ports/clock.ts';

/**
 * Settles as `work` does, or rejects with `onLate()` once `deadlineMs` have passed. What `work` does after that is
 * ignored; hand it `AbortSignal`s of its own where it can be stopped.
 */
export function withDeadline<T>(work: Promise<T>, deadline: { readonly clock: Clock; readonly deadlineMs: number; readonly onLate: () => Error }): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = deadline.clock.after(deadline.deadlineMs, () => {
      reject(deadline.onLate());
    });
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
