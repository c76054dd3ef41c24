import type { Recognition } from '../device/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EventSubject } from '../ports/events.ts';
import type { SessionFacts } from '../ports/session.ts';
import { subjectOf, type Visit } from './door.ts';
import type { Answered, FlowParts } from './parts.ts';
import { hasEnded } from './session-limits.ts';
import { standingOf, type Standing } from './standing.ts';

/** Who is there, and has proved it lately. */
export interface Fresh {
  readonly ok: true;
  readonly account: StoredAccount;
  readonly standing: Standing;
  readonly recognition: Recognition;
  readonly about: EventSubject;
}

export type Freshness = Fresh | { readonly ok: false; readonly answered: Answered };

interface Wanted {
  readonly session: SessionFacts | undefined;
  readonly action: string;
  readonly current: Visit;
  /** For enrolling a factor alone: a session of stage `enroll` may. */
  readonly mayEnroll?: boolean;
  /** How old the proofs may be, ms; null: as old as the session. Default: the option `secondFactor.freshForMs`. */
  readonly maxAgeMs?: number | null;
}

/**
 * Asks for a fresh proof before something that must not be done on an old session: the password, and the second factor where
 * one is enrolled (OWASP ASVS 5.0 7.5.1, SP 800-63B-4 section 4.1.2.1).
 */
export async function freshProof(parts: FlowParts, { session, action, current, mayEnroll = false, maxAgeMs = parts.secondFactor.freshForMs }: Wanted): Promise<Freshness> {
  const { accounts, devices, mfa, clock, emit } = parts;
  const account = session && !hasEnded(session, parts.sessionLimits, clock.nowMs()) ? await accounts.findById(session.accountId) : undefined;
  if (session === undefined || account?.active !== true) return { ok: false, answered: await current.answer('sign-in-failed') };
  const recognition = await devices.recognize(devices.read(current.facts.cookies), account.id);
  const standing = await standingOf(parts, account, recognition.known);
  const about = subjectOf(current.facts, { accountId: account.id });
  const { factors, policies } = standing;
  // Whoever enrolls the first factor is asked for the password alone: what is missing is what they are here for.
  const asked = mayEnroll && !factors.enrolled ? { policies: [], factors: { enrolled: false, usable: [] }, session: { ...session, stage: 'full' as const } } : { policies, factors, session };
  const verdict = mfa.decide({ ...asked, nowMs: clock.nowMs(), ...(maxAgeMs !== null && { maxAgeMs }) });
  if (verdict.verdict === 'allow' || (verdict.verdict === 'enroll' && !verdict.overdue)) return { ok: true, account, standing, recognition, about };
  if (verdict.verdict === 'step-up') {
    emit({ type: 'step-up.required', action, missing: verdict.missing, expired: verdict.expired, ...about });
    return { ok: false, answered: await current.answer('reauthentication-required') };
  }
  emit({ type: 'mfa.refused', verdict: verdict.verdict, action, ...about });
  return { ok: false, answered: await current.answer(verdict.verdict === 'enroll' ? 'mfa-enrollment-required' : 'mfa-required') };
}
