import { accountRecordKey, isUnreadable, removeWhatever, updateJson, type RecordStep } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { isMark, isTime, strictnessOf, type Mark, type ResetReason } from './reasons.ts';
import { checkedAs, readAs, type RecordShape } from './records.ts';

/** "Every password set before": one mark for all of an app or of an organization. Its `sinceMs` is later than that of every such mark before it, whatever the clock says. */
export interface BeforeMark extends Mark {
  readonly beforeMs: number;
}

/** The marks that hold, at most one of each strictness. `lastMs`: the `sinceMs` given out last; that of the app is the one that counts. */
export interface BeforeRecord {
  readonly lastMs: number;
  readonly marks: readonly BeforeMark[];
}

const mostMarks = 3;

const shape: RecordShape<BeforeRecord> = {
  kind: 'reset-before',
  none: Object.freeze({ lastMs: 0, marks: Object.freeze([]) }),
  isOne(value) {
    const { lastMs, marks } = value as { readonly [K in keyof BeforeRecord]?: unknown };
    return isTime(lastMs) && Array.isArray(marks) && marks.length <= mostMarks && marks.every((mark) => isMark(mark) && isTime((mark as { readonly beforeMs?: unknown }).beforeMs));
  },
};

export interface BeforeOrder {
  readonly beforeMs: number;
  readonly reason: ResetReason;
  readonly by: string;
  readonly organizationId?: string | undefined;
}

export interface BeforeMarks {
  /** Of an organization, or without one of the app. */
  read(organizationId?: string): Promise<BeforeRecord>;
  /** False where the very same order holds already: one that is given again after a crash marks nobody anew. */
  add(order: BeforeOrder): Promise<boolean>;
  lift(organizationId?: string): Promise<boolean>;
}

/**
 * One record for the app and one for each organization. A wall clock that is set back must make no account count as cleared of a
 * mark that came later, so the marks are numbered: by the time, but each higher than the one before. The app's record
 * holds the last number.
 */
export function createBeforeMarks({ records, clock }: { readonly records: RecordStore; readonly clock: Clock }): BeforeMarks {
  const appKey = keyOf(undefined);

  function update<A>(key: string, decide: (record: BeforeRecord) => RecordStep<BeforeRecord, A>): Promise<A> {
    return updateJson<BeforeRecord, A>(records, key, (found) => decide(checkedAs(shape, found)));
  }

  const nextMs = ({ lastMs }: BeforeRecord): number => Math.max(lastMs + 1, clock.nowMs());

  const add = (key: string, order: BeforeOrder, sinceMsOf: (record: BeforeRecord) => number): Promise<boolean> =>
    update(key, (record) => {
      if (isSaid(record, order)) return { value: undefined, answer: false };
      return { value: withMark(record, order, sinceMsOf(record)), answer: true };
    });

  return {
    read: (organizationId) => readAs(records, keyOf(organizationId), shape),
    async add(order) {
      if (order.organizationId === undefined) return add(appKey, order, nextMs);
      const key = keyOf(order.organizationId);
      if (isSaid(await readAs(records, key, shape), order)) return false;
      const sinceMs = await update(appKey, (record) => ({ value: { ...record, lastMs: nextMs(record) }, answer: nextMs(record) }));
      return add(key, order, () => sinceMs);
    },
    async lift(organizationId) {
      const key = keyOf(organizationId);
      try {
        return await update(key, ({ lastMs, marks }) => (marks.length === 0 ? { value: undefined, answer: false } : { value: { lastMs, marks: [] }, answer: true }));
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        return removeWhatever(records, key);
      }
    },
  };
}

/** Whether this very order was given before. */
function isSaid({ marks }: BeforeRecord, { beforeMs, reason }: BeforeOrder): boolean {
  return marks.some((mark) => mark.beforeMs === beforeMs && mark.reason === reason);
}

/**
 * With one mark of each strictness: of two the later "before" counts, so that an order frees nobody of another. The new one means
 * passwords too that were set since the other: by a clock that was set back, a second incident comes before the first.
 */
function withMark({ lastMs, marks }: BeforeRecord, { beforeMs, reason, by }: BeforeOrder, sinceMs: number): BeforeRecord {
  const strictness = strictnessOf(reason);
  const same = marks.filter((mark) => strictnessOf(mark.reason) === strictness).map((mark) => mark.beforeMs);
  const mark: BeforeMark = { reason, sinceMs, by, beforeMs: Math.max(beforeMs, ...same) };
  const kept = marks.filter((other) => strictnessOf(other.reason) > strictness || (strictnessOf(other.reason) < strictness && other.beforeMs > mark.beforeMs));
  return { lastMs: Math.max(lastMs, sinceMs), marks: [...kept, mark] };
}

/** The kind of scope goes first, so that no organization has the key of the app. */
function keyOf(organizationId: string | undefined): string {
  return accountRecordKey('reset-before', organizationId === undefined ? 'app' : `organization ${organizationId}`);
}
