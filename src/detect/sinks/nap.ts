import type { Clock } from '../../ports/clock.ts';

/** One wait at a time, which can be cut short. It keeps no process alive. */
export interface Nap {
  /** Calls `run` after so long, or when it is woken. */
  begin(ms: number, run: () => void): void;
  /** Calls `run` now. */
  wake(): void;
  /** Forgets it. */
  cancel(): void;
}

export function createNap(clock: Clock): Nap {
  let current: { readonly run: () => void; readonly cancel: () => void } | undefined;

  function over(): void {
    const ended = current;
    current = undefined;
    ended?.cancel();
    ended?.run();
  }

  return {
    begin(ms, run) {
      current = { run, cancel: clock.after(ms, over, true) };
    },
    wake: over,
    cancel() {
      current?.cancel();
      current = undefined;
    },
  };
}
