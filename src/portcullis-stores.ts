import { isClusterWorker } from './kernel/cluster-worker.ts';
import type { ParsedPortcullisOptions } from './portcullis-options.ts';
import type { Clock } from './ports/clock.ts';
import type { CounterStore } from './ports/counter-store.ts';
import type { Emit } from './ports/events.ts';
import type { EvidenceStore } from './ports/evidence-store.ts';
import type { RecordStore } from './ports/record-store.ts';
import { memoryStore } from './stores/memory/index.ts';
import { resilientCounters, resilientEvidence, resilientRecords, type StoreHealth } from './stores/resilient/index.ts';

/** The stores as they stand now. For a readiness probe: without records nobody signs in, without counters and evidence people do. */
export interface PortcullisHealth {
  /** Whether records can be read and written. */
  readonly ready: boolean;
  readonly counters: StoreHealth;
  readonly evidence: StoreHealth;
  readonly records: StoreHealth;
}

/** Both stores behind their deadlines and breakers. */
export interface Stores {
  readonly counters: CounterStore;
  readonly records: RecordStore;
  readonly evidence: EvidenceStore;
  health(): PortcullisHealth;
  close(): void;
}

/**
 * What may be believed for a while when it cannot be asked: orders that bind every request, and the factors of whoever is signed in.
 * Whatever opens something once is spent by a write, and none is answered while the store is away.
 */
const stateKinds = ['epoch', 'mfa-policy', 'reset', 'reset-before', 'totp', 'recovery', 'device', 'must-enroll'];

export function storesOf({ counters: given, records: givenRecords, evidence, processes, stores, clock }: Pick<ParsedPortcullisOptions, 'counters' | 'records' | 'evidence' | 'processes' | 'stores' | 'clock'>, emit: Emit): Stores {
  const records = resilientRecords(givenRecords, { deadlineMs: stores.recordDeadlineMs, lastKnown: { kinds: stateKinds, forMs: stores.lastKnownForMs }, clock, emit });
  if (given.shared && processes === 1 && isClusterWorker()) warnOfProcesses(emit);
  // What is of this process alone has no better copy in this process.
  const counters = given.shared ? resilientCounters(given, { processes, deadlineMs: stores.counterDeadlineMs, clock, emit }) : undefined;
  const plainEvidence = evidence ?? evidenceOf(given, clock);
  const kept = plainEvidence.shared ? resilientEvidence(plainEvidence, { processes, deadlineMs: stores.counterDeadlineMs, clock, emit }) : undefined;
  return {
    counters: counters ?? given,
    records,
    evidence: kept ?? plainEvidence,
    health() {
      const known = records.health();
      return { ready: known.state === 'ok', counters: counters?.health() ?? { state: 'ok' }, evidence: kept?.health() ?? { state: 'ok' }, records: known };
    },
    close() {
      records.close();
      counters?.close();
      kept?.close();
    },
  };
}

/** Where the counters are there is evidence as well, where their store can keep it; else it is of this process alone. */
function evidenceOf(counters: CounterStore & Partial<EvidenceStore>, clock: Clock): EvidenceStore {
  return 'reserve' in counters && 'settle' in counters ? (counters as CounterStore & EvidenceStore) : memoryStore({ clock });
}

function warnOfProcesses(emit: Emit): void {
  const advice = 'this is one of several cluster workers, and each of them would give out every limit whole while the counters are away. Say how many there are: processes.';
  emit({ type: 'limiter.misconfigured', problem: 'processes-unsaid', advice });
  process.emitWarning(`portcullis: ${advice}`, { code: 'PORTCULLIS_PROCESSES_UNSAID' });
}
