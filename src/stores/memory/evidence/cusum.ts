import type { SurgeTest } from '../../../kernel/evidence.ts';

/** The sum of a test for a change of a rate. */
export interface Cusum {
  /** Whether the change is still there. */
  readonly on: boolean;
  /** One event. Answers whether there was room for the whole of it. */
  add(): boolean;
  /** An event that there was room for was none. */
  takeBack(): void;
  /** So many events were expected since the last one. */
  wait(expected: number): void;
  /** What has changed since it was asked last. */
  change(): 'began' | 'ended' | undefined;
}

export function createCusum({ factor, threshold }: SurgeTest): Cusum {
  let sum = 0;
  let on = false;
  const isOn = (): boolean => (on ? sum >= threshold / 4 : sum >= threshold);
  return {
    get on() {
      return isOn();
    },
    add() {
      // Bounded, so that it falls as fast after a long attack as after a short one.
      const most = 1.5 * threshold;
      const next = sum + Math.log(factor);
      sum = Math.min(most, next);
      return next <= most;
    },
    takeBack() {
      sum = Math.max(0, sum - Math.log(factor));
    },
    wait(expected) {
      sum = Math.max(0, sum - (factor - 1) * expected);
    },
    change() {
      const was = on;
      on = isOn();
      return was === on ? undefined : on ? 'began' : 'ended';
    },
  };
}
