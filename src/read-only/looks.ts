import { StoreError } from '../kernel/errors.ts';
import { readJson } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { checkedRecord, recordKey, type SwitchRecord } from './record.ts';

interface LooksParts {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly nextTurn: () => number;
  readonly found: (record: SwitchRecord | undefined, turn: number) => void;
  readonly failed: (error: unknown, turn: number) => void;
}

/** A read that takes longer no longer keeps others from being tried; its answer counts all the same. */
const lateMs = 1_000;
/** Reads that never come back, before no more are tried. */
const maxHanging = 64;

/** Looks at the record now, when it is told to have changed, and every `pollMs`. Keeps no process alive. Answers what ends it. */
export function startLooks({ records, clock, pollMs, nextTurn, found, failed }: LooksParts): () => void {
  let closed = false;
  let readingTurn = 0;
  let hanging = 0;
  let again = false;

  async function read(turn: number): Promise<void> {
    try {
      const record = await readJson<unknown>(records, recordKey);
      found(record === undefined ? undefined : checkedRecord(record.value), turn);
    } catch (error) {
      failed(error, turn);
    }
  }

  async function look(): Promise<void> {
    if (closed || hanging >= maxHanging) return;
    const turn = nextTurn();
    readingTurn = turn;
    hanging += 1;
    const cancel = clock.after(lateMs, () => {
      if (readingTurn === turn) readingTurn = 0;
      failed(new StoreError('records.read: too late'), turn);
    }, true);
    await read(turn);
    cancel();
    hanging -= 1;
    if (readingTurn === turn) readingTurn = 0;
    if (again && readingTurn === 0) lookSoon();
  }

  /** One look at a time; what changes meanwhile is looked at once more. */
  function lookSoon(): void {
    again = readingTurn !== 0;
    if (!again) void look();
  }

  function poll(): void {
    cancelPoll = clock.after(pollMs, poll, true);
    if (readingTurn === 0) void look();
  }

  let cancelPoll = clock.after(pollMs, poll, true);
  const endWatch = watched(records, lookSoon);
  void look();
  return () => {
    closed = true;
    cancelPoll();
    endWatch();
  };
}

/** Watching is the fast path only: a store that cannot is polled. */
function watched(records: RecordStore, changed: () => void): () => void {
  try {
    const end: unknown = records.watch(recordKey, changed);
    return () => {
      try {
        if (typeof end === 'function') (end as () => void)();
      } catch {
        // A store that is closed already.
      }
    };
  } catch {
    return () => undefined;
  }
}
