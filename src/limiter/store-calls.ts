import { withDeadline } from '../kernel/deadline.ts';
import { errorName, PortcullisError, StoreError } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';

/** How a counter store is asked: within a deadline, and every failure is one ERR_STORE and one event. */
export interface StoreCalls {
  inTime<T>(answer: Promise<T>): Promise<T>;
  broken(cause: unknown): PortcullisError;
  ask<T>(question: () => T | Promise<T>): Promise<T>;
}

export function createStoreCalls(options: { readonly clock: Clock; readonly deadlineMs: number; readonly emit: Emit }): StoreCalls {
  const { clock, deadlineMs, emit } = options;
  const onLate = (): Error => new StoreError(`limiter: the counter store took longer than ${deadlineMs} ms`);

  function broken(cause: unknown): PortcullisError {
    emit({ type: 'store.failed', store: 'counters', error: errorName(cause) });
    return cause instanceof PortcullisError ? cause : new StoreError('limiter: the counter store failed', { cause });
  }

  async function inTime<T>(answer: Promise<T>): Promise<T> {
    return withDeadline(answer, { clock, deadlineMs, onLate });
  }

  async function ask<T>(question: () => T | Promise<T>): Promise<T> {
    try {
      const answer = question();
      return answer instanceof Promise ? await inTime(answer) : answer;
    } catch (cause) {
      throw broken(cause);
    }
  }

  return { inTime, broken, ask };
}
