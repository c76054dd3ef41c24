import { withDeadline } from '../kernel/deadline.ts';
import { errorName, isPortcullisError, StoreError } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { CounterCharge, CounterVerdict } from '../ports/counter-store.ts';
import type { Emit } from '../ports/events.ts';
import { isVerdict } from './decision.ts';

/** How a counter store is asked: within a deadline, and every failure is one ERR_STORE and one event. */
export interface StoreCalls {
  /** Asks for a verdict about the charges and believes only what can be one. */
  judge(charges: readonly CounterCharge[], question: (charges: readonly CounterCharge[]) => CounterVerdict | Promise<CounterVerdict>): Promise<CounterVerdict>;
  /** Asks for something to be done. */
  tell(order: () => void | Promise<void>): Promise<void>;
}

export function createStoreCalls(options: { readonly clock: Clock; readonly deadlineMs: number; readonly emit: Emit }): StoreCalls {
  const { clock, deadlineMs, emit } = options;
  const onLate = (): Error => new StoreError(`limiter: the counter store took longer than ${deadlineMs} ms`);

  function broken(cause: unknown): Error {
    emit({ type: 'store.failed', store: 'counters', error: errorName(cause) });
    return isPortcullisError(cause) && cause.code === 'ERR_STORE' ? cause : new StoreError('limiter: the counter store failed', { cause });
  }

  /** Also for promises that are not this realm's, which many database clients return. */
  function inTime<T>(answer: T | Promise<T>): T | Promise<T> {
    if (!isThenable(answer)) return answer;
    return withDeadline(Promise.resolve(answer), { clock, deadlineMs, onLate });
  }

  return {
    async judge(charges, question) {
      try {
        const given = inTime(question(charges));
        // Awaiting an answer that is there already costs a quarter of the speed.
        const verdict = given instanceof Promise ? await given : given;
        if (isVerdict(verdict, charges)) return verdict;
      } catch (cause) {
        throw broken(cause);
      }
      throw broken(new StoreError('limiter: the counter store answered nonsense'));
    },
    async tell(order) {
      try {
        await inTime(order());
      } catch (cause) {
        throw broken(cause);
      }
    },
  };
}

function isThenable<T>(answer: T | Promise<T>): answer is Promise<T> {
  return answer instanceof Promise || typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';
}
