import { group, integer } from './kernel/options.ts';
import { resilientCountersDefaults, resilientRecordsDefaults } from './stores/resilient/index.ts';

/** When a store counts as away, and how long what was read last of its orders is believed then. Slow counts as down. */
export interface StoreTimes {
  /** Time for one decision of `counters`, ms. Default 50. */
  readonly counterDeadlineMs?: number;
  /** Time for one call of `records`, ms. Default 250. */
  readonly recordDeadlineMs?: number;
  /**
   * While `records` is away, sessions go on by the epochs, policies and forced resets that were read last, for that long after
   * the reading, ms. 0: every request is answered 503 at once. Default 30,000.
   */
  readonly lastKnownForMs?: number;
}

export const storeTimesOption = group({
  counterDeadlineMs: integer({ min: 1, max: 10_000, fallback: resilientCountersDefaults.deadlineMs }),
  recordDeadlineMs: integer({ min: 1, max: 60_000, fallback: resilientRecordsDefaults.deadlineMs }),
  lastKnownForMs: integer({ min: 0, max: 3_600_000, fallback: resilientRecordsDefaults.lastKnownForMs }),
});
