import { isThenable, withDeadline } from '../../kernel/deadline.ts';
import { errorName, isStoreFull, StoreError } from '../../kernel/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { createOutage, type Outage, type OutageOptions, type StoreHealth } from './outage.ts';

/** A store that is asked within a deadline, and not at all while it is away. */
export interface StoreLine {
  /** Asks. Throws or rejects with ERR_STORE where the store is away, late, broken, or too many calls wait for it. */
  ask<T>(question: () => T | Promise<T>): T | Promise<T>;
  /** Whether it would not be asked at all now. */
  isAway(): boolean;
  health(): StoreHealth;
  /** Ends the probes. */
  close(): void;
}

/** More calls than that at once are not sent: a client that never answers would keep them all. */
const maxInFlight = 2_000;
/** A call that was never answered is forgotten then, or a client that loses calls would be full for ever. */
const forgetAfterMs = 30_000;

export function createLine(options: Omit<OutageOptions, 'onLate'>): StoreLine {
  const { store, clock, emit, deadlineMs } = options;
  const onLate = (): Error => new StoreError(`${store}: no answer within ${deadlineMs} ms`);
  const outage: Outage = createOutage({ ...options, onLate });
  const crowd = createCrowd({ clock, deadlineMs, onLate });

  function failed(cause: unknown, beganMs: number): Error {
    emit({ type: 'store.failed', store, error: errorName(cause) });
    if (isStoreFull(cause)) outage.succeeded();
    else outage.failed(errorName(cause), beganMs);
    return cause instanceof StoreError ? cause : new StoreError(`${store}: the store failed`, { cause });
  }

  async function settled<T>(answer: Promise<T>, beganMs: number): Promise<T> {
    try {
      const value = await crowd.counted(answer);
      outage.succeeded();
      return value;
    } catch (cause) {
      throw failed(cause, beganMs);
    }
  }

  return {
    ask<T>(question: () => T | Promise<T>) {
      if (outage.isOn()) throw new StoreError(`${store}: the store is away`);
      if (crowd.size() >= maxInFlight) throw new StoreError(`${store}: ${maxInFlight} calls wait for an answer`);
      const beganMs = clock.monotonicMs();
      let answer: T | Promise<T>;
      try {
        answer = question();
      } catch (cause) {
        throw failed(cause, beganMs);
      }
      if (isThenable(answer)) return settled(Promise.resolve(answer), beganMs);
      outage.succeeded();
      return answer;
    },
    isAway: () => outage.isOn(),
    health: () => outage.health(),
    close() {
      outage.close();
    },
  };
}

/** Counts calls until they are answered, also long after their deadline. */
function createCrowd({ clock, deadlineMs, onLate }: { readonly clock: Clock; readonly deadlineMs: number; readonly onLate: () => Error }) {
  let size = 0;
  return {
    size: () => size,
    counted<T>(answer: Promise<T>): Promise<T> {
      size += 1;
      let over = false;
      let cancelForget: (() => void) | undefined;
      const end = (): void => {
        if (over) return;
        over = true;
        size -= 1;
        cancelForget?.();
      };
      answer.then(end, end);
      return withDeadline(answer, {
        clock,
        deadlineMs,
        onLate() {
          if (!over) cancelForget = clock.after(forgetAfterMs, end, true);
          return onLate();
        },
      });
    },
  };
}
