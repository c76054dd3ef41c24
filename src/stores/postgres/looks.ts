import type { Clock } from '../../ports/clock.ts';

/** One look at a time, and one more after it for those who asked meanwhile. */
export interface Looks {
  readonly soon: () => void;
  /** Since when the look that is under way is, ms; 0 where there is none. */
  busyMs(): number;
}

/** `lookOnce` must not reject. */
export function createLooks(clock: Clock, lookOnce: () => Promise<void>): Looks {
  let sinceMs: number | undefined;
  let again = false;

  async function look(): Promise<void> {
    sinceMs = clock.monotonicMs();
    again = false;
    await lookOnce();
    sinceMs = undefined;
    next();
  }

  function next(): void {
    if (again && sinceMs === undefined) void look();
  }

  return {
    soon() {
      again = true;
      next();
    },
    busyMs: () => (sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs),
  };
}
