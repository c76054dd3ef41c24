import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';

/** Keeps requests from a service that is down: every one of them would cost a user the whole budget. */
export interface Breaker {
  /** Whether a request may go out now. While the breaker is open, one may after each `openMs`: the probe. */
  admit(): boolean;
  /** A request was answered rightly. */
  succeeded(): void;
  /** A request was not answered, or (with the prefix) was answered wrongly. `beganMs` is when it began, monotonic. */
  failed(failure: { readonly beganMs: number; readonly wronglyAnsweredPrefix?: string | undefined }): void;
}

interface BreakerOptions {
  readonly failures: number;
  readonly openMs: number;
  readonly clock: Clock;
  readonly emit: Emit;
}

/**
 * Makes a breaker that opens after `failures` failures with no success in between. A failure of a request that began
 * before the latest success does not count: in a burst the last ones are late because they waited for a connection of
 * ours, and whoever floods a form must not be able to switch the lookup off. Wrong answers for one prefix count once
 * however often they come: a 502 that an edge has cached for one prefix (seen for 19 hours) is no outage.
 */
export function createBreaker({ failures, openMs, clock, emit }: BreakerOptions): Breaker {
  const wrongPrefixes = new Set<string>();
  let unanswered = 0;
  let succeededAtMs = -Infinity;
  /** When the next probe may go out; undefined while the breaker is closed. */
  let probeAtMs: number | undefined;

  return {
    admit() {
      if (probeAtMs === undefined) return true;
      if (clock.monotonicMs() < probeAtMs) return false;
      // The next one waits as long again, so that there is one probe and not a thousand.
      probeAtMs = clock.monotonicMs() + openMs;
      return true;
    },
    succeeded() {
      succeededAtMs = clock.monotonicMs();
      wrongPrefixes.clear();
      unanswered = 0;
      if (probeAtMs === undefined) return;
      probeAtMs = undefined;
      emit({ type: 'breach.breaker-closed' });
    },
    failed({ beganMs, wronglyAnsweredPrefix }) {
      if (probeAtMs !== undefined || beganMs < succeededAtMs) return;
      if (wronglyAnsweredPrefix === undefined) unanswered += 1;
      else wrongPrefixes.add(wronglyAnsweredPrefix);
      if (unanswered + wrongPrefixes.size < failures) return;
      wrongPrefixes.clear();
      unanswered = 0;
      probeAtMs = clock.monotonicMs() + openMs;
      emit({ type: 'breach.breaker-opened', openForMs: openMs });
    },
  };
}
