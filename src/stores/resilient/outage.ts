import { withDeadline } from '../../kernel/deadline.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit } from '../../ports/events.ts';

/** What is known of a store, for a readiness probe. */
export type StoreHealth =
  | { readonly state: 'ok' }
  /** `sinceMs`: wall-clock ms since 1970. `error`: the kind of the last failure, never its message. */
  | { readonly state: 'degraded'; readonly sinceMs: number; readonly error: string };

/** What a store was told that it had missed. */
export interface CaughtUp {
  readonly settled: number;
  readonly lost: number;
}

export interface OutageOptions {
  readonly store: 'counters' | 'records' | 'evidence';
  readonly clock: Clock;
  readonly emit: Emit;
  readonly deadlineMs: number;
  readonly onLate: () => Error;
  /** Asks the store for something that it has to write, and rejects where it cannot. */
  readonly probe: () => Promise<unknown>;
  /** What has to be done before the store is used again. Rejects where the store is still away. */
  readonly catchUp?: () => Promise<CaughtUp>;
}

/** Whether a store is away (a circuit breaker), and the probes that bring it back. */
export interface Outage {
  isOn(): boolean;
  /** A call was answered. */
  succeeded(): void;
  /** A call failed. `beganMs`: when it began, monotonic. `error`: its kind. */
  failed(error: string, beganMs: number): void;
  health(): StoreHealth;
  close(): void;
}

/** So many failures without a success in between are no accident. */
const strikesToOpen = 3;
const firstProbeMs = 250;
const lastProbeMs = 500;

interface Away {
  readonly sinceMs: number;
  readonly sinceMonotonicMs: number;
  readonly error: string;
}

export function createOutage(options: OutageOptions): Outage {
  const { store, clock, emit } = options;
  let away: Away | undefined;
  let strikes = 0;
  let succeededAtMs = -Infinity;
  let closed = false;
  let cancelProbe: (() => void) | undefined;

  function succeeded(): void {
    succeededAtMs = clock.monotonicMs();
    strikes = 0;
  }

  function probeAfter(delayMs: number): void {
    if (closed) return;
    cancelProbe = clock.after(delayMs, () => {
      void look(delayMs);
    }, true);
  }

  /** One probe at a time, and no person waits for it: a store comes back also without anybody asking. */
  async function look(delayMs: number): Promise<void> {
    const caughtUp = await backAgain(options);
    if (closed || away === undefined) return;
    if (caughtUp === undefined) {
      probeAfter(Math.min(lastProbeMs, delayMs * 2));
      return;
    }
    const afterMs = Math.round(clock.monotonicMs() - away.sinceMonotonicMs);
    away = undefined;
    succeeded();
    emit({ type: 'store.recovered', store, afterMs, ...caughtUp });
  }

  return {
    isOn: () => away !== undefined,
    succeeded,
    failed(error, beganMs) {
      // One that began before the latest success does not count: in a burst the last ones are late because they queued.
      if (away !== undefined || beganMs < succeededAtMs) return;
      strikes += 1;
      if (strikes < strikesToOpen) return;
      strikes = 0;
      away = { sinceMs: clock.nowMs(), sinceMonotonicMs: clock.monotonicMs(), error };
      emit({ type: 'store.degraded', store, error });
      probeAfter(firstProbeMs);
    },
    health: () => (away === undefined ? { state: 'ok' } : { state: 'degraded', sinceMs: away.sinceMs, error: away.error }),
    close() {
      closed = true;
      cancelProbe?.();
    },
  };
}

/** undefined: it is still away. */
async function backAgain({ clock, deadlineMs, onLate, probe, catchUp }: OutageOptions): Promise<CaughtUp | undefined> {
  try {
    await withDeadline(probe(), { clock, deadlineMs, onLate });
    return (await catchUp?.()) ?? { settled: 0, lost: 0 };
  } catch {
    return undefined;
  }
}
