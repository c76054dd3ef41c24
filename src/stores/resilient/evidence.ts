import { systemClock } from '../../kernel/clock.ts';
import { checkedNews, checkedStanding } from '../../kernel/evidence-answers.ts';
import { callback, integer, port, readOptions } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit } from '../../ports/events.ts';
import type { EvidenceAttempt, EvidenceStanding, EvidenceStore } from '../../ports/evidence-store.ts';
import { memoryEvidence } from '../memory/evidence/index.ts';
import { createLine } from './line.ts';
import type { StoreHealth } from './outage.ts';

export interface ResilientEvidenceOptions {
  /** How many processes share the store. While it is away each of them takes what it sees for its part of the whole. Default 1. */
  readonly processes?: number;
  /** The store's time for one answer, ms. Slow counts as down. Default 50. */
  readonly deadlineMs?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** Evidence that is there also while the store behind it is away. */
export interface ResilientEvidence extends EvidenceStore {
  health(): StoreHealth;
  /** Ends the probes of a store that is away. */
  close(): void;
}

/** The defaults of {@link resilientEvidence}. */
export const resilientEvidenceDefaults = Object.freeze({ processes: 1, deadlineMs: 50 });

/** No network and no name: digests are never all zeros. */
const nobody = 'A'.repeat(22);
const probe: EvidenceAttempt = Object.freeze({ source: nobody, account: nobody, exists: false, weight: 1 });

/**
 * Puts a deadline and a circuit breaker before an evidence store. This process keeps what it sees itself as well: while the store is away it
 * judges by that, stricter than before, since it sees a part alone (OWASP ASVS 5.0 16.5.2). Throws ERR_CONFIG.
 */
export function resilientEvidence(store: EvidenceStore, options: ResilientEvidenceOptions = {}): ResilientEvidence {
  port<EvidenceStore>(['reserve', 'settle'])(store, 'resilientEvidence.store');
  const { processes, deadlineMs, clock, emit } = readOptions('resilientEvidence', options, {
    processes: integer({ min: 1, max: 100_000, fallback: resilientEvidenceDefaults.processes }),
    deadlineMs: integer({ min: 1, max: 10_000, fallback: resilientEvidenceDefaults.deadlineMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const own = memoryEvidence({ clock });
  const line = createLine({ store: 'evidence', clock, emit, deadlineMs, probe: async () => store.reserve(probe) });
  const factor = Math.max(2, processes);

  /** What this process has seen, as if it were a part of the whole. */
  function here(seen: EvidenceStanding): EvidenceStanding {
    return { ...seen, source: seen.source * factor, account: seen.account * factor, password: seen.password * factor, charged: { ...seen.charged, here: true } };
  }

  return Object.freeze({
    shared: store.shared,
    inTime: true,
    async reserve(attempt) {
      const seen = own.reserve(attempt);
      try {
        return await line.ask(() => store.reserve(attempt), checkedStanding);
      } catch {
        return here(seen);
      }
    },
    async settle(outcome) {
      const seen = own.settle(outcome);
      // The store has never heard of it.
      if (outcome.as !== 'known' && outcome.charged.here === true) return seen;
      try {
        return await line.ask(() => store.settle(outcome), checkedNews);
      } catch {
        return seen;
      }
    },
    health: () => line.health(),
    close() {
      line.close();
    },
  } satisfies ResilientEvidence);
}
