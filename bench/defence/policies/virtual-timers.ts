import { agenda } from '../heap.ts';

/** Node fires a timer that is longer than this after one millisecond. */
const longestMs = 2 ** 31 - 1;

/** Runs a library that reads `Date.now` and sets timers as if the virtual time were the real one. */
export interface VirtualTimers {
  /** Runs what is due by then, then the call itself; whatever that sets is virtual too. Only its synchronous part is covered. */
  at<T>(nowMs: number, call: () => T): T;
}

interface Handle {
  run: (() => void) | undefined;
}

/** `overflows` is Node's own way with timers of more than 24.8 days; without it they take as long as they say. */
export function virtualTimers({ overflows }: { readonly overflows: boolean }): VirtualTimers {
  const due = agenda<Handle>();
  let nowMs = 0;

  const setVirtual = (run: () => void, delayMs = 0): Handle => {
    const handle: Handle = { run };
    due.put(nowMs + (overflows && delayMs > longestMs ? 1 : delayMs), handle);
    return handle;
  };
  const clearVirtual = (handle: Handle | undefined): void => {
    if (handle !== undefined) handle.run = undefined;
  };

  function runDue(): void {
    while (due.nextMs() <= nowMs) due.take()?.run?.();
  }

  return {
    at(atMs, call) {
      const real = { now: Date.now, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
      nowMs = atMs;
      Date.now = () => atMs;
      globalThis.setTimeout = setVirtual as unknown as typeof setTimeout;
      globalThis.clearTimeout = clearVirtual as unknown as typeof clearTimeout;
      try {
        runDue();
        return call();
      } finally {
        Date.now = real.now;
        globalThis.setTimeout = real.setTimeout;
        globalThis.clearTimeout = real.clearTimeout;
      }
    },
  };
}
