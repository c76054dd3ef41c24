import type { RequestFacts } from '../ports/attempt.ts';
import type { Reply } from '../ports/reply.ts';
import { charge, orRefund, readPassword, refund, subjectOf, visit, type Visit } from './door.ts';
import { newPasswordStored, takeNewPassword } from './new-password.ts';
import type { Answered, FlowParts } from './parts.ts';

export interface PasswordChangeInput {
  /** Whose session the request came with. */
  readonly accountId: string;
  readonly currentPassword: unknown;
  readonly newPassword: unknown;
  readonly facts: RequestFacts;
}

/** Changed: give this session a new id and end all others of the account. `reply` is the answer that goes with it. */
export type PasswordChangeResult = { readonly outcome: 'changed'; readonly accountId: string; readonly revoke: 'other-sessions'; readonly reply: Reply } | Answered;

export interface PasswordChange {
  /** Never rejects. */
  change(input: PasswordChangeInput): Promise<PasswordChangeResult>;
}

/** Makes the change of a password by somebody who knows it: the current one is asked for, and its guesses are counted (OWASP ASVS 5.0 6.2.3). */
export function createPasswordChange(parts: FlowParts): PasswordChange {
  return Object.freeze({
    change: (input: PasswordChangeInput) => visit<PasswordChangeResult>(parts, { flow: 'password-change', facts: input.facts }, (current) => change(parts, input, current)),
  });
}

async function change(parts: FlowParts, input: PasswordChangeInput, current: Visit): Promise<PasswordChangeResult> {
  const { accounts, hasher, limiters, uniform, emit } = parts;
  const { accountId, newPassword } = input;
  const { facts, span } = current;
  const about = subjectOf(facts, { accountId });
  const charged = await charge(parts, limiters.passwordChange, current, { accountId });
  if (!charged.ok) return charged.answered;

  const password = readPassword(input.currentPassword);
  const { account, right } = await orRefund({ limiter: limiters.passwordChange, pass: charged.pass }, async () => {
    const found = await accounts.findById(accountId);
    const verdict = password === undefined ? { ok: false } : await hasher.verify({ password, stored: found?.passwordHash, name: accountId });
    return { account: found, right: verdict.ok };
  });
  if (!right || account?.active !== true) {
    emit({ type: 'password-change.failed', reason: right ? 'inactive-account' : 'wrong-password', ...about });
    return current.answer('password-change-failed');
  }
  await refund(limiters.passwordChange, charged.pass);

  const taken = await takeNewPassword(parts, { flow: 'password-change', password: newPassword, personal: [account.email], facts, about, span });
  if (!taken.ok) return taken.answered;
  const stored = await accounts.replacePasswordHash({ accountId, previousHash: account.passwordHash, passwordHash: taken.passwordHash });
  if (!stored) {
    emit({ type: 'password-change.failed', reason: 'changed-meanwhile', ...about });
    return current.answer('password-change-failed');
  }
  emit({ type: 'password-change.succeeded', ...about });
  newPasswordStored(parts, { account, how: 'change', recheck: taken.recheck, span });
  await span.end();
  return { outcome: 'changed', accountId, revoke: 'other-sessions', reply: uniform.reply('password-changed', facts.accepts) };
}
