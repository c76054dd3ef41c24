import type { Clock } from '../../ports/clock.ts';
import type { TimeSource } from './scripts.ts';

/** Which time the scripts go by. */
export interface StoreTime {
  readonly source: TimeSource;
  /** A script's arguments, with the time added where it is one of them. */
  added(args: string[]): string[];
  /** How long from now a wall-clock time is, by the clock of this process: hosts and the server may differ. */
  untilMs(wallMs: number): number;
}

/** `simulated`: goes by the clock that was handed in, not by the server's; setting its wall clock changes nothing. */
export function createStoreTime(clock: Clock, simulated: boolean): StoreTime {
  const originMs = clock.nowMs() - clock.monotonicMs();
  return {
    source: simulated ? 'argument' : 'server',
    added: simulated ? (args) => [...args, String(originMs + clock.monotonicMs())] : (args) => args,
    untilMs: (wallMs) => wallMs - clock.nowMs(),
  };
}
