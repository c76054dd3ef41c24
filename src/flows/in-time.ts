import { withDeadline } from '../kernel/deadline.ts';
import { errorName, StoreError } from '../kernel/errors.ts';
import type { Accounts, StoredAccount } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RecordStore } from '../ports/record-store.ts';

interface Limits {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly emit: Emit;
}

/**
 * The app's user table behind a deadline: slow counts as down, and every failure is one ERR_STORE and one event. Where a
 * library for databases says null, nobody is meant: an error for unknown names alone would tell who has an account.
 */
export function accountsInTime(accounts: Accounts, limits: Limits): Accounts {
  const ask = asker('accounts', limits);
  return Object.freeze({
    findByIdentifier: (identifier: string) => ask(async () => bounded(accountOf(await accounts.findByIdentifier(identifier)), limits.emit)),
    findById: (accountId: string) => ask(async () => bounded(accountOf(await accounts.findById(accountId)), limits.emit)),
    create: (account) => ask(async () => createdId(await accounts.create(account))),
    replacePasswordHash: (change) => ask(async () => yesOrNo(await accounts.replacePasswordHash(change), 'replacePasswordHash')),
    setBreachRecheck: (mark) => ask(async () => accounts.setBreachRecheck(mark)),
    setSecondFactor: (mark) => ask(async () => accounts.setSecondFactor(mark)),
    ...(typeof accounts.replaceEmail === 'function' && { replaceEmail: replacer(accounts, ask) }),
  } satisfies Accounts);
}

/** What the pieces take of one account. */
const maxOrganizations = 100;

/**
 * An account of more organizations could be spared the orders of some of them, so that it is as good as none: shut, and answered as
 * every other that is. An error would tell that it exists.
 */
function bounded(account: StoredAccount | undefined, emit: Emit): StoredAccount | undefined {
  if (account === undefined || (account.organizationIds ?? []).length <= maxOrganizations) return account;
  emit({ type: 'store.failed', store: 'accounts', error: 'TooManyOrganizations', accountId: account.id });
  return { ...account, organizationIds: [], active: false };
}

function replacer(accounts: Accounts, ask: ReturnType<typeof asker>): NonNullable<Accounts['replaceEmail']> {
  return (change) => ask(async () => yesOrNo(await accounts.replaceEmail?.(change), 'replaceEmail'));
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

/** An account as a table without a type checker may have it. */
interface Row extends Pick<StoredAccount, 'email'> {
  readonly id: unknown;
  readonly passwordHash?: string | null | undefined;
  readonly active?: unknown;
  readonly needsBreachRecheck?: unknown;
  readonly hasSecondFactor?: unknown;
  readonly organizationIds?: readonly unknown[] | null | undefined;
  readonly roles?: readonly unknown[] | null | undefined;
  readonly noticeEmails?: unknown;
  readonly passwordSetAtMs?: unknown;
}

/** The row as it is meant: a number is an id too, `active` is true or it is not, and a password that is null is none. */
export function accountOf(row: Row | null | undefined): StoredAccount | undefined {
  if (row === undefined || row === null) return undefined;
  const { email, passwordHash, active, needsBreachRecheck, hasSecondFactor, organizationIds, roles, noticeEmails, passwordSetAtMs } = row;
  return {
    id: idOf(row.id),
    email,
    passwordHash: passwordHash ?? undefined,
    active: active === true,
    needsBreachRecheck: Boolean(needsBreachRecheck),
    hasSecondFactor: Boolean(hasSecondFactor),
    organizationIds: (organizationIds ?? []).map(idOf),
    roles: (roles ?? []).map(String),
    ...(Array.isArray(noticeEmails) && { noticeEmails: noticeEmails.filter((each): each is string => typeof each === 'string' && each !== '') }),
    // What is no time is none: such a password is as old as can be.
    ...(typeof passwordSetAtMs === 'number' && { passwordSetAtMs }),
  };
}

/** undefined or null: the address is taken. */
function createdId(id: unknown): string | undefined {
  return id === undefined || id === null ? undefined : idOf(id);
}

/** An id as text: many tables count their rows. An object is refused, since most of them make the same text. */
function idOf(id: unknown): string {
  if (typeof id === 'number' || typeof id === 'bigint') return String(id);
  if (typeof id !== 'string' || id === '') throw new StoreError('accounts: expected the id of an account as text or a number');
  return id;
}

/** A count of rows or an object would be a yes whatever it says. */
function yesOrNo(value: unknown, verb: string): boolean {
  if (typeof value !== 'boolean') throw new StoreError(`accounts.${verb}: expected true or false`);
  return value;
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
