import type { RecordChange, RecordStore } from '../ports/record-store.ts';
import { sha256 } from './compare.ts';
import { BusyError, StoreError } from './errors.ts';

/** Rounds of reading and writing before a record counts as crowded. Each lost round is somebody else's write that succeeded. */
const maxRounds = 64;
const crowdedRetryMs = 1_000;

function crowded(): BusyError {
  return new BusyError(`records: expected a turn to write, got ${maxRounds} writes by others`, crowdedRetryMs);
}

/** What a record holds, and the version to replace it by. */
export interface ReadRecord<T> {
  readonly value: T;
  readonly version: number;
}

/**
 * A record as JSON; undefined where there is none. What is no JSON object was not written by us: a store that lies is a broken
 * one, ERR_STORE.
 */
export async function readJson<T>(records: RecordStore, key: string): Promise<ReadRecord<T> | undefined> {
  const record = await records.read(key);
  return record && { value: parsed(key, record.value) as T, version: record.version };
}

function parsed(key: string, text: string): unknown {
  const value = jsonOf(text);
  // The kind is what may be told of a record: the rest of its key and its value may be secrets.
  if (typeof value !== 'object' || value === null) throw unreadableRecord(`records: expected JSON in a record of the kind "${key.slice(0, Math.max(0, key.indexOf(':')))}"`);
  return value;
}

const unreadable = new WeakSet<Error>();

/** ERR_STORE for a record that was never written by us. Others of the same store may be as they should. */
export function unreadableRecord(message: string): StoreError {
  const error = new StoreError(message);
  unreadable.add(error);
  return error;
}

/** Whether an error is of one record, and not of a store that is gone. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && unreadable.has(error);
}

/** Without the parser's error as a cause: its message quotes the text. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A count of rows or an answer from a driver would be a yes whatever it says, and a code could be spent twice. */
async function replaced(records: RecordStore, change: RecordChange): Promise<boolean> {
  const answer: unknown = await records.compareAndSet(change);
  if (typeof answer !== 'boolean') throw new StoreError('records.compareAndSet: expected true or false');
  return answer;
}

export interface FoundRecord<T> extends ReadRecord<T> {
  readonly key: string;
}

/** The first of several records that is there. */
export async function readFirst<T>(records: RecordStore, keys: readonly string[]): Promise<FoundRecord<T> | undefined> {
  for (const key of keys) {
    const record = await readJson<T>(records, key);
    if (record !== undefined) return { ...record, key };
  }
  return undefined;
}

/** Removes records, whatever they hold. Who writes one at the same moment may keep it. */
export async function removeAll(records: RecordStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const record = await records.read(key);
    if (record !== undefined) await burn(records, { key, version: record.version });
  }
}

/**
 * A change that asks the store and changes nothing, since no record ever has its version: where there is nothing to write,
 * a store that is slow or cannot write must not tell so.
 */
export function vainChange(key: string): RecordChange {
  return { key, expectedVersion: Number.MAX_SAFE_INTEGER, value: null };
}

/** Removes the record if it is still the one that was read. Of many that try at once, one gets true. */
export function burn(records: RecordStore, { key, version }: { readonly key: string; readonly version: number }): Promise<boolean> {
  return replaced(records, { key, expectedVersion: version, value: null });
}

/**
 * Removes a record, also one that cannot be read, and answers whether there was one. When somebody writes it at the same moment
 * it is removed all the same: "it was not there" must not be said of a record that stays. Throws ERR_BUSY when others keep winning.
 */
export async function removeWhatever(records: RecordStore, key: string): Promise<boolean> {
  for (let round = 0; round < maxRounds; round += 1) {
    const found = await records.read(key);
    if (found === undefined) return false;
    if (await burn(records, { key, version: found.version })) return true;
  }
  throw crowded();
}

/** Runs the step that a burnt token was for. If the app's table is down, the person may press the button again. */
export async function orRestore<T>(burnt: { restore(): Promise<void> }, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await burnt.restore().catch(() => undefined);
    throw error;
  }
}

/**
 * What `updateJson` is to write: `value` undefined leaves the record as it is. `answer` is told to the caller once the write has
 * been made, and never before, so that whoever asks a thousand times at once has been counted a thousand times.
 */
export interface RecordStep<T, A> {
  readonly value: T | undefined;
  readonly answer: A;
  readonly expiresAtMs?: number;
}

/**
 * Reads a record, decides, and writes by compare-and-set; decides anew when somebody else was first. `decide` must have no
 * side effects. Throws ERR_BUSY when others keep winning, which takes a crowd on one key.
 */
export async function updateJson<T, A>(records: RecordStore, key: string, decide: (previous: T | undefined) => RecordStep<T, A>): Promise<A> {
  for (let round = 0; round < maxRounds; round += 1) {
    const previous = await readJson<T>(records, key);
    const { value, answer, expiresAtMs } = decide(previous?.value);
    if (value === undefined) return answer;
    const change = { key, expectedVersion: previous?.version ?? 0, value: JSON.stringify(value), ...(expiresAtMs !== undefined && { expiresAtMs }) };
    if (await replaced(records, change)) return answer;
  }
  throw crowded();
}

/** Writes a record over whatever is there: what it held before is told to `next`. */
export function replaceJson<T>(
  records: RecordStore,
  { key, expiresAtMs, next }: { readonly key: string; readonly expiresAtMs: number; readonly next: (previous: T | undefined) => T },
): Promise<T> {
  return updateJson<T, T>(records, key, (previous) => {
    const value = next(previous);
    return { value, answer: value, expiresAtMs };
  });
}

/**
 * Where a record of an account lies. The id is the app's own and opaque; its digest only bounds the key. Not keyed: the record
 * of a second factor must be found again when every key of the ring has been replaced.
 */
export function accountRecordKey(kind: string, accountId: string): string {
  // UTF-16 keeps lone surrogates apart, which UTF-8 does not.
  return `${kind}:${sha256(Buffer.from(accountId, 'utf16le')).toString('base64url')}`;
}
