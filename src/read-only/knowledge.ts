import type { Clock } from '../ports/clock.ts';
import { reconciled, type SwitchRecord } from './record.ts';
import type { ReadOnlyKnowledge } from './types.ts';

/** What this process knows of the record. Reads and writes are numbered as they begin: what began before the last one that was heeded is old news. */
export interface Knowledge {
  readonly state: () => ReadOnlyKnowledge['state'];
  readonly known: () => SwitchRecord | undefined;
  readonly nextTurn: () => number;
  /** Heeds what was read; answers what the store has lost, if it has. */
  readonly found: (record: SwitchRecord | undefined, turn: number) => SwitchRecord | undefined;
  /** A read failed; answers whether that is news. */
  readonly failed: (turn: number) => boolean;
  /** This process wrote it. */
  readonly wrote: (record: SwitchRecord) => void;
  readonly ready: (deadlineMs: number) => Promise<boolean>;
  readonly close: () => void;
}

/** `changed` is called with what holds, whenever that may have changed. */
export function createKnowledge({ clock, changed }: { readonly clock: Clock; readonly changed: (record: SwitchRecord | undefined) => void }): Knowledge {
  const waiting = new Set<() => void>();
  let state: ReadOnlyKnowledge['state'] = 'unknown';
  let known: SwitchRecord | undefined;
  let closed = false;
  let lastTurn = 0;
  let heededTurn = 0;

  function heed(record: SwitchRecord | undefined, turn: number, now: 'current' | 'stale'): void {
    heededTurn = turn;
    known = record;
    state = now;
    changed(record);
    release();
  }

  function release(): void {
    for (const resolve of waiting) resolve();
    waiting.clear();
  }

  return {
    state: () => state,
    known: () => known,
    nextTurn: () => (lastTurn += 1),
    found(record, turn) {
      if (closed || turn < heededTurn) return undefined;
      const holds = reconciled(known, record, clock.nowMs());
      heed(holds, turn, holds === record ? 'current' : 'stale');
      return holds === record ? undefined : holds;
    },
    failed(turn) {
      if (closed || turn < heededTurn) return false;
      if (state === 'current') state = 'stale';
      return true;
    },
    wrote(record) {
      // The answer of the store may come after that of a later write of another process.
      if (!closed && !(known?.born === record.born && known.revision > record.revision)) heed(record, (lastTurn += 1), 'current');
    },
    ready: (deadlineMs) =>
      new Promise((resolve) => {
        const answer = (): void => {
          waiting.delete(answer);
          cancel();
          resolve(state !== 'unknown');
        };
        const cancel = clock.after(deadlineMs, answer);
        waiting.add(answer);
        if (state !== 'unknown' || closed) answer();
      }),
    close() {
      closed = true;
      release();
    },
  };
}
