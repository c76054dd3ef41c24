import { StoreFullError } from '../../kernel/errors.ts';
import { isGone, type Moment, type RecordPlace, type RecordRows } from './record-rows.ts';

const maxKinds = 64;
/** Expired records that each new one looks for, and how many where its kind is full. */
const candidates = 8;
const candidatesWhenFull = 1_000;

/** Makes room for a new record; throws ERR_STORE where there is none. For use in a transaction. */
export type MakeRoom = (place: RecordPlace, moment: Moment) => void;

/**
 * Each new record looks at a few others of its kind, as a clock hand that goes round, and removes those that have expired, so
 * that there never are many. Unlike a counter, a record is never pushed out: a full kind refuses the newcomer.
 */
export function createRecordRoom({ rows, maxRecords }: { readonly rows: RecordRows; readonly maxRecords: number }): MakeRoom {
  // Each process has hands of its own.
  const hands = new Map<string, string>();

  function sweep(kind: string, count: number, moment: Moment): void {
    const seen = rows.following({ kind, key: hands.get(kind) ?? '' }, count);
    // Some are of kinds that there are no more.
    if (hands.size > maxKinds) hands.clear();
    hands.set(kind, seen.at(-1)?.key ?? '');
    for (const { key, version, ...end } of seen) if (isGone(end, moment)) rows.remove({ kind, key }, version);
  }

  return ({ kind }, moment) => {
    const size = rows.size(kind);
    if (size === undefined) {
      if (rows.kinds() >= maxKinds) throw new StoreFullError(`sqlite store: ${maxKinds} kinds of records are the most`);
      return;
    }
    sweep(kind, size < maxRecords ? candidates : candidatesWhenFull, moment);
    if ((rows.size(kind) ?? 0) >= maxRecords) throw new StoreFullError(`sqlite store: ${maxRecords} records of one kind are the most`);
  };
}
