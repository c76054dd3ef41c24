import { wait } from '../kernel/deadline.ts';
import type { Clock } from '../ports/clock.ts';
import type { AuditEntry } from './entry.ts';
import type { BatchSink } from './sinks.ts';
import { createWriter } from './writer.ts';

/** Writes before the event loop gets its turn. */
const turn = 64;

/** The way of entries to one sink: in order, one write at a time, from a bounded buffer. */
export interface Delivery {
  readonly name: string;
  /** Never blocks and never throws. A full buffer drops the entry. */
  push(entry: AuditEntry): void;
  dropped(): number;
  /** Entries that wait or are being written. */
  pending(): number;
  /** Resolves once nothing is pending. */
  emptied(): Promise<void>;
}

export interface DeliveryOptions {
  readonly sink: BatchSink;
  readonly maxWaiting: number;
  readonly clock: Clock;
  /** Told of every entry that was lost, and of every write that failed. Must not throw. */
  readonly onTrouble: (error: string) => void;
}

/** Makes the way to one sink. */
export function createDelivery({ sink, maxWaiting, clock, onTrouble }: DeliveryOptions): Delivery {
  const waiting: AuditEntry[] = [];
  const idle = new Set<() => void>();
  const writer = createWriter({ sink, clock, onFailure: onTrouble, onLateEnd: start });
  let busy = false;
  let writing = 0;
  let dropped = 0;

  function lose(error: string, count = 1): void {
    dropped += count;
    onTrouble(error);
  }

  async function pump(): Promise<void> {
    for (let written = 1; !writer.stuck(); written += 1) {
      const entries = waiting.splice(0, sink.maxBatch);
      if (entries.length === 0) break;
      writing = entries.length;
      const lost = await writer.write(entries);
      writing = 0;
      if (lost !== undefined) lose(lost, entries.length);
      // Entries may come as fast as they are written: requests must still get their turn.
      if (written % turn === 0) await wait(clock, 0);
    }
    busy = false;
    if (waiting.length > 0) return;
    for (const resolve of idle) resolve();
    idle.clear();
  }

  function start(): void {
    if (busy || waiting.length === 0 || writer.stuck()) return;
    busy = true;
    // Off the caller's stack: what a sink does must neither delay nor reach the code that reported an event.
    queueMicrotask(() => void pump());
  }

  return {
    name: sink.name,
    push(entry) {
      if (waiting.length >= maxWaiting) {
        lose('buffer-full');
        return;
      }
      waiting.push(entry);
      start();
    },
    dropped: () => dropped,
    pending: () => waiting.length + (busy ? Math.max(1, writing) : 0),
    async emptied() {
      if (!busy && waiting.length === 0) return;
      await new Promise<void>((resolve) => idle.add(resolve));
    },
  };
}
