import { BusyError } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { createWaitingLine } from './line.ts';

export interface GateOptions {
  /** Derivations at the same moment. Default: one more than cores, and at least one less than libuv has threads. */
  readonly maxRunning?: number;
  /** How many more may wait. Default 256. 0: nobody waits. */
  readonly maxWaiting?: number;
  /** How long one may wait before it is refused, ms. Default 500. */
  readonly maxWaitMs?: number;
}

/** Bounds how much expensive work runs and waits. */
export interface Gate {
  /**
   * Runs `work` when it is its turn and settles as it does. Rejects with ERR_BUSY when too many wait, when the wait was
   * or would be too long. The place is given back whatever `work` does.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** What is worked on and what waits, now. */
  readonly load: () => { readonly running: number; readonly waiting: number };
}

/** How much the newest duration counts in the average. */
const weightOfNewest = 0.1;
/** `Retry-After` has whole seconds, and less than one tells a client to hammer. */
const minRetryAfterMs = 1_000;

interface GateParts extends Required<GateOptions> {
  readonly clock: Clock;
  readonly onBusy: (state: { readonly running: number; readonly waiting: number; readonly retryAfterMs: number }) => void;
}

/**
 * Makes a gate, first come, first served. Whoever could not be served in time is refused on arrival, so that what waits
 * is worth serving: in an overload the machine does no work whose asker has left.
 */
export function createGate({ maxRunning, maxWaiting, maxWaitMs, clock, onBusy }: GateParts): Gate {
  const line = createWaitingLine({ maxWaitMs, clock });
  let running = 0;
  let averageMs = 0;

  function waitEstimateMs(): number {
    return ((line.length() + 1) * averageMs) / maxRunning;
  }

  function busy(): BusyError {
    const retryAfterMs = Math.max(minRetryAfterMs, Math.ceil(waitEstimateMs()));
    onBusy({ running, waiting: line.length(), retryAfterMs });
    return new BusyError('hasher.gate: too many passwords at once', retryAfterMs);
  }

  async function turn(): Promise<void> {
    if (running < maxRunning) {
      running += 1;
      return;
    }
    if (line.length() >= maxWaiting || waitEstimateMs() > maxWaitMs) throw busy();
    await new Promise<void>((start, reject) => {
      line.join({
        start,
        refuse: () => {
          reject(busy());
        },
      });
    });
  }

  /** Hands the place to the next one, or gives it back. */
  function release(): void {
    const next = line.next();
    if (next === undefined) running -= 1;
    else next.start();
  }

  return {
    async run(work) {
      await turn();
      const startedMs = clock.monotonicMs();
      try {
        const result = await work();
        const tookMs = clock.monotonicMs() - startedMs;
        averageMs = averageMs === 0 ? tookMs : averageMs + (tookMs - averageMs) * weightOfNewest;
        return result;
      } finally {
        release();
      }
    },
    load: () => ({ running, waiting: line.length() }),
  };
}
