import { StoreError } from '../../kernel/errors.ts';
import type { Connection } from './connection.ts';
import type { StoreTime } from './time.ts';

/** Other processes may be this far behind after a crash, if the wall clock was set back as well. */
const writeTimeEveryMs = 1_000;

/** The one row that all processes share, by one connection. */
export interface State {
  /** The store's time. */
  nowMs(): number;
  /** The same, and writes it down where that was long ago. For use in a transaction. */
  keptNowMs(): number;
  /** Writes the time down in any case. */
  keepTime(): void;
  /** Grows with every write of a record. */
  lastVersion(): number;
  nextVersion(): number;
}

export function readWrittenMs(connection: Connection): number {
  return numberIn(connection.prepare('SELECT now_ms AS n FROM state').get());
}

export function createState(connection: Connection, time: StoreTime): State {
  const written = connection.prepare('SELECT now_ms AS n FROM state');
  const last = connection.prepare('SELECT last_version AS n FROM state');
  const keep = connection.prepare('UPDATE state SET now_ms = max(now_ms, ?)');
  const next = connection.prepare('UPDATE state SET last_version = last_version + 1 RETURNING last_version AS n');
  const nowMs = (): number => time(numberIn(written.get()));

  return {
    nowMs,
    keptNowMs() {
      const writtenMs = numberIn(written.get());
      const ms = time(writtenMs);
      if (ms - writtenMs >= writeTimeEveryMs) keep.run(ms);
      return ms;
    },
    keepTime() {
      keep.run(nowMs());
    },
    lastVersion: () => numberIn(last.get()),
    nextVersion: () => numberIn(next.get()),
  };
}

function numberIn(row: Readonly<Record<string, unknown>> | undefined): number {
  const value = row?.['n'];
  if (typeof value !== 'number') throw new StoreError('sqlite store: the file lacks its state');
  return value;
}
