import { systemClock } from '../../kernel/clock.ts';
import { StoreError } from '../../kernel/errors.ts';
import { callback, integer, port, readOptions } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { sqliteCounters } from './counters.ts';
import { storeErrorOf } from './faults.ts';
import { openFile, type OpenFile } from './open.ts';
import { sqliteRecords } from './records.ts';
import { createState, readWrittenMs, type State } from './state.ts';
import { createStoreTime } from './time.ts';
import { createTurns } from './turns.ts';

export interface SqliteStoreOptions {
  /** How many keys each rule may have before the least spent make room. Default 100,000. */
  readonly maxKeys?: number;
  /** How many records of one kind there may be before new ones are refused. Default 100,000. */
  readonly maxRecords?: number;
  /** How long a call waits for other processes before it is given up with ERR_STORE, ms. The event loop goes on. Default 1,000. */
  readonly lockWaitMs?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

export interface SqliteStore extends CounterStore, RecordStore {
  /** Closes the file. Calls that wait, and all later ones, fail with ERR_STORE. May be called twice. */
  close(): void;
}

export const sqliteDefaults = Object.freeze({ maxKeys: 100_000, maxRecords: 100_000, lockWaitMs: 1_000 });

/**
 * Counters and records in one file of this machine, for all its processes, by Node's own `node:sqlite`. Records survive a
 * restart, SIGKILL and a power failure from the moment that a write is answered; counters survive the first two.
 *
 * Opens the file at once and makes it, for its owner alone, where it is missing. The work is done in the calling thread: a
 * write of a record holds up the event loop while the disk confirms it. Cannot be flushed, as `memoryStore`.
 *
 * Throws ERR_CONFIG for wrong options, for a file of something else or of a newer version, and where Node has no
 * `node:sqlite`; ERR_STORE for a file that is broken or cannot be written.
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): SqliteStore {
  const { maxKeys, maxRecords, lockWaitMs, clock, emit } = readOptions('sqliteStore', options, {
    maxKeys: integer({ min: 8, max: 10_000_000, fallback: sqliteDefaults.maxKeys }),
    maxRecords: integer({ min: 1, max: 10_000_000, fallback: sqliteDefaults.maxRecords }),
    lockWaitMs: integer({ min: 0, max: 60_000, fallback: sqliteDefaults.lockWaitMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const file = openFile(path);
  try {
    return storeOn(file, { maxKeys, maxRecords, lockWaitMs, clock, emit });
  } catch (error) {
    close(file);
    throw storeErrorOf(error);
  }
}

function storeOn(file: OpenFile, { maxKeys, maxRecords, lockWaitMs, clock, emit }: Required<SqliteStoreOptions>): SqliteStore {
  const time = createStoreTime({ clock, writtenMs: readWrittenMs(file.counters) });
  const turns = createTurns({ clock, lockWaitMs });
  const counters = sqliteCounters({ connection: file.counters, turns, time, clock, maxKeys, emit });
  const { records, stop } = sqliteRecords({ connection: file.records, hasty: file.counters, turns, time, clock, maxRecords });
  const state = createState(file.counters, time);
  let closed = false;

  return Object.freeze({
    ...counters,
    ...records,
    watch(key: string, changed: () => void) {
      if (closed) throw new StoreError('sqlite store: closed');
      return records.watch(key, changed);
    },
    close() {
      if (closed) return;
      closed = true;
      stop();
      turns.close();
      keepTime(state);
      close(file);
    },
  });
}

/** So that the next process knows how much time has passed although nothing was written. No harm if it cannot be. */
function keepTime(state: State): void {
  try {
    state.keepTime();
  } catch {
    // Whoever starts next goes by the last write.
  }
}

function close({ records, counters }: OpenFile): void {
  records.close();
  counters.close();
}
