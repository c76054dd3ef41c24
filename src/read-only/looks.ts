import { StoreError } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { readRecord, recordKey, type SwitchRecord } from './record.ts';

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
/** Reads that do not come back, before others are tried more seldom: each keeps some memory. */
const maxHanging = 64;
const seldomMs = 10_000;

/** Looks at the record now, when it is told to have changed, and every `pollMs`. Keeps no process alive. Answers what ends it. */
export function startLooks({ records, clock, pollMs, nextTurn, found, failed }: LooksParts): () => void {
  let closed = false;
  let readingTurn = 0;
  let hanging = 0;
  let lookedMs = -Infinity;
  let again = false;

  async function read(turn: number): Promise<void> {
    try {
      found(await readRecord(records), turn);
    } catch (error) {
      failed(error, turn);
    }
  }

  async function look(): Promise<void> {
    if (closed || (hanging >= maxHanging && clock.monotonicMs() - lookedMs < seldomMs)) return;
    lookedMs = clock.monotonicMs();
    const turn = nextTurn();
    readingTurn = turn;
    hanging += 1;
    const cancel = clock.after(lateMs, () => {
      if (readingTurn === turn) readingTurn = 0;
      failed(new StoreError('records.read: too late'), turn);
    }, true);
    await read(turn);
    cancel();
    // It answers again: those that still hang say nothing of it any more.
    hanging = 0;
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
