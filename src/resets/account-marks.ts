import { accountRecordKey, isUnreadable, removeWhatever, updateJson, type RecordStep } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { isMark, isTime, strictnessOf, type Mark, type ResetReason } from './reasons.ts';
import { checkedAs, readAs, type RecordShape } from './records.ts';

/** One account. */
export interface AccountRecord {
  readonly mark?: Mark;
  /** Marks of "every password set before" that were made until then do not mean this password. */
  readonly clearedMs?: number;
  /** The run of a job that has marked this account last: it is not marked by it a second time, cleared or not. */
  readonly run?: string;
}

const shape: RecordShape<AccountRecord> = {
  kind: 'reset',
  none: Object.freeze({}),
  isOne(value) {
    if (Array.isArray(value)) return false;
    const { mark, clearedMs, run } = value as { readonly [K in keyof AccountRecord]: unknown };
    return (mark === undefined || isMark(mark)) && (clearedMs === undefined || isTime(clearedMs)) && (run === undefined || typeof run === 'string');
  },
};

export interface AccountOrder {
  readonly accountId: string;
  readonly reason: ResetReason;
  readonly by: string;
  /** Of the job that marks. */
  readonly run?: string;
}

/** `already`: marked as strictly. `before`: by this very run of a job. */
export type Marked = 'marked' | 'already' | 'before';

export interface Clearing {
  readonly accountId: string;
  /** Until when marks of "every password set before" are cleared; undefined where there are none. */
  readonly clearedMs: number | undefined;
  /** When the change began. A mark that was made since then stays. */
  readonly asOfMs: number;
}

export interface AccountMarks {
  read(accountId: string): Promise<AccountRecord>;
  mark(order: AccountOrder): Promise<Marked>;
  /** What `mark` would do now. Writes nothing. */
  preview(order: AccountOrder): Promise<Marked>;
  /** Answers the record as it was. */
  clear(clearing: Clearing): Promise<AccountRecord>;
  remove(accountId: string): Promise<boolean>;
}

/** Marks of accounts, one record each. `keepMs`: how long a record stays that marks nobody. */
export function createAccountMarks({ records, clock, keepMs }: { readonly records: RecordStore; readonly clock: Clock; readonly keepMs: number }): AccountMarks {
  function update<A>(accountId: string, decide: (record: AccountRecord) => RecordStep<AccountRecord, A>): Promise<A> {
    return updateJson<AccountRecord, A>(records, keyOf(accountId), (found) => {
      const step = decide(checkedAs(shape, found));
      const saysNothing = step.value?.mark === undefined && step.value?.clearedMs === undefined;
      return saysNothing ? { ...step, expiresAtMs: clock.nowMs() + keepMs } : step;
    });
  }

  return {
    read: (accountId) => readAs(records, keyOf(accountId), shape),
    mark: (order) => update(order.accountId, (record) => marked(record, order, clock.nowMs())),
    preview: async (order) => marked(await readAs(records, keyOf(order.accountId), shape), order, clock.nowMs()).answer,
    clear: (clearing) => update(clearing.accountId, (record) => ({ value: cleared(record, clearing, clock.nowMs()), answer: record })),
    async remove(accountId) {
      try {
        return await update(accountId, ({ mark, ...rest }) => ({ value: mark && rest, answer: mark !== undefined }));
      } catch (error) {
        // Nobody can say whether it marks the account: until it is gone the account stays shut.
        if (!isUnreadable(error)) throw error;
        return removeWhatever(records, keyOf(accountId));
      }
    },
  };
}

function marked(record: AccountRecord, { reason, by, run }: AccountOrder, nowMs: number): RecordStep<AccountRecord, Marked> {
  if (run !== undefined && record.run === run) return { value: undefined, answer: 'before' };
  if (record.mark !== undefined && strictnessOf(record.mark.reason) >= strictnessOf(reason)) return { value: undefined, answer: 'already' };
  return { value: { ...record, mark: { reason, sinceMs: nowMs, by }, ...(run !== undefined && { run }) }, answer: 'marked' };
}

/** The record after a new password was stored; undefined where it stays as it is. */
function cleared({ mark, ...rest }: AccountRecord, { clearedMs, asOfMs }: Clearing, nowMs: number): AccountRecord | undefined {
  // A time that has not come yet was written before the clock was set back.
  const keeps = mark !== undefined && mark.sinceMs > asOfMs && mark.sinceMs <= nowMs;
  const until = Math.max(clearedMs ?? -Infinity, rest.clearedMs ?? -Infinity);
  const changed = (mark !== undefined && !keeps) || until > (rest.clearedMs ?? -Infinity);
  return changed ? { ...rest, ...(keeps && { mark }), ...(until > -Infinity && { clearedMs: until }) } : undefined;
}

function keyOf(accountId: string): string {
  return accountRecordKey('reset', accountId);
}
