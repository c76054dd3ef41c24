import { isGiven } from '../kernel/identifier.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { Reply } from '../ports/reply.ts';
import type { ProofMethod, SessionFacts } from '../ports/session.ts';
import { charge, orRefund, refund, subjectOf, visit, type Visit } from './door.ts';
import { recognize } from './epochs.ts';
import { refuseSession, signedInAs } from './fresh.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard } from './password-guard.ts';
import { reportFactor, reportRefusal } from './second-factor.ts';
import { checkFactor, type FactorInput } from './standing.ts';

export interface StepUpInput extends Partial<FactorInput> {
  readonly session: SessionFacts | undefined;
  /** Absent or empty where only the second factor is to be given again, and the other way round. */
  readonly password?: unknown;
  readonly facts: RequestFacts;
}

/** Keep `session` under a new id. */
export type StepUpResult = { readonly outcome: 'stepped-up'; readonly accountId: string; readonly session: SessionFacts; readonly reply: Reply } | Answered;

export interface StepUp {
  /** Proves again who is there, for an action that asks for it. All that is given must be right. Never rejects. */
  verify(input: StepUpInput): Promise<StepUpResult>;
}

/** Makes the step-up of a session: its proofs become newer, and nothing else of it changes (OWASP ASVS 5.0 7.5.3, 7.2.4). */
export function createStepUp(parts: FlowParts, guard: PasswordGuard): StepUp {
  return Object.freeze({
    verify: (input: StepUpInput) => visit<StepUpResult>(parts, { flow: 'step-up', facts: input.facts }, (current) => verify(parts, { guard, input, current })),
  });
}

async function verify(parts: FlowParts, { guard, input, current }: { readonly guard: PasswordGuard; readonly input: StepUpInput; readonly current: Visit }): Promise<StepUpResult> {
  const { devices, limiters, uniform, emit } = parts;
  const signedIn = await signedInAs(parts, input.session);
  if (!signedIn.ok) return refuseSession(parts, { session: input.session, reason: signedIn.reason, action: 'step-up', current });
  const { account, session } = signedIn;
  const about = subjectOf(current.facts, { accountId: account.id });
  const browser = devices.read(current.facts.cookies);
  const { known } = await recognize(parts, browser, account);
  // A known browser has a budget of its own: whoever has got a session with the password must not use up its owner's.
  const charged = await charge(parts, limiters.passwordChange, current, known ? { browserId: browser.id } : { accountId: account.id });
  if (!charged.ok) return charged.answered;
  const given = await orRefund({ limiter: limiters.passwordChange, pass: charged.pass }, () => proofsOf(parts, { guard, input, account, known, current }));
  if (!given.ok || given.proofs.length === 0) {
    emit({ type: 'step-up.failed', reason: given.ok ? 'wrong-password' : given.reason, ...about });
    return { ...(await current.answer('step-up-failed')), reasons: [notRight] };
  }
  await refund(limiters.passwordChange, charged.pass);
  emit({ type: 'step-up.succeeded', proofs: given.proofs, ...about });
  const nowMs = parts.clock.nowMs();
  const proofs = { ...session.proofs, ...Object.fromEntries(given.proofs.map((method) => [method, nowMs])) };
  await current.span.end();
  return { outcome: 'stepped-up', accountId: account.id, session: { ...session, proofs }, reply: uniform.reply('step-up-done', current.facts.accepts) };
}

/** For apps that show their form again. Which of the two it was stays unsaid. */
const notRight = Object.freeze({ code: 'proof', message: 'The password or the code is not right.' });

type Given = { readonly ok: true; readonly proofs: readonly ProofMethod[] } | { readonly ok: false; readonly reason: 'wrong-password' | 'wrong-code' };

interface Attempt {
  readonly guard: PasswordGuard;
  readonly input: StepUpInput;
  readonly account: StoredAccount;
  readonly known: boolean;
  readonly current: Visit;
}

/** The password first: a code that is right is spent by being looked at. */
async function proofsOf(parts: FlowParts, { guard, input, account, known, current }: Attempt): Promise<Given> {
  const proofs: ProofMethod[] = [];
  if (isGiven(input.password)) {
    const right = await guard.verify({ account, name: account.id, known, password: input.password });
    if (!right) return { ok: false, reason: 'wrong-password' };
    proofs.push('password');
  }
  if (isGiven(input.code) || isGiven(input.proof)) {
    const check = await checkFactor(parts, { accountId: account.id, known, input: { code: input.code, proof: input.proof } });
    const about = subjectOf(current.facts, { accountId: account.id });
    if (!check.ok) {
      reportRefusal(parts, { check, account, about, flow: 'step-up', current });
      return { ok: false, reason: 'wrong-code' };
    }
    reportFactor(parts, { check, account, about, flow: 'step-up', current, known });
    proofs.push(check.method);
  }
  return { ok: true, proofs };
}
