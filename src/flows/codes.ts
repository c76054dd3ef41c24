import { secretsEqual } from '../kernel/compare.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { readJson, type ReadRecord } from './json-record.ts';

/** The part of a record that knows a short code. */
export interface CodeRecord {
  readonly codeDigest: string;
  readonly triesLeft: number;
  readonly expiresAtMs: number;
}

/** Guesses at one code: 10 of 2^40. After that only the link opens what the code would have. */
export const codeTries = 10;

export type CodeOutcome<T> = { readonly ok: true; readonly record: ReadRecord<T> } | { readonly ok: false; readonly reason: 'unknown-token' | 'wrong-code' | 'too-many-tries' };

/** The stored form of a code: keyed, since 40 bits could be searched, and bound to the record it is for. */
export function codeDigest(keys: KeyRing, recordKey: string, code: string): string {
  return keys.digest('code', `${recordKey} ${code}`);
}

/**
 * Compares a code with that of a record. The try is taken by compare-and-set before the code is looked at, so that a
 * thousand guesses at once are no better than ten in a row.
 */
export async function tryCode<T extends CodeRecord>(
  { records, keys }: { readonly records: RecordStore; readonly keys: KeyRing },
  { key, code }: { readonly key: string; readonly code: string },
): Promise<CodeOutcome<T>> {
  const record = await readJson<T>(records, key);
  if (record === undefined) return { ok: false, reason: 'unknown-token' };
  const { triesLeft, expiresAtMs } = record.value;
  if (triesLeft < 1) return { ok: false, reason: 'too-many-tries' };
  const counted = JSON.stringify({ ...record.value, triesLeft: triesLeft - 1 });
  if (!(await records.compareAndSet({ key, expectedVersion: record.version, value: counted, expiresAtMs }))) return { ok: false, reason: 'wrong-code' };
  const expected = record.value.codeDigest;
  const right = keys.digests('code', `${key} ${code}`).some((digest) => secretsEqual(digest, expected));
  if (!right) return { ok: false, reason: 'wrong-code' };
  const now = await readJson<T>(records, key);
  return now === undefined ? { ok: false, reason: 'unknown-token' } : { ok: true, record: now };
}
