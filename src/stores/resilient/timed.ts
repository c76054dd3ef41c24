import { withDeadline } from '../../kernel/deadline.ts';
import { StoreError } from '../../kernel/errors.ts';
import { isVerdict } from '../../kernel/counting.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';

/** The verbs of a counter store, each within a deadline. */
export interface TimedStore {
  take(charges: readonly CounterCharge[]): Promise<CounterVerdict>;
  peek(charges: readonly CounterCharge[]): Promise<CounterVerdict>;
  giveBack(charges: readonly CounterCharge[]): Promise<void>;
}

/** For what the library asks by itself: no breaker counts these calls, and none waits for them for ever. */
export function timedStore(store: CounterStore, { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number }): TimedStore {
  const inTime = <T>(answer: T | Promise<T>): Promise<T> => withDeadline(Promise.resolve(answer), { clock, deadlineMs, onLate: () => new StoreError(`counters: no answer within ${deadlineMs} ms`) });
  return {
    take: async (charges) => checkedVerdict(charges, await inTime(store.take(charges))),
    peek: async (charges) => checkedVerdict(charges, await inTime(store.peek(charges))),
    giveBack: async (charges) => inTime(store.giveBack(charges)),
  };
}

/** A store that lies is a broken one: throws ERR_STORE. */
export function checkedVerdict(charges: readonly CounterCharge[], verdict: unknown): CounterVerdict {
  if (!isVerdict(verdict, charges)) throw new StoreError('counters: the store answered nonsense');
  return verdict;
}
