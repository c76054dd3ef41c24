import { createLimiter, type LimiterOptions } from 'portcullis/limiter';
import { fakeClock } from 'portcullis/testing';
import { memoryStore } from '../../src/stores/memory/index.ts';
import type { CounterStore } from '../../src/ports/counter-store.ts';
import { eventRecorder } from '../support/recorder.ts';

export const minuteMs = 60_000;

/** Ten a minute from an address, five in five minutes for an account. */
export const signInRules = { address: { limit: 10, windowMs: minuteMs }, account: { limit: 5, windowMs: 5 * minuteMs } };

/** A limiter over a memory store (or the given one) under a fake clock. */
export function setup<Name extends string = keyof typeof signInRules>(given: Partial<LimiterOptions<Name>> = {}) {
  const clock = fakeClock();
  const recorder = eventRecorder();
  const store: CounterStore = given.store ?? memoryStore({ clock, emit: recorder.emit });
  const limiter = createLimiter({ name: 'sign-in', clock, emit: recorder.emit, ...given, rules: given.rules ?? (signInRules as never), store });
  return { clock, limiter, store, ...recorder };
}

/** A store whose `take` and `peek` (and nothing else) answer as told. */
export function storeThat(answer: () => unknown): CounterStore {
  const told = answer as CounterStore['take'];
  return { shared: true, take: told, peek: told, giveBack: answer as CounterStore['giveBack'], clear: answer as CounterStore['clear'] };
}
