import type { SessionFacts } from '../ports/session.ts';
import type { TotpEnrollment, TotpFactor } from '../totp/index.ts';
import type { ChallengeTickets } from './challenge-tickets.ts';
import { charge, orRefund, refund, refundName, subjectOf, visit, type Visit } from './door.ts';
import { changed, issueCodes, type FactorChanged, type FactorRequest } from './factors.ts';
import { freshProof, isSession, type Fresh } from './fresh.ts';
import { tellFactorChange } from './notices.ts';
import { mailOwner, ownerProof } from './owner-proof.ts';
import type { Answered, FlowParts } from './parts.ts';
import { clearMustEnroll } from './standing.ts';
import { refusedAsReadOnly } from './writable.ts';

export interface EnrollInput extends FactorRequest {
  /** What its owner calls the authenticator. */
  readonly name?: unknown;
}

/** Show this once, in the answer to this request: `no-store`, and no copy. */
export type EnrollResult = { readonly outcome: 'enrollment'; readonly enrollment: TotpEnrollment } | Answered;

/** `recoveryCodes`: the first ones of the account, the only time that they can be shown. */
export type ConfirmResult = (Omit<FactorChanged, 'outcome'> & { readonly outcome: 'enrolled'; readonly factor: TotpFactor; readonly recoveryCodes?: readonly string[] }) | Answered;

export interface Enrollment {
  /**
   * Begins to enroll an authenticator. A first one is never enrolled on a password alone: where neither the browser nor the
   * session is old enough, a link is mailed, and once it is confirmed in this browser `enroll` goes through. Never rejects.
   */
  enroll(input: EnrollInput): Promise<EnrollResult>;
  /** Ends it with a code of the authenticator, which is spent by it. Never rejects. */
  confirm(input: FactorRequest & { readonly factorId: unknown; readonly code: unknown }): Promise<ConfirmResult>;
}

export function createEnrollment(parts: FlowParts, tickets: ChallengeTickets): Enrollment {
  return Object.freeze({
    enroll: (input) => visit<EnrollResult>(parts, { flow: 'enroll-factor', facts: input.facts }, (current) => enroll(parts, { tickets, input, current })),
    confirm: (input) => visit<ConfirmResult>(parts, { flow: 'confirm-factor', facts: input.facts }, (current) => confirm(parts, input, current)),
  } satisfies Enrollment);
}

async function enroll(parts: FlowParts, { tickets, input, current }: { readonly tickets: ChallengeTickets; readonly input: EnrollInput; readonly current: Visit }): Promise<EnrollResult> {
  const { totp, uniform, limiters, limitKeys, emit } = parts;
  const { facts } = current;
  const fresh = await freshProof(parts, { session: input.session, action: 'enroll-factor', current, mayEnroll: true });
  if (!fresh.ok) {
    emit({ type: 'factor.enrollment-refused', reason: isSession(input.session) ? 'step-up-needed' : 'not-signed-in', ...subjectOf(facts, isSession(input.session) ? { accountId: input.session.accountId } : {}) });
    return fresh.answered;
  }
  const { account, standing, about } = fresh;
  const refused = refusedAsReadOnly(parts, current, account);
  if (refused !== undefined) return refused;
  const proof = standing.factors.enrolled ? 'second-factor' : proofForFirst(parts, fresh, input.session as SessionFacts);
  if (proof === undefined) {
    emit({ type: 'factor.enrollment-refused', reason: 'mailed-link-needed', ...about });
    return mailOwner(parts, { tickets, fresh, purpose: 'enroll', current });
  }
  const decision = await limiters.enroll.take({ account: limitKeys.account(account.id) }, { about });
  if (!decision.ok) return current.now(uniform.comeBack('too-many-requests', decision.retryAfterMs, facts.accepts));
  const name = typeof input.name === 'string' ? input.name : undefined;
  const begun = await totp.enroll({ accountId: account.id, accountName: account.email, ...(name !== undefined && { name }), ...(facts.userAgent !== undefined && { source: facts.userAgent }) });
  if (!begun.ok) {
    emit({ type: 'factor.enrollment-refused', reason: begun.reason, ...about });
    return current.now(uniform.reply('factor-refused', facts.accepts));
  }
  emit({ type: 'factor.enrollment-started', kind: 'totp', proof, ...about });
  return { outcome: 'enrollment', enrollment: begun };
}

/** What lets somebody enroll the first factor: what shows the owner, or a session from before the policy. Never a password alone. */
function proofForFirst(parts: FlowParts, fresh: Fresh, session: SessionFacts): string | undefined {
  const { policies, factors } = fresh.standing;
  const sinceMs = Math.min(...policies.map((policy) => policy.sinceMs), factors.mustEnrollSinceMs ?? Infinity);
  const proof = ownerProof(parts, fresh, session, sinceMs);
  // A removal by an administrator ends every session: one that lives on is nobody's proof.
  if (proof !== undefined || factors.mustEnrollSinceMs !== undefined) return proof;
  return sinceMs !== Infinity && session.stage === 'full' && session.startedAtMs < sinceMs ? 'earlier-session' : undefined;
}

/** For apps that show their form again: with `expired` there is nothing left to confirm. */
const wrongCode = Object.freeze({ code: 'code', message: 'The code is not right. Wait for the next one and enter that.' });
const tooLate = Object.freeze({ code: 'expired', message: 'That took too long, or too many codes were wrong. Please start again.' });

async function confirm(parts: FlowParts, input: FactorRequest & { readonly factorId: unknown; readonly code: unknown }, current: Visit): Promise<ConfirmResult> {
  const { accounts, totp, limiters, clock, emit } = parts;
  const { session } = input;
  const fresh = await freshProof(parts, { session, action: 'confirm-factor', current, mayEnroll: true });
  if (!fresh.ok) return fresh.answered;
  const { account, about, standing } = fresh;
  const refused = refusedAsReadOnly(parts, current, account);
  if (refused !== undefined) return refused;
  const charged = await charge(parts, limiters.secondFactor, current, { accountId: account.id });
  if (!charged.ok) return charged.answered;
  const confirmed = await orRefund({ limiter: limiters.secondFactor, pass: charged.pass }, () => totp.confirm({ accountId: account.id, factorId: input.factorId, code: input.code }));
  if (!confirmed.ok) {
    // No guess at anything: whoever has the password alone must not use up its owner's tries.
    if (confirmed.reason === 'unknown-factor' || confirmed.reason === 'malformed') await refundName(parts, limiters.secondFactor, { pass: charged.pass, facts: current.facts });
    emit({ type: 'second-factor.failed', flow: 'confirm-factor', method: 'totp', reason: confirmed.reason, ...about });
    const again = confirmed.reason === 'wrong-code' || confirmed.reason === 'malformed';
    return { ...(await current.answer('second-factor-failed')), reasons: [again ? wrongCode : tooLate] };
  }
  // Before what may fail: it counts from now on, and its owner is told in any case.
  emit({ type: 'factor.enrolled', factorId: confirmed.factor.id, kind: 'totp', ...about });
  tellFactorChange(parts, { account, span: current.span, what: 'added', by: 'owner', name: confirmed.factor.name });
  await refund(limiters.secondFactor, charged.pass);
  await accounts.setSecondFactor({ accountId: account.id, enrolled: true });
  await clearMustEnroll(parts, account.id);
  const recoveryCodes = standing.factors.enrolled ? undefined : await issueCodes(parts, account.id);
  // The code has just been given: the session has its second factor, and reaches everything from now on.
  const raised: SessionFacts = { ...(session as SessionFacts), stage: 'full', proofs: { ...session?.proofs, totp: clock.nowMs() } };
  const done = await changed(parts, { request: { ...input, session: raised }, fresh, current });
  return { ...done, outcome: 'enrolled', factor: confirmed.factor, ...(recoveryCodes !== undefined && { recoveryCodes }) };
}
