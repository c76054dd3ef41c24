import { systemClock } from '../../kernel/clock.ts';
import { isStoreFull, StoreError } from '../../kernel/errors.ts';
import { callback, group, integer, list, port, readOptions, text } from '../../kernel/options.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit } from '../../ports/events.ts';
import type { RecordChange, RecordStore, StoredRecord } from '../../ports/record-store.ts';
import { createLastKnown } from './last-known.ts';
import { createLine, type StoreLine } from './line.ts';
import type { StoreHealth } from './outage.ts';

export interface ResilientRecordsOptions {
  /** The store's time for one call, ms. Slow counts as down. Default 250. */
  readonly deadlineMs?: number;
  /**
   * Kinds of records (what stands before the `:` of their keys) that may be answered as they were read last while the store is
   * away, for `forMs` after that reading. Never kinds whose reading alone opens something once, such as tokens. Default: none.
   */
  readonly lastKnown?: { readonly kinds?: readonly string[]; readonly forMs?: number };
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** A record store that is not asked while it is away. */
export interface ResilientRecords extends RecordStore {
  health(): StoreHealth;
  /** Ends the probes of a store that is away. */
  close(): void;
}

/** The defaults of {@link resilientRecords}. */
export const resilientRecordsDefaults = Object.freeze({ deadlineMs: 250, lastKnownForMs: 30_000 });

const probeKeptMs = 60_000;

/**
 * Puts a deadline and a circuit breaker before a record store. While the store is away writes reject with ERR_STORE at once, and
 * so do reads, except of the kinds that `lastKnown` names (OWASP ASVS 5.0 16.5.2). Throws ERR_CONFIG.
 */
export function resilientRecords(store: RecordStore, options: ResilientRecordsOptions = {}): ResilientRecords {
  port<RecordStore>(['read', 'compareAndSet', 'watch'])(store, 'resilientRecords.store');
  const { deadlineMs, lastKnown: { kinds, forMs }, clock, emit } = readOptions('resilientRecords', options, {
    deadlineMs: integer({ min: 1, max: 60_000, fallback: resilientRecordsDefaults.deadlineMs }),
    lastKnown: group({ kinds: list(text(), []), forMs: integer({ min: 0, max: 3_600_000, fallback: resilientRecordsDefaults.lastKnownForMs }) }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const line = createLine({ store: 'records', clock, emit, deadlineMs, probe: createProbe(store, clock) });
  const lastKnown = createLastKnown({ kinds, forMs, clock });

  return Object.freeze({
    durable: store.durable,
    async read(key) {
      if (!lastKnown.holds(key)) return inTime(line, () => store.read(key));
      const beganMs = clock.monotonicMs();
      try {
        const record = await inTime(line, () => store.read(key));
        lastKnown.note(key, record, beganMs);
        return record;
      } catch (error) {
        const known = lastKnown.find(key);
        if (known === undefined) throw error;
        return known.record;
      }
    },
    async compareAndSet(change: RecordChange) {
      // Before and after: a reading that overlaps the write tells nothing of what is there then, and neither does a write that failed.
      if (lastKnown.holds(change.key)) lastKnown.forget(change.key);
      try {
        return await inTime(line, () => store.compareAndSet(change));
      } finally {
        if (lastKnown.holds(change.key)) lastKnown.forget(change.key);
      }
    },
    watch: (key: string, changed: () => void) => store.watch(key, changed),
    health: () => line.health(),
    close: () => {
      line.close();
    },
  } satisfies ResilientRecords);
}

/** Asks; a store that throws where it should reject is no different. */
async function inTime<T>(line: StoreLine, question: () => Promise<T>): Promise<T> {
  return line.ask(question, (answer) => answer);
}

/** Writes: a store that can only be read is away too. One that is full is there, or a flood of records would keep it away. */
function createProbe(store: RecordStore, clock: Clock): () => Promise<void> {
  let key: string | undefined;
  return async () => {
    key ??= `probe:${systemRandom(12).toString('base64url')}`;
    const found: StoredRecord | undefined = await store.read(key);
    const change = { key, expectedVersion: found?.version ?? 0, value: '{}', expiresAtMs: clock.nowMs() + probeKeptMs };
    const written: unknown = await Promise.resolve(store.compareAndSet(change)).catch((error: unknown) => isStoreFull(error) || Promise.reject(error as Error));
    if (written !== true) throw new StoreError('records: the store did not take what it was to write');
  };
}
