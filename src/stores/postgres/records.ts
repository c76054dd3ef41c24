import { StoreError } from '../../kernel/errors.ts';
import { isStorable, storedKey } from '../../kernel/stored-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordChange, RecordStore } from '../../ports/record-store.ts';
import { numberIn, textIn, type Ask, type Row } from './ask.ts';
import { createReads } from './reads.ts';
import type { Room } from './room.ts';
import type { Statements } from './statements.ts';
import type { Watch } from './watch.ts';

/** Longer ones are no record. A driver would hold several copies of it at once. */
const maxValueChars = 8_388_608;
/** Where time is counted in a `bigint` and in JavaScript alike. */
const maxLifeMs = 8.64e15;

export interface RecordOptions {
  readonly ask: Ask;
  readonly statements: Statements;
  readonly room: Room;
  readonly watched: Watch;
  /** The wall clock of this process. */
  readonly clock: Clock;
  /** The time to count by, or null for the server's. */
  readonly now: () => string | null;
}

/** Records in one table. */
export function postgresRecords(options: RecordOptions): RecordStore {
  const { ask, statements, watched, now } = options;
  const rowOf = createReads({ ask, statements, now });

  /** Once seen as expired it must not come back, whatever the clocks say later. If it cannot be removed, the answer is the same. */
  async function bury(key: string, version: string): Promise<void> {
    await ask(statements.bury, [key, now(), version]).catch(() => undefined);
  }

  return {
    durable: true,
    async read(key) {
      const stored = storedKey(key);
      const row = await rowOf(stored);
      if (row === undefined) return undefined;
      const record = { value: valueOf(row), version: numberIn(row, 'version') };
      if (textIn(row, 'state') === 'live') return record;
      await bury(stored, textIn(row, 'version'));
      return undefined;
    },
    async compareAndSet(wanted) {
      const change = { ...wanted };
      // No record has such a version, and PostgreSQL could not read it.
      if (!Number.isSafeInteger(change.expectedVersion)) return false;
      const row = atMostOne(await apply(options, change));
      if (row === undefined) return false;
      watched.wrote(storedKey(change.key), numberIn(row, 'version'));
      return true;
    },
    watch: (key, changed) => watched.add(storedKey(key), changed),
  };
}

/** One statement, which answers the new version (0: none) or no row, where another version was expected. */
async function apply(options: RecordOptions, { key: given, expectedVersion, value, expiresAtMs }: RecordChange): Promise<readonly Row[]> {
  const { ask, statements, room, watched, now, clock } = options;
  const key = storedKey(given);
  const first = [key, now(), watched.announcement(key)];
  if (value === null) return expectedVersion === 0 ? ask(statements.absent, first.slice(0, 2)) : ask(statements.remove, [...first, String(expectedVersion)]);
  const written = [...first, ...stored(value), lifeOf(expiresAtMs, clock.nowMs())];
  if (expectedVersion !== 0) return ask(statements.replace, [...written, String(expectedVersion)]);
  room.enter();
  return ask(statements.create, written);
}

/** How long it is to live, in ms: which moment that is is for the clock that counts. */
function lifeOf(expiresAtMs: number | undefined, nowMs: number): string | null {
  if (expiresAtMs === undefined || expiresAtMs === Infinity) return null;
  const lifeMs = Math.floor(expiresAtMs - Math.floor(nowMs));
  if (Number.isNaN(lifeMs)) throw new StoreError('postgres store: expected an end in ms');
  return String(Math.max(-maxLifeMs, Math.min(maxLifeMs, lifeMs)));
}

/** Text as it is where PostgreSQL can hold it, so that people can read it; else its UTF-16. */
function stored(value: string): readonly string[] {
  if (value.length > maxValueChars) throw new StoreError(`postgres store: a value of more than ${maxValueChars} characters`);
  return isStorable(value) ? [value, 'text'] : [Buffer.from(value, 'utf16le').toString('base64'), 'utf16'];
}

function valueOf(row: Row): string {
  const value = textIn(row, 'value');
  const form = textIn(row, 'form');
  if (form === 'text') return value;
  if (form !== 'utf16') throw new StoreError('postgres store: a value in an unknown form');
  return Buffer.from(value, 'base64').toString('utf16le');
}

function atMostOne(rows: readonly Row[]): Row | undefined {
  if (rows.length > 1) throw new StoreError('postgres store: more than one row for one key');
  return rows[0];
}
