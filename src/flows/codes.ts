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

/** `key` is where the record lies. */
export type CodeOutcome<T> = { readonly ok: true; readonly record: ReadRecord<T>; readonly key: string } | { readonly ok: false; readonly reason: 'unknown-token' | 'wrong-code' | 'too-many-tries' };

/** The stored form of a code: keyed, since 40 bits could be searched, and bound to the record it is for. */
export function codeDigest(keys: KeyRing, recordKey: string, code: string): string {
  return keys.digest('code', `${recordKey} ${code}`);
}

/** The same for a record that lies under one of several keys, since a new key of the ring gave it a new name. */
export async function tryCodeAt<T extends CodeRecord>(
  parts: { readonly records: RecordStore; readonly keys: KeyRing },
  { recordKeys, code }: { readonly recordKeys: readonly string[]; readonly code: string },
): Promise<CodeOutcome<T>> {
  for (const key of recordKeys) {
    const outcome = await tryCode<T>(parts, { key, code });
    if (outcome.ok || outcome.reason !== 'unknown-token') return outcome;
  }
  return { ok: false, reason: 'unknown-token' };
}

/**
 * Compares a code with that of a record. The try is taken by compare-and-set before the code is looked at, so that a
 * thousand guesses at once are no better than ten in a row.
 */
async function tryCode<T extends CodeRecord>(
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
  // A record that came meanwhile has a code of its own: it is somebody else's sign-up, perhaps.
  return now !== undefined && secretsEqual(now.value.codeDigest, expected) ? { ok: true, record: now, key } : { ok: false, reason: 'unknown-token' };
}
