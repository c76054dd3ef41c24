import { wait, withDeadline } from '../kernel/deadline.ts';
import { errorName } from '../kernel/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { AuditEntry } from './entry.ts';
import type { BatchSink } from './sinks.ts';

/** How long one write may take, ms. */
const writeDeadlineMs = 5_000;
/** Waited before a failed write is tried again, ms. After the last one the entries are lost to this sink. */
const pausesMs = [1_000, 5_000] as const;
/** Writes that were given up but have not ended. With so many, the sink gets nothing until one does. */
const maxLate = 4;

/** Brings entries to a sink that may throw, reject or hang. */
export interface Writer {
  /** Answers undefined once the sink has them, or why they are lost. Never rejects. */
  write(entries: readonly AuditEntry[]): Promise<string | undefined>;
  /** Whether too many writes hang to begin another one. */
  stuck(): boolean;
}

export interface WriterOptions {
  readonly sink: BatchSink;
  readonly clock: Clock;
  /** Told of a failure that will be tried again. */
  readonly onFailure: (error: string) => void;
  /** Called when a write that was given up has ended after all. */
  readonly onLateEnd: () => void;
}

/** Makes the writer of one sink. */
export function createWriter({ sink, clock, onFailure, onLateEnd }: WriterOptions): Writer {
  let late = 0;

  /** Answers whether the sink was in time; rejects where it failed. */
  async function attempt(entries: readonly AuditEntry[]): Promise<boolean> {
    const answer = sink.write(entries);
    if (!(answer instanceof Object)) return true;
    const written = Promise.resolve(answer);
    const onLate = new Error('late');
    try {
      await withDeadline(written, { clock, deadlineMs: writeDeadlineMs, onLate: () => onLate });
      return true;
    } catch (error) {
      if (error !== onLate) throw error;
      const ended = (): void => {
        late -= 1;
        onLateEnd();
      };
      late += 1;
      written.then(ended, ended);
      return false;
    }
  }

  async function write(entries: readonly AuditEntry[]): Promise<string | undefined> {
    for (const pauseMs of [...pausesMs, undefined]) {
      try {
        // A late write may still arrive: trying again would write it twice.
        return (await attempt(entries)) ? undefined : 'late';
      } catch (error) {
        const failure = errorName(error);
        if (pauseMs === undefined) return failure;
        onFailure(failure);
        await wait(clock, pauseMs);
      }
    }
    return undefined;
  }

  return { write, stuck: () => late >= maxLate };
}
