import { isThenable, withDeadline } from '../kernel/deadline.ts';
import { errorName, isPortcullisError, StoreError } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { CounterCharge, CounterStore } from '../ports/counter-store.ts';
import type { Emit } from '../ports/events.ts';

/**
 * How a counter store is asked: within a deadline, and every failure is one ERR_STORE and one event. A store that is `watched`
 * keeps the time and tells of failures itself.
 */
export interface StoreCalls {
  /** What the store says to a `take`: a verdict, the promise of one, or whatever a broken store says. */
  now(store: CounterStore, charges: readonly CounterCharge[]): unknown;
  /** Reports a failure of the store and answers the error to throw. */
  broken(cause: unknown): Error;
  /** The same for what is asked seldom. */
  ask<T>(question: () => T | Promise<T>): Promise<T>;
}

export function createStoreCalls(options: { readonly clock: Clock; readonly deadlineMs: number; readonly emit: Emit; readonly watched: boolean }): StoreCalls {
  const { clock, deadlineMs, emit, watched } = options;
  const onLate = (): Error => new StoreError(`limiter: the counter store took longer than ${deadlineMs} ms`);

  function broken(cause: unknown): Error {
    if (!watched) emit({ type: 'store.failed', store: 'counters', error: errorName(cause) });
    return isPortcullisError(cause) && cause.code === 'ERR_STORE' ? cause : new StoreError('limiter: the counter store failed', { cause });
  }

  function inTime<T>(answer: T | Promise<T>): T | Promise<T> {
    if (watched || !isThenable(answer)) return answer;
    return withDeadline(Promise.resolve(answer), { clock, deadlineMs, onLate });
  }

  return {
    now(store, charges) {
      try {
        return store.take(charges);
      } catch (cause) {
        throw broken(cause);
      }
    },
    broken,
    async ask(question) {
      try {
        return await inTime(question());
      } catch (cause) {
        throw broken(cause);
      }
    },
  };
}
