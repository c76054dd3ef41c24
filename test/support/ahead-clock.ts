import { systemClock } from '../../src/kernel/clock.ts';
import { codeAt } from './person.ts';

export type AheadClock = ReturnType<typeof aheadClock>;

/** The system's clock and what a test has let pass. */
export function aheadClock() {
  let aheadMs = 0;
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + aheadMs,
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    pass(ms: number) { aheadMs += ms; },
  };
}

/** Each code is good once: the next one comes with the next half minute. */
export function nextCode(clock: AheadClock, secret: string): string {
  clock.pass(30_000);
  return codeAt(secret, clock.nowMs());
}
