import { withDeadline } from '../kernel/deadline.ts';
import { errorName, StoreError } from '../kernel/errors.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RecordStore } from '../ports/record-store.ts';

interface Limits {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly emit: Emit;
}

/** The app's user table behind a deadline: slow counts as down, and every failure is one ERR_STORE and one event. */
export function accountsInTime(accounts: Accounts, limits: Limits): Accounts {
  const ask = asker('accounts', limits);
  return Object.freeze({
    findByIdentifier: (identifier: string) => ask(() => accounts.findByIdentifier(identifier)),
    findById: (accountId: string) => ask(() => accounts.findById(accountId)),
    create: (account) => ask(() => accounts.create(account)),
    replacePasswordHash: (change) => ask(() => accounts.replacePasswordHash(change)),
    setBreachRecheck: (mark) => ask(() => accounts.setBreachRecheck(mark)),
  } satisfies Accounts);
}

/** The same for records. */
export function recordsInTime(records: RecordStore, limits: Limits): RecordStore {
  const ask = asker('records', limits);
  return Object.freeze({
    durable: records.durable,
    read: (key: string) => ask(() => records.read(key)),
    compareAndSet: (change) => ask(() => records.compareAndSet(change)),
    watch: (key: string, changed: () => void) => records.watch(key, changed),
  } satisfies RecordStore);
}

function asker(store: 'accounts' | 'records', { clock, deadlineMs, emit }: Limits) {
  return async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(question(), { clock, deadlineMs, onLate: () => new StoreError(`${store}: no answer within ${deadlineMs} ms`) });
    } catch (cause) {
      emit({ type: 'store.failed', store, error: errorName(cause) });
      throw cause instanceof StoreError ? cause : new StoreError(`${store}: the store failed`, { cause });
    }
  };
}
