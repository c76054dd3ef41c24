import type { Clock } from '../../ports/clock.ts';

/** The highest time that any process has written down goes in, the store's time (ms since 1970) comes out. */
export type StoreTime = (writtenMs: number) => number;

/**
 * The time that all processes of one file share. It begins at the wall clock or at the time written in the file, whichever is
 * later, and goes on by the monotonic clock; who finds a later time in the file goes on from there. So setting the wall clock
 * back gives nothing back and lets nothing live longer, neither in a running process nor in one that starts after it.
 */
export function createStoreTime({ clock, writtenMs: firstMs }: { readonly clock: Clock; readonly writtenMs: number }): StoreTime {
  let originMs = Math.max(clock.nowMs(), firstMs) - clock.monotonicMs();

  return (writtenMs) => {
    const ownMs = originMs + clock.monotonicMs();
    if (writtenMs <= ownMs) return ownMs;
    originMs += writtenMs - ownMs;
    return writtenMs;
  };
}
