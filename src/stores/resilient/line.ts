import { isThenable } from '../../kernel/deadline.ts';
import { errorName, isStoreFull, StoreError } from '../../kernel/errors.ts';
import { createCalls } from './calls.ts';
import { createOutage, type OutageOptions, type StoreHealth } from './outage.ts';

/** A store that is asked within a deadline, and not at all while it is away. */
export interface StoreLine {
  /**
   * Asks, and reads the answer by `read`, which throws where it cannot be true. Throws or rejects with ERR_STORE where the store is
   * away, late, broken, or too many calls wait for it.
   */
  ask<T, R>(question: () => T | Promise<T>, read: (answer: T) => R): R | Promise<R>;
  /** Whether it would not be asked at all now. */
  isAway(): boolean;
  health(): StoreHealth;
  /** Ends the probes. */
  close(): void;
}

/** More calls than that at once are not sent: a client that never answers would keep them all. */
const maxInFlight = 2_000;

export function createLine(options: Omit<OutageOptions, 'onLate'>): StoreLine {
  const { store, clock, emit, deadlineMs } = options;
  const onLate = (): Error => new StoreError(`${store}: no answer within ${deadlineMs} ms`);
  const outage = createOutage({ ...options, onLate });
  const calls = createCalls({ clock, deadlineMs, onLate });

  function failed(cause: unknown, beganMs: number): Error {
    emit({ type: 'store.failed', store, error: errorName(cause) });
    if (isStoreFull(cause)) outage.succeeded();
    else outage.failed(errorName(cause), beganMs);
    return cause instanceof StoreError ? cause : new StoreError(`${store}: the store failed`, { cause });
  }

  return {
    ask<T, R>(question: () => T | Promise<T>, read: (answer: T) => R) {
      if (outage.isOn()) throw new StoreError(`${store}: the store is away`);
      if (calls.size() >= maxInFlight) throw new StoreError(`${store}: ${maxInFlight} calls wait for an answer`);
      const beganMs = clock.monotonicMs();
      const understood = (answer: T): R => {
        const value = read(answer);
        outage.succeeded();
        return value;
      };
      let answer: T | Promise<T>;
      try {
        answer = question();
        if (!isThenable(answer)) return understood(answer);
      } catch (cause) {
        throw failed(cause, beganMs);
      }
      return calls.wait(answer, { read: understood, failed: (cause) => failed(cause, beganMs) });
    },
    isAway: () => outage.isOn(),
    health: () => outage.health(),
    close() {
      outage.close();
    },
  };
}
