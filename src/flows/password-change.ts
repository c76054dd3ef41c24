import { secretsEqual } from '../kernel/compare.ts';
import { cookieLines } from '../kernel/cookies.ts';
import { inputText } from '../kernel/identifier.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { Reply } from '../ports/reply.ts';
import type { SessionFacts } from '../ports/session.ts';
import { charge, labelOf, orRefund, refund, visit, type Visit } from './door.ts';
import { freshProof } from './fresh.ts';
import { forcedResetDone } from './forced-reset.ts';
import { newPasswordStored, rejected, samePassword, takeNewPassword } from './new-password.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard } from './password-guard.ts';

export interface PasswordChangeInput {
  /** What the app's session holds. One that is for enrolling a second factor alone changes no password. */
  readonly session: SessionFacts;
  readonly currentPassword: unknown;
  readonly newPassword: unknown;
  readonly facts: RequestFacts;
}

/** Changed: give this session a new id and end all others of the account. `reply` is the answer that goes with it. */
export type PasswordChangeResult = { readonly outcome: 'changed'; readonly accountId: string; readonly session: SessionFacts; readonly revoke: 'other-sessions'; readonly setCookies: readonly string[]; readonly reply: Reply } | Answered;

export interface PasswordChange {
  /** Never rejects. */
  change(input: PasswordChangeInput): Promise<PasswordChangeResult>;
}

/** Makes the change of a password by somebody who knows it: the current one is asked for, and its guesses are counted (OWASP ASVS 5.0 6.2.3). */
export function createPasswordChange(parts: FlowParts, guard: PasswordGuard): PasswordChange {
  return Object.freeze({
    change: (input: PasswordChangeInput) => visit<PasswordChangeResult>(parts, { flow: 'password-change', facts: input.facts }, (current) => change(parts, { guard, input, current })),
  });
}

async function change(parts: FlowParts, { guard, input, current }: { readonly guard: PasswordGuard; readonly input: PasswordChangeInput; readonly current: Visit }): Promise<PasswordChangeResult> {
  const { accounts, clock, devices, epochs, limiters, uniform, emit } = parts;
  const { session, newPassword } = input;
  const { facts, span } = current;
  // As old as the session: the current password is asked for here. What a policy or a second factor lacks still stops it.
  const fresh = await freshProof(parts, { session, action: 'password-change', current, maxAgeMs: null, mayChangePassword: true });
  if (!fresh.ok) return fresh.answered;
  const { account, about, recognition } = fresh;
  const { known } = recognition;
  const accountId = account.id;
  const browser = devices.read(facts.cookies);
  const charged = await charge(parts, limiters.passwordChange, current, known ? { browserId: browser.id } : { accountId });
  if (!charged.ok) return charged.answered;

  const right = await orRefund({ limiter: limiters.passwordChange, pass: charged.pass }, () => guard.verify({ account, name: accountId, known, password: input.currentPassword }));
  if (!right) {
    emit({ type: 'password-change.failed', reason: 'wrong-password', ...about });
    return current.answer('password-change-failed');
  }
  await refund(limiters.passwordChange, charged.pass);

  if (isSame(newPassword, input.currentPassword)) {
    emit({ type: 'password.rejected', flow: 'password-change', reasons: [samePassword.code], ...about });
    await span.end();
    return rejected(uniform, [samePassword], facts);
  }
  const taken = await takeNewPassword(parts, { flow: 'password-change', password: newPassword, personal: [account.email], facts, about, span });
  if (!taken.ok) return taken.answered;
  // Every browser but this one is a stranger from now on. Before the password: once that is new, nothing may keep it from being said.
  await devices.revokeAll(accountId);
  const goingOn = { accountId, organizationIds: account.organizationIds };
  const mark = await epochs.revokeOthers({ ...goingOn, mark: fresh.session.epochs });
  const stored = await accounts.replacePasswordHash({ accountId, previousHash: account.passwordHash, passwordHash: taken.passwordHash, because: 'new-password' });
  if (!stored) {
    emit({ type: 'password-change.failed', reason: 'changed-meanwhile', ...about });
    return current.answer('password-change-failed');
  }
  emit({ type: 'password-change.succeeded', ...about });
  newPasswordStored(parts, { account, how: 'change', known, recheck: taken.recheck, span });
  await forcedResetDone(parts, account, current);
  // Once more: whoever signed in with the old password in between. The first one has ended all that were there.
  const lastMark = await epochs.revokeOthers({ ...goingOn, mark }).catch(() => mark);
  const proven = recognition.known && recognition.provenSinceMs !== undefined;
  const remembered = known ? await devices.remember({ browser, accountId, name: parts.canonicalize(account.email), epochs: lastMark, proven, ...labelOf(facts) }).catch(() => undefined) : undefined;
  const setCookies = cookieLines(remembered?.setCookie);
  await span.end();
  return { outcome: 'changed', accountId, session: { ...session, ...(session.stage === 'change-password' && { stage: 'full' as const }), epochs: lastMark, proofs: { ...session.proofs, password: clock.nowMs() } }, setCookies, revoke: 'other-sessions', reply: uniform.reply('password-changed', facts.accepts) };
}

/** What is looked at, in UTF-16 units: four times the longest password, since another normal form may be longer. */
const maxGivenChars = 4_096;

/** Whether two are one password: as it is hashed, in NFC (SP 800-63B-4 section 3.1.1.2), in whatever form it was typed. */
function isSame(one: unknown, other: unknown): boolean {
  const [left, right] = [inputText(one, maxGivenChars), inputText(other, maxGivenChars)];
  return left !== undefined && right !== undefined && secretsEqual(left.normalize('NFC'), right.normalize('NFC'));
}
