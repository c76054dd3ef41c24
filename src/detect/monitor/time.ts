import type { Clock } from '../../ports/clock.ts';

/** One moment by both clocks. */
export interface MonitorTime {
  readonly monotonicMs: number;
  /** Ms since 1970. */
  readonly wallMs: number;
}

/** The last moment that a date can be of. */
const maxWallMs = 8.64e15;
/** After so long nothing is remembered anyway. */
const longestMs = 60 * 86_400_000;

/** Makes the reader of both clocks. Time that goes back, or is no number, stands still, and goes on from where it went back to. */
export function createTime(clock: Clock): () => MonitorTime {
  let before = clock.monotonicMs();
  let monotonicMs = 0;
  let wallMs = 0;
  return function now() {
    const read = clock.monotonicMs();
    const passed = read - before;
    if (passed > 0) monotonicMs += Math.min(passed, longestMs);
    if (Number.isFinite(read)) before = read;
    const wall = clock.nowMs();
    if (wall >= 0 && wall <= maxWallMs) wallMs = Math.floor(wall);
    return { monotonicMs, wallMs };
  };
}
