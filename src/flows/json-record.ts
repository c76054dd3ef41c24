import type { RecordStore } from '../ports/record-store.ts';

/** What a record holds, and the version to replace it by. */
export interface ReadRecord<T> {
  readonly value: T;
  readonly version: number;
}

/** A record as JSON; undefined where there is none. What cannot be read was not written by us: a store that lies is a broken one. */
export async function readJson<T>(records: RecordStore, key: string): Promise<ReadRecord<T> | undefined> {
  const record = await records.read(key);
  return record && { value: JSON.parse(record.value) as T, version: record.version };
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

/** Removes the record if it is still the one that was read. Of many that try at once, one gets true. */
export function burn(records: RecordStore, { key, version }: { readonly key: string; readonly version: number }): Promise<boolean> {
  return records.compareAndSet({ key, expectedVersion: version, value: null });
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
 * Writes a record over whatever is there: what it held before is told to `next`. Gives up when others keep winning, which
 * takes a crowd on one key.
 */
export async function replaceJson<T>(
  records: RecordStore,
  { key, expiresAtMs, next }: { readonly key: string; readonly expiresAtMs: number; readonly next: (previous: T | undefined) => T },
): Promise<T> {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const previous = await readJson<T>(records, key);
    const value = next(previous?.value);
    if (await records.compareAndSet({ key, expectedVersion: previous?.version ?? 0, value: JSON.stringify(value), expiresAtMs })) return value;
  }
  throw new Error('a record is being written by too many at once');
}
