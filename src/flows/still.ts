import type { StoredAccount } from '../ports/accounts.ts';
import type { EpochMark } from '../ports/session.ts';
import { isCurrent } from './epochs.ts';
import type { FlowParts } from './parts.ts';
import type { PasswordGuard, PasswordLook } from './password-guard.ts';

/**
 * Whether what somebody began may go on: the epochs of then are the current ones, and nobody has said since that somebody else knows
 * the password. `byPassword`: false where it was begun without one. Answers whether the password must be changed by now; undefined: it
 * may not go on.
 */
export async function goesOn(parts: Pick<FlowParts, 'epochs'>, guard: PasswordGuard, { account, epochs, byPassword = true }: { readonly account: StoredAccount; readonly epochs: EpochMark; readonly byPassword?: boolean }): Promise<Pick<PasswordLook, 'mustChange'> | undefined> {
  if (!(await isCurrent(parts, account, epochs))) return undefined;
  if (!byPassword) return { mustChange: false };
  const { trouble, mustChange } = await guard.look({ account, name: account.id, known: true });
  // Guesses of others are no matter of somebody who was right.
  return trouble === undefined || trouble === 'too-many-failures' ? { mustChange } : undefined;
}
