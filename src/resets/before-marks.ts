import { accountRecordKey, isUnreadable, updateJson, type RecordStep } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { isMark, isTime, strictnessOf, type Mark, type ResetReason } from './reasons.ts';
import { checkedAs, readAs, removeWhatever, type RecordShape } from './records.ts';

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
  /** Answers whether it says anything that was not said already. */
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
      if (isCovered(record, order)) return { value: undefined, answer: false };
      return { value: withMark(record, order, sinceMsOf(record)), answer: true };
    });

  return {
    read: (organizationId) => readAs(records, keyOf(organizationId), shape),
    async add(order) {
      if (order.organizationId === undefined) return add(appKey, order, nextMs);
      const key = keyOf(order.organizationId);
      // The same order, given again after a crash, must not take a new number: who has been cleared since then would be marked anew.
      if (isCovered(await readAs(records, key, shape), order)) return false;
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

/** Whether a mark that holds means every password that the order means, as strictly. */
function isCovered({ marks }: BeforeRecord, { beforeMs, reason }: BeforeOrder): boolean {
  return marks.some((mark) => mark.beforeMs >= beforeMs && strictnessOf(mark.reason) >= strictnessOf(reason));
}

/** With one mark of each strictness: of two, the later "before" counts, so that a second order frees nobody of the first. */
function withMark({ lastMs, marks }: BeforeRecord, { beforeMs, reason, by }: BeforeOrder, sinceMs: number): BeforeRecord {
  const kept = marks.filter((mark) => strictnessOf(mark.reason) > strictnessOf(reason) || (strictnessOf(mark.reason) < strictnessOf(reason) && mark.beforeMs > beforeMs));
  return { lastMs: Math.max(lastMs, sinceMs), marks: [...kept, { reason, sinceMs, by, beforeMs }] };
}

/** The kind of scope goes first, so that no organization has the key of the app. */
function keyOf(organizationId: string | undefined): string {
  return accountRecordKey('reset-before', organizationId === undefined ? 'app' : `organization ${organizationId}`);
}
