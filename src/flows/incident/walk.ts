import { StoreError } from '../../kernel/errors.ts';
import { orStopped } from '../../kernel/or-stopped.ts';
import type { StoredAccount } from '../../ports/accounts.ts';
import { maxIdChars } from './plan.ts';

/** Accounts of the app's table, in batches: the page after this cursor, the first for undefined. `next` undefined: there is no other. The same cursor must name the same place again. */
export type AccountPages = (cursor: string | undefined) => Promise<{ readonly accounts: readonly StoredAccount[]; readonly next: string | undefined }>;

/** A place in the table: `skip` accounts into the page after `cursor`. */
export interface Place {
  readonly cursor: string | undefined;
  readonly skip: number;
}

/** Some accounts, and where the next ones begin; undefined: these were the last. */
export interface Slice {
  readonly accounts: readonly StoredAccount[];
  readonly next: Place | undefined;
}

const maxPageAccounts = 100_000;
const maxCursorChars = 4_096;

/** The accounts from a place on, `size` at a time: a page of the app's may be as long as it likes. */
export async function* slicesOf(pages: AccountPages, { from, size, signal }: { readonly from: Place; readonly size: number; readonly signal: AbortSignal | undefined }): AsyncGenerator<Slice, void, undefined> {
  let { cursor, skip } = from;
  // A cursor that comes back would go round for ever: each is compared with one that moves on in ever longer strides.
  let landmark: string | undefined;
  for (let turns = 1, stride = 1; ; turns += 1) {
    const page = checkedPage(await orStopped(pages(cursor), signal));
    const { next } = page;
    if (next !== undefined && (next === cursor || next === landmark)) throw new StoreError('incident.pages: expected a cursor that moves on');
    if (turns === stride) [landmark, stride] = [next, stride * 2];
    for (let at = skip; at < page.accounts.length; at += size) {
      const rest = at + size < page.accounts.length;
      const after = next === undefined ? undefined : { cursor: next, skip: 0 };
      yield { accounts: page.accounts.slice(at, at + size), next: rest ? { cursor, skip: at + size } : after };
    }
    if (next === undefined) return;
    [cursor, skip] = [next, 0];
  }
}

/** A page as it can be trusted. An account without an id would be passed over in silence, and so the page is refused. */
function checkedPage(given: unknown): { readonly accounts: readonly StoredAccount[]; readonly next: string | undefined } {
  const { accounts, next } = Object(given) as { readonly accounts?: unknown; readonly next?: unknown };
  if (!Array.isArray(accounts)) throw new StoreError('incident.pages: expected { accounts: [...], next }');
  if (accounts.length > maxPageAccounts) throw new StoreError(`incident.pages: expected at most ${maxPageAccounts} accounts, got ${accounts.length}`);
  if (!accounts.every((account) => isAccountId((Object(account) as { readonly id?: unknown }).id))) throw new StoreError('incident.pages: expected accounts with an id');
  if (next !== undefined && (typeof next !== 'string' || next === '' || next.length > maxCursorChars)) throw new StoreError(`incident.pages: expected next to be undefined or a text of 1 to ${maxCursorChars} characters`);
  return { accounts: accounts as readonly StoredAccount[], next };
}

export function isAccountId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxIdChars;
}
