import type { KeyRing } from '../kernel/keys.ts';
import type { StoredAccount } from '../ports/accounts.ts';

/** Names the password that an account has now: once it is another one, whatever was made for this one is void. */
export function passwordTag(keys: KeyRing, { passwordHash = '' }: StoredAccount): string {
  return keys.digest('account', `password ${passwordHash}`);
}

/** Whether the account still has the password that the tag names. */
export function hasPassword(keys: KeyRing, { passwordHash = '' }: StoredAccount, tag: string): boolean {
  return keys.digests('account', `password ${passwordHash}`).includes(tag);
}
