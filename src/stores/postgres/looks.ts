import type { Clock } from '../../ports/clock.ts';

/** One look at a time, and one more after it for those who asked meanwhile. */
export interface Looks {
  readonly soon: () => void;
  /** The look that is under way is lost: another one may begin. */
  giveUp(): void;
  /** Since when the look that is under way is, ms; 0 where there is none. */
  busyMs(): number;
}

/** `lookOnce` must not reject. */
export function createLooks(clock: Clock, lookOnce: () => Promise<void>): Looks {
  let current: { readonly sinceMs: number } | undefined;
  let again = false;

  async function look(): Promise<void> {
    const own = { sinceMs: clock.monotonicMs() };
    current = own;
    again = false;
    await lookOnce();
    if (current !== own) return;
    current = undefined;
    next();
  }

  function next(): void {
    if (again && current === undefined) void look();
  }

  return {
    soon() {
      again = true;
      next();
    },
    giveUp() {
      current = undefined;
    },
    busyMs: () => (current === undefined ? 0 : clock.monotonicMs() - current.sinceMs),
  };
}
