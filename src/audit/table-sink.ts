import { systemClock } from '../kernel/clock.ts';
import { ConfigError, StoreError } from '../kernel/errors.ts';
import { callback, integer, optional, port, readOptions, text } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { AuditEntry } from './entry.ts';
import type { AuditSink } from './sinks.ts';

/** An entry as a row: every column is text, or null. */
export interface AuditRow {
  /** Unique: make it the key of the table and ignore a row that is there, so that a write that is tried again adds nothing. */
  readonly id: string;
  /** ISO 8601 in UTC, with milliseconds. */
  readonly time: string;
  readonly app: string | null;
  readonly event: string;
  readonly owasp: string;
  readonly level: string;
  readonly outcome: string;
  readonly account: string | null;
  readonly nameTag: string | null;
  readonly address: string | null;
  /** JSON: an array of texts. */
  readonly factors: string | null;
  /** JSON: an object. */
  readonly details: string;
}

export interface TableSinkOptions {
  /** Inserts rows, all or none: one statement, or one transaction. */
  readonly insert: (rows: readonly AuditRow[]) => Promise<unknown>;
  /** Deletes the rows whose `time` is before this one, and answers how many. Default: none, and `purge` throws. */
  readonly purge?: (beforeTime: string) => Promise<number>;
  /** Rows of one insert. Default 100. */
  readonly maxBatch?: number;
  /** Names the sink in `audit.sink-failed`. Default `table`. */
  readonly name?: string;
  readonly clock?: Clock;
}

export interface TableSink extends AuditSink {
  /** Deletes the rows that are older; answers how many. Throws ERR_CONFIG without the option `purge`. */
  purge(olderThanMs: number): Promise<number>;
}

/** The defaults of {@link tableSink}. */
export const tableSinkDefaults = Object.freeze({ name: 'table', maxBatch: 100 });

/**
 * A sink for a table of the app's own. What waits while one insert is under way goes into the next, so that a busy hour costs
 * few statements and a quiet one no delay. Throws ERR_CONFIG for a wrong option.
 */
export function tableSink(options: TableSinkOptions): TableSink {
  const { insert, purge, maxBatch, name, clock } = readOptions('tableSink', options, {
    insert: callback<TableSinkOptions['insert']>(),
    purge: optional(callback<NonNullable<TableSinkOptions['purge']>>()),
    maxBatch: integer({ min: 1, max: 10_000, fallback: tableSinkDefaults.maxBatch }),
    name: text(tableSinkDefaults.name),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });

  async function writeAll(entries: readonly AuditEntry[]): Promise<void> {
    await insert(Object.freeze(entries.map(rowOf)));
  }

  return Object.freeze({
    name,
    maxBatch,
    write: (entry) => writeAll([entry]),
    writeAll,
    async purge(olderThanMs) {
      if (purge === undefined) throw new ConfigError('tableSink.purge: expected a function that deletes rows');
      if (!Number.isSafeInteger(olderThanMs) || olderThanMs < 1 || olderThanMs > clock.nowMs()) throw new ConfigError('tableSink.purge: expected an age in milliseconds');
      const deleted: unknown = await purge(new Date(clock.nowMs() - olderThanMs).toISOString());
      if (!Number.isSafeInteger(deleted) || (deleted as number) < 0) throw new StoreError('tableSink.purge: expected the number of rows that were deleted');
      return deleted as number;
    },
  } satisfies TableSink);
}

function rowOf({ id, time, app, event, owasp, level, outcome, account, nameTag, address, factors, details }: AuditEntry): AuditRow {
  return Object.freeze({
    id, time, app: app ?? null, event, owasp, level, outcome,
    account: account ?? null,
    nameTag: nameTag ?? null,
    address: address ?? null,
    factors: factors === undefined ? null : JSON.stringify(factors),
    details: JSON.stringify(details),
  });
}
