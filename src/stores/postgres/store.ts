import { systemClock } from '../../kernel/clock.ts';
import { StoreError } from '../../kernel/errors.ts';
import { integer, optional, port, readOptions } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { StoreInspection } from '../../ports/store-inspection.ts';
import { createAsk } from './ask.ts';
import { inspect } from './inspect.ts';
import { defaultTable, name, namesOf, type TableOptions } from './names.ts';
import { readPool, type PostgresPool } from './pool.ts';
import { postgresRecords } from './records.ts';
import { createRoom } from './room.ts';
import { migrate } from './schema.ts';
import { statementsFor } from './statements.ts';
import { createWatch } from './watch.ts';

export interface PostgresStoreOptions extends TableOptions {
  /** About how many records there may be, of all kinds, before new ones are refused. Default 10,000,000. */
  readonly maxRecords?: number;
  /** For tests and simulations: records end by this clock. Default: by the server's, one for all hosts. */
  readonly clock?: Clock;
}

export interface PostgresStore extends RecordStore {
  /** Makes the table where it is missing, whatever else calls it meanwhile. ERR_CONFIG for a table of another shape, ERR_STORE otherwise. */
  migrate(): Promise<void>;
  /** Removes all expired records and answers how many. Some go by themselves as new ones come. */
  purge(): Promise<number>;
  /** Looks at the server, the table, the rights and the pool. Changes nothing and never rejects. */
  inspect(): Promise<StoreInspection>;
  /** Ends the watching and gives its connection back; all later calls fail with ERR_STORE. The pool stays open. May be called twice. */
  close(): void;
}

export const postgresDefaults = Object.freeze({ table: defaultTable, maxRecords: 10_000_000 });

/**
 * Records in a table of a PostgreSQL database, for all processes of all hosts, through the app's own pool. Each write is one
 * statement, so that of any number of writers of one version one wins, also under other isolation levels than the default.
 * A record is as safe as the server's settings make it: `inspect` tells.
 *
 * Throws ERR_CONFIG for wrong options. Calls reject with ERR_STORE, which tells no key, value or address. They have no
 * deadline of their own: set `query_timeout` and `connectionTimeoutMillis` in the pool.
 */
export function postgresStore(pool: PostgresPool, options: PostgresStoreOptions = {}): PostgresStore {
  const { table, schema, maxRecords, clock: given } = readOptions('postgresStore', options, {
    table: name(postgresDefaults.table),
    schema: name(),
    maxRecords: integer({ min: 1, max: 10_000_000_000, fallback: postgresDefaults.maxRecords }),
    clock: optional(port<Clock>(['nowMs', 'monotonicMs', 'after'])),
  });
  const readied = readPool(pool);
  const names = namesOf({ table, schema });
  const statements = statementsFor(names);
  const clock = given ?? systemClock;
  const now = (): string | null => (given === undefined ? null : String(Math.floor(given.nowMs())));
  let closed = false;
  const ask = createAsk(async (text, values) => {
    if (closed) throw new StoreError('postgres store: closed');
    return readied.query(text, values);
  });
  const watched = createWatch({ pool: readied, ask, statements, names, clock });
  const room = createRoom({ ask, statements, names, clock, now, maxRecords });
  const records = postgresRecords({ ask, statements, room, watched, clock, now });

  return Object.freeze({
    ...records,
    watch(key: string, changed: () => void) {
      if (closed) throw new StoreError('postgres store: closed');
      return records.watch(key, changed);
    },
    migrate: () => migrate(ask, names),
    purge: () => room.purge(),
    inspect: () => inspect({ pool: readied, ask, statements, names, maxRecords }),
    close() {
      closed = true;
      watched.stop();
    },
  });
}
