import { secretsEqual } from '../kernel/compare.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { RecordChange, RecordStore } from '../ports/record-store.ts';
import { readFirst, readJson, vainChange, type FoundRecord, type ReadRecord } from '../kernel/json-record.ts';

/** The part of a record that counts guesses. */
export interface TriedRecord {
  readonly triesLeft: number;
  readonly expiresAtMs: number;
}

/** The part of a record that knows a short code. */
export interface CodeRecord extends TriedRecord {
  readonly codeDigest: string;
}

export function onlyCode({ codeDigest: digest }: CodeRecord): readonly string[] {
  return [digest];
}

/** Guesses at one code: 10 of 2^40. After that only the link opens what the code would have. */
export const codeTries = 10;

/** `key` is where the record lies, `digest` which of its codes it was. */
export type CodeOutcome<T> = { readonly ok: true; readonly record: ReadRecord<T>; readonly key: string; readonly digest: string } | { readonly ok: false; readonly reason: 'unknown-token' | 'wrong-code' | 'too-many-tries' };

/** The stored form of a code: keyed, since 40 bits could be searched, and bound to the record it is for. */
export function codeDigest(keys: KeyRing, recordKey: string, code: string): string {
  return keys.digest('code', `${recordKey} ${code}`);
}

/**
 * Compares a code with that of a record, which lies under the first of its keys or, since a new key of the ring gave it a
 * new name, under a later one. The try is taken by compare-and-set before the code is looked at, so that a thousand guesses
 * at once are no better than ten in a row. Where there is no record, or no try, the store is asked as often: one that is slow
 * or cannot write must not tell who has been mailed a code.
 */
export async function tryCode<T extends TriedRecord>(
  { records, keys }: { readonly records: RecordStore; readonly keys: KeyRing },
  { recordKeys, code, codesOf }: { readonly recordKeys: readonly string[]; readonly code: string; /** The stored forms of those that are good. */ readonly codesOf: (record: T) => readonly string[] },
): Promise<CodeOutcome<T>> {
  const found = await readFirst<T>(records, recordKeys);
  const triesLeft = found?.value.triesLeft ?? 0;
  const key = found?.key ?? recordKeys[0] ?? '';
  const counted = await records.compareAndSet(found !== undefined && triesLeft > 0 ? countedTry(found) : vainChange(key));
  const now = await readJson<T>(records, key);
  if (found === undefined) return { ok: false, reason: 'unknown-token' };
  if (triesLeft < 1) return { ok: false, reason: 'too-many-tries' };
  const typed = keys.digests('code', `${key} ${code}`);
  const right = codesOf(found.value).find((digest) => typed.some((each) => secretsEqual(each, digest)));
  if (!counted || right === undefined) return { ok: false, reason: 'wrong-code' };
  // A record that came meanwhile has a code of its own: it is somebody else's sign-up, perhaps.
  return now !== undefined && codesOf(now.value).some((digest) => secretsEqual(digest, right)) ? { ok: true, record: now, key, digest: right } : { ok: false, reason: 'unknown-token' };
}

function countedTry<T extends TriedRecord>({ key, value, version }: FoundRecord<T>): RecordChange {
  const { triesLeft, expiresAtMs } = value;
  return { key, expectedVersion: version, value: JSON.stringify({ ...value, triesLeft: triesLeft - 1 }), expiresAtMs };
}
