import { storedKey } from '../../kernel/stored-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordChange, RecordStore } from '../../ports/record-store.ts';
import type { Connection } from './connection.ts';
import { createRecordRoom, type MakeRoom } from './record-room.ts';
import { createRecordRows, isGone, momentOf, type RecordEnd, type RecordPlace, type RecordRows } from './record-rows.ts';
import { createState, type State } from './state.ts';
import { storedValue, valueOf } from './text.ts';
import type { StoreTime } from './time.ts';
import type { Turns } from './turns.ts';
import { createWatch } from './watch.ts';

export interface RecordOptions {
  readonly connection: Connection;
  /** Where what nobody would miss after a power failure is written: that a record has expired. */
  readonly hasty: Connection;
  readonly turns: Turns;
  readonly time: StoreTime;
  readonly clock: Clock;
  readonly maxRecords: number;
}

/** Records that outlive the process and the machine's next power failure, and what ends the watching. */
export function sqliteRecords({ connection, hasty, turns, time, clock, maxRecords }: RecordOptions): { readonly records: RecordStore; readonly stop: () => void } {
  const rows = createRecordRows(connection);
  const hastyRows = createRecordRows(hasty);
  const state = createState(connection, time);
  const watched = createWatch({ rows, state, clock });
  const parts: ChangeParts = { rows, state, clock, makeRoom: createRecordRoom({ rows, maxRecords }) };

  /** Once seen as expired it must not come back, whatever the clocks say later. If it cannot be removed, the answer is the same. */
  function bury(place: RecordPlace, version: number): void {
    try {
      hasty.transaction(() => {
        hastyRows.remove(place, version);
      });
    } catch {
      // Another process writes, or the disk is full.
    }
  }

  const records: RecordStore = {
    durable: true,
    async read(key) {
      const place = placeOf(key);
      return turns.read(() => {
        const row = rows.find(place);
        if (row === undefined) return undefined;
        if (!isGone(row, momentOf(state, clock.nowMs()))) return { value: valueOf(row.value), version: row.version };
        bury(place, row.version);
        return undefined;
      });
    },
    async compareAndSet(wanted) {
      const change = { ...wanted };
      const place = placeOf(change.key);
      return turns.write(() => {
        // Whose version is an old one is told so without the lock.
        if (liveVersion(parts, place) !== change.expectedVersion) return false;
        const written = connection.transaction(() => apply(parts, place, change));
        if (written === undefined) return false;
        watched.wrote(place, written);
        return true;
      });
    },
    watch: (key, changed) => watched.add(placeOf(key), changed),
  };
  return { records, stop: watched.stop };
}

function placeOf(key: string): RecordPlace {
  return { kind: storedKey(key.slice(0, Math.max(0, key.indexOf(':')))), key: storedKey(key) };
}

interface ChangeParts {
  readonly rows: RecordRows;
  readonly state: State;
  readonly clock: Clock;
  readonly makeRoom: MakeRoom;
}

function liveVersion({ rows, state, clock }: ChangeParts, place: RecordPlace): number {
  const row = rows.find(place);
  return row === undefined || isGone(row, momentOf(state, clock.nowMs())) ? 0 : row.version;
}

/** Answers the version that is stored now (0: none), or undefined where another one was expected. */
function apply(parts: ChangeParts, place: RecordPlace, { expectedVersion, value, expiresAtMs }: RecordChange): number | undefined {
  const { rows, state, clock, makeRoom } = parts;
  if (liveVersion(parts, place) !== expectedVersion) return undefined;
  const moment = { wallMs: clock.nowMs(), storeMs: state.keptNowMs() };
  const stored = rows.version(place);
  // Removals count too: the others look for changes only where this number has grown.
  const version = state.nextVersion();
  if (value === null) {
    rows.remove(place, stored);
    return 0;
  }
  const row = { version, value: storedValue(value), ...endOf(expiresAtMs, moment.storeMs - moment.wallMs) };
  if (stored > 0) rows.set(place, row);
  else {
    makeRoom(place, moment);
    rows.add(place, row);
  }
  return version;
}

function endOf(expiresAtMs: number | undefined, storeAheadMs: number): RecordEnd {
  return expiresAtMs === undefined ? { expiresAt: null, endsAt: null } : { expiresAt: expiresAtMs, endsAt: expiresAtMs + storeAheadMs };
}
