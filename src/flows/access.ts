import type { MfaVerdict } from '../mfa/index.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { SessionFacts } from '../ports/session.ts';
import { subjectOf, visit, type Visit } from './door.ts';
import { placeOf, reportSession, signedInAs } from './fresh.ts';
import type { Answered, FlowParts } from './parts.ts';
import { withFields } from './reply-fields.ts';
import { seen } from './session-limits.ts';

export interface AccessQuestion {
  /** What the app's session holds; undefined for somebody who is not signed in. */
  readonly session: SessionFacts | undefined;
  /** A sensitive action by name (`export`): asks for a fresh proof. Absent: any full session will do. */
  readonly action?: string;
  /** How old the proofs may be for it, ms. Default: the option `secondFactor.freshForMs`. */
  readonly maxAgeMs?: number;
  readonly facts: RequestFacts;
}

/** `enrollUntilMs`: the session may go on, and a second factor will be due from then on. */
export type AccessResult =
  | { readonly outcome: 'allowed'; /** Keep it, where it is another object than the one handed in: the idle time counts from it. */ readonly session: SessionFacts; readonly enrollUntilMs?: number }
  | (Answered & { readonly verdict: 'signed-out' | 'change-password' | Exclude<MfaVerdict['verdict'], 'allow'> | 'failed'; readonly missing?: readonly string[]; readonly expired?: readonly string[]; readonly methods?: readonly string[] });

export interface Access {
  /** May this session go on? Asked on every request, so that a policy binds sessions that are older than it. Never rejects. */
  check(question: AccessQuestion): Promise<AccessResult>;
}

/** Makes the guard behind the sign-in (OWASP ASVS 5.0 6.3.3, 7.5.3, 8.3.2). Nothing is cached: a policy counts from the next request on. */
export function createAccess(parts: FlowParts): Access {
  return Object.freeze({
    async check(question: AccessQuestion): Promise<AccessResult> {
      const result = await visit<AccessResult>(parts, { flow: 'step-up', facts: question.facts }, (current) => check(parts, question, current));
      return result.outcome === 'answered' && !('verdict' in result) ? { ...result, verdict: 'failed' } : result;
    },
  });
}

async function check(parts: FlowParts, { session: given, action, maxAgeMs }: AccessQuestion, current: Visit): Promise<AccessResult> {
  const { mfa, clock, secondFactor, sessionLimits, uniform } = parts;
  const { facts } = current;
  const signedIn = await signedInAs(parts, given);
  if (!signedIn.ok) {
    // That nobody is signed in is no news: every visitor begins so.
    if (signedIn.reason !== 'not-signed-in') reportSession(parts, { session: given, reason: signedIn.reason, action: action ?? 'any', current });
    return { ...current.now(uniform.reply('sign-in-failed', facts.accepts)), verdict: 'signed-out' };
  }
  const { account, session } = signedIn;
  if (session.stage === 'change-password') {
    reportSession(parts, { session, reason: 'password-change-due', action: action ?? 'any', current });
    return { ...current.now(uniform.reply('password-change-required', facts.accepts)), verdict: 'change-password' };
  }
  const { standing } = await placeOf(parts, account, facts);
  const nowMs = clock.nowMs();
  const fresh = action === undefined ? {} : { maxAgeMs: maxAgeMs ?? secondFactor.freshForMs };
  const verdict = mfa.decide({ policies: standing.policies, factors: standing.factors, session, nowMs, ...fresh });
  const allowed = { outcome: 'allowed', session: seen(session, sessionLimits, nowMs) } as const;
  if (verdict.verdict === 'allow') return allowed;
  if (verdict.verdict === 'enroll' && !verdict.overdue) return { ...allowed, enrollUntilMs: verdict.graceUntilMs };
  return refused(parts, { verdict, action: action ?? 'any', current, accountId: account.id });
}

interface Refusal {
  readonly verdict: Exclude<MfaVerdict, { verdict: 'allow' }>;
  readonly action: string;
  readonly current: Visit;
  readonly accountId: string;
}

function refused({ uniform, emit }: FlowParts, { verdict, action, current, accountId }: Refusal): AccessResult {
  const { facts } = current;
  const about = subjectOf(facts, { accountId });
  switch (verdict.verdict) {
    case 'step-up':
      emit({ type: 'step-up.required', action, missing: verdict.missing, expired: verdict.expired, ...about });
      return { ...current.now(withFields(uniform.reply('reauthentication-required', facts.accepts), { missing: verdict.missing, expired: verdict.expired })), ...verdict };
    case 'challenge':
      emit({ type: 'mfa.refused', verdict: 'challenge', action, ...about });
      return { ...current.now(withFields(uniform.reply('mfa-required', facts.accepts), { methods: verdict.methods })), ...verdict };
    case 'enroll':
      emit({ type: 'mfa.refused', verdict: 'enroll', action, ...about });
      return { ...current.now(uniform.reply('mfa-enrollment-required', facts.accepts)), verdict: 'enroll' };
  }
}
