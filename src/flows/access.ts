import type { MfaVerdict } from '../mfa/index.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { SessionFacts } from '../ports/session.ts';
import { subjectOf, visit, type Visit } from './door.ts';
import type { Answered, FlowParts } from './parts.ts';
import { withFields } from './reply-fields.ts';
import { hasEnded, seen } from './session-limits.ts';
import { standingOf } from './standing.ts';

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
  | (Answered & { readonly verdict: 'signed-out' | Exclude<MfaVerdict['verdict'], 'allow'> | 'failed'; readonly missing?: readonly string[]; readonly expired?: readonly string[]; readonly methods?: readonly string[] });

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

async function check(parts: FlowParts, { session, action, maxAgeMs }: AccessQuestion, current: Visit): Promise<AccessResult> {
  const { accounts, devices, mfa, clock, secondFactor, sessionLimits, uniform, emit } = parts;
  const { facts } = current;
  const nowMs = clock.nowMs();
  const account = session && !hasEnded(session, sessionLimits, nowMs) ? await accounts.findById(session.accountId) : undefined;
  if (session === undefined || account?.active !== true) return { ...current.now(uniform.reply('sign-in-failed', facts.accepts)), verdict: 'signed-out' };
  const recognition = await devices.recognize(devices.read(facts.cookies), account.id);
  const { policies, factors } = await standingOf(parts, account, recognition.known);
  const fresh = action === undefined ? {} : { maxAgeMs: maxAgeMs ?? secondFactor.freshForMs };
  const verdict = mfa.decide({ policies, factors, session, nowMs, ...fresh });
  const about = subjectOf(facts, { accountId: account.id });
  switch (verdict.verdict) {
    case 'allow':
      return { outcome: 'allowed', session: seen(session, sessionLimits, nowMs) };
    case 'step-up':
      emit({ type: 'step-up.required', action: action ?? 'any', missing: verdict.missing, expired: verdict.expired, ...about });
      return { ...current.now(withFields(uniform.reply('reauthentication-required', facts.accepts), { missing: verdict.missing, expired: verdict.expired })), ...verdict };
    case 'challenge':
      emit({ type: 'mfa.refused', verdict: 'challenge', action: action ?? 'any', ...about });
      return { ...current.now(withFields(uniform.reply('mfa-required', facts.accepts), { methods: verdict.methods })), ...verdict };
    case 'enroll':
      if (!verdict.overdue) return { outcome: 'allowed', session: seen(session, sessionLimits, nowMs), enrollUntilMs: verdict.graceUntilMs };
      emit({ type: 'mfa.refused', verdict: 'enroll', action: action ?? 'any', ...about });
      return { ...current.now(uniform.reply('mfa-enrollment-required', facts.accepts)), verdict: 'enroll' };
  }
}
