import { isPortcullisError, StoreError } from '../kernel/errors.ts';
import { accountRecordKey, readJson, updateJson } from '../kernel/json-record.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { nameOf, type EpochScope } from './scope.ts';

/**
 * An epoch as it is stored. That of everyone is there from the first mark on, with a random `birth`, so that every mark carries
 * an epoch that a store which has lost its data does not have. The others are there once they were raised.
 */
export interface EpochRecord {
  /** 0: there is none. */
  readonly epoch: number;
  /** Of everyone's record alone: what it began with, and what is 0 in all others. As long as `epoch` is that, nothing was ever raised. */
  readonly birth: number;
}

/** What a Date can hold. */
const latestMs = 8.64e15;
const none: EpochRecord = Object.freeze({ epoch: 0, birth: 0 });

export function isEpoch(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= latestMs;
}

export async function readEpoch(records: RecordStore, scope: EpochScope): Promise<EpochRecord> {
  return orStoreError(async () => checked((await readJson<unknown>(records, keyOf(scope)))?.value, scope));
}

export interface Raise {
  readonly nowMs: number;
  /** What the new epoch must be higher than, beside the old one. */
  readonly above: number;
  readonly newBirth: () => number;
  /** Whether the raise of somebody else, made after this call, will do as well. */
  readonly othersWillDo: boolean;
}

/** What a write has replaced, and what by. The same twice: somebody else has raised since the call. */
export interface Raised {
  readonly before: EpochRecord;
  readonly after: EpochRecord;
}

export async function raiseEpoch(records: RecordStore, scope: EpochScope, { nowMs, above, newBirth, othersWillDo }: Raise): Promise<Raised> {
  // Every mark that was given before the call carries this at most: what is higher was raised since.
  let first: number | undefined;
  return orStoreError(() =>
    updateJson<unknown, Raised>(records, keyOf(scope), (found) => {
      const before = checked(found, scope);
      first ??= before.epoch;
      if (othersWillDo && before.epoch > first && before.epoch > above) return { value: undefined, answer: { before, after: before } };
      const birth = scope.kind === 'everyone' ? before.birth || newBirth() : 0;
      const epoch = Math.max(before.epoch + 1, birth + 1, above + 1, Math.floor(nowMs));
      if (!isEpoch(epoch)) throw new StoreError('records: no higher epoch is left in a record of the kind "epoch"');
      return { value: stored({ epoch, birth }), answer: { before, after: { epoch, birth } } };
    }),
  );
}

/** Everyone's record, made where there is none. */
export async function bornEpoch(records: RecordStore, scope: EpochScope, newBirth: () => number): Promise<EpochRecord> {
  return orStoreError(() =>
    updateJson<unknown, EpochRecord>(records, keyOf(scope), (found) => {
      const before = checked(found, scope);
      if (before.epoch > 0) return { value: undefined, answer: before };
      const birth = newBirth();
      return { value: stored({ epoch: birth, birth }), answer: { epoch: birth, birth } };
    }),
  );
}

function stored({ epoch, birth }: EpochRecord): unknown {
  return birth === 0 ? { epoch } : { epoch, birth };
}

export function keyOf(scope: EpochScope): string {
  return accountRecordKey('epoch', nameOf(scope));
}

/** A record that cannot be an epoch is a broken store: read as none it would revive sessions. */
function checked(value: unknown, { kind }: EpochScope): EpochRecord {
  if (value === undefined) return none;
  const { epoch, birth = 0 } = Object(value) as { readonly epoch?: unknown; readonly birth?: unknown };
  const wellBorn = kind === 'everyone' ? isEpoch(birth) && isEpoch(epoch) && birth <= epoch : birth === 0;
  if (!isEpoch(epoch) || !wellBorn) throw new StoreError('records: expected an epoch in a record of the kind "epoch"');
  return { epoch, birth: birth as number };
}

/** Whatever a store rejects with: the caller has one code to look at. */
async function orStoreError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isPortcullisError(error) ? error : new StoreError('records: failed while asked for an epoch', { cause: error });
  }
}
