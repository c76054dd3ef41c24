import type { SurgeTest } from '../../../kernel/evidence.ts';
import type { Expected } from './usual-rate.ts';

/** The sum of a test for a change of a rate. */
export interface Cusum {
  /** Whether the change is still there. */
  readonly on: boolean;
  /** One event. */
  add(): void;
  /** One event was none. Changes nothing of what is on: that waits by all events. */
  takeBack(): void;
  /** So many events were expected since the last one, of those that nobody takes back, and of all. */
  wait(expected: Expected): void;
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
      sum = Math.min(1.5 * threshold, sum + Math.log(factor));
    },
    takeBack() {
      if (!isOn()) sum = Math.max(0, sum - Math.log(factor));
    },
    wait({ lasting, all }) {
      sum = Math.max(0, sum - (factor - 1) * (isOn() ? all : lasting));
    },
    change() {
      const was = on;
      on = isOn();
      return was === on ? undefined : on ? 'began' : 'ended';
    },
  };
}
