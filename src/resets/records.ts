import { StoreError } from '../kernel/errors.ts';
import { readJson, unreadableRecord } from '../kernel/json-record.ts';
import type { RecordStore } from '../ports/record-store.ts';

/** How a record of one kind is told from what was never written as one. */
export interface RecordShape<T> {
  readonly kind: string;
  readonly none: T;
  readonly isOne: (value: unknown) => boolean;
}

/** The record as it was read, or ERR_STORE. A mark that cannot be read is never none. */
export function checkedAs<T>({ kind, none, isOne }: RecordShape<T>, found: T | undefined): T {
  if (found === undefined) return none;
  if (!isOne(found)) throw unreadableRecord(`records: expected a record of the kind "${kind}"`);
  return found;
}

/** What a store answers for "none" is undefined: of false, 0 or null nobody knows what it means. */
export async function readAs<T>(records: RecordStore, key: string, shape: RecordShape<T>): Promise<T> {
  const found: unknown = await readJson<T>(records, key);
  if (found !== undefined && (typeof found !== 'object' || found === null)) throw new StoreError('records.read: expected a record or undefined');
  return checkedAs(shape, (found as { readonly value: T } | undefined)?.value);
}
