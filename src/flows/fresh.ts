import type { Recognition } from '../device/index.ts';
import type { MfaVerdict } from '../mfa/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject } from '../ports/events.ts';
import type { EpochMark, SessionFacts } from '../ports/session.ts';
import { subjectOf, type Visit } from './door.ts';
import { currentSession, recognize } from './epochs.ts';
import { forcedOn } from './forced-reset.ts';
import type { Answered, FlowParts } from './parts.ts';
import { hasEnded } from './session-limits.ts';
import { standingOf, type Standing } from './standing.ts';

/**
 * A session with the mark of its epochs, also where the app's own came without one. Its stage is `change-password` where a new
 * password is due, whatever the app's own says.
 */
export type MarkedSession = SessionFacts & { readonly epochs: EpochMark };

/** Who is there, and has proved it lately. */
export interface Fresh {
  readonly ok: true;
  readonly account: StoredAccount;
  /** Its mark is what goes on: taken before anything was decided, so that whoever ends sessions meanwhile ends what comes of it too. */
  readonly session: MarkedSession;
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
  /** For changing the password alone: a session of stage `change-password` may. */
  readonly mayChangePassword?: boolean;
  /** How old the proofs may be, ms; null: as old as the session. Default: the option `secondFactor.freshForMs`. */
  readonly maxAgeMs?: number | null;
}

/**
 * Asks for a fresh proof before something that must not be done on an old session: the password, and the second factor where
 * one is enrolled (OWASP ASVS 5.0 7.5.1, SP 800-63B-4 section 4.1.2.1).
 */
export async function freshProof(parts: FlowParts, wanted: Wanted): Promise<Freshness> {
  const { session, action, current } = wanted;
  const signedIn = await signedInAs(parts, session);
  if (!signedIn.ok) return { ok: false, answered: await refuseSession(parts, { session, reason: signedIn.reason, action, current }) };
  const { account, session: marked } = signedIn;
  if (marked.stage === 'change-password' && wanted.mayChangePassword !== true) {
    reportSession(parts, { session, reason: 'password-change-due', action, current });
    return { ok: false, answered: await current.answer('password-change-required') };
  }
  const { standing, recognition } = await placeOf(parts, account, current.facts);
  const about = subjectOf(current.facts, { accountId: account.id });
  const verdict = judged(parts, { ...wanted, session: marked }, standing);
  switch (verdict.verdict) {
    case 'allow':
      return { ok: true, account, session: marked, standing, recognition, about };
    case 'step-up':
      parts.emit({ type: 'step-up.required', action, missing: verdict.missing, expired: verdict.expired, ...about });
      return { ok: false, answered: await current.answer('reauthentication-required') };
    case 'enroll':
      if (!verdict.overdue) return { ok: true, account, session: marked, standing, recognition, about };
      parts.emit({ type: 'mfa.refused', verdict: 'enroll', action, ...about });
      return { ok: false, answered: await current.answer('mfa-enrollment-required') };
    case 'challenge':
      parts.emit({ type: 'mfa.refused', verdict: 'challenge', action, ...about });
      return { ok: false, answered: await current.answer('mfa-required') };
  }
}

function judged({ mfa, clock, secondFactor }: FlowParts, { session: given, mayEnroll = false, mayChangePassword = false, maxAgeMs = secondFactor.freshForMs }: Wanted & { readonly session: SessionFacts }, { policies, factors }: Standing): MfaVerdict {
  const changing = mayChangePassword && given.stage === 'change-password';
  const session: SessionFacts = changing ? { ...given, stage: 'full' } : given;
  // Whoever enrolls the first factor is asked for the password alone: what is missing is what they are here for. The password goes before it.
  const asked = (mayEnroll || changing) && !factors.enrolled ? { policies: [], factors: { enrolled: false, usable: [] }, session: { ...session, stage: 'full' as const } } : { policies, factors, session };
  return mfa.decide({ ...asked, nowMs: clock.nowMs(), ...(maxAgeMs !== null && { maxAgeMs }) });
}

/** Whether the app handed in facts at all: one without a type checker may say null for nobody, or have kept something else. */
export function isSession(session: SessionFacts | undefined): session is SessionFacts {
  return typeof session === 'object' && (session as unknown) !== null && typeof session.accountId === 'string';
}

type NoSession = 'not-signed-in' | 'ended' | 'revoked' | 'inactive-account' | 'password-change-due';

/** Somebody whose session still lives. */
export type SignedInAs = { readonly ok: true; readonly account: StoredAccount; readonly session: MarkedSession } | { readonly ok: false; readonly reason: NoSession };

interface RefusedSession extends Pick<Wanted, 'session' | 'action' | 'current'> {
  readonly reason: NoSession;
}

/** The one answer to a request that nobody who is signed in made. */
export async function refuseSession({ emit }: Pick<FlowParts, 'emit'>, refused: RefusedSession): Promise<Answered> {
  reportSession({ emit }, refused);
  return refused.current.answer('sign-in-failed');
}

/** Why a session was no session. */
export function reportSession({ emit }: Pick<FlowParts, 'emit'>, { session, reason, action, current }: RefusedSession): void {
  emit({ type: 'session.refused', reason, action, ...subjectOf(current.facts, isSession(session) ? { accountId: session.accountId } : {}) });
}

/** The account of a session that still lives: by its times, its epochs and its account. */
export async function signedInAs(parts: FlowParts, session: SessionFacts | undefined): Promise<SignedInAs> {
  const { accounts, clock, sessionLimits } = parts;
  if (!isSession(session)) return { ok: false, reason: 'not-signed-in' };
  if (hasEnded(session, sessionLimits, clock.nowMs())) return { ok: false, reason: 'ended' };
  const account = await accounts.findById(session.accountId);
  if (account?.active !== true) return { ok: false, reason: 'inactive-account' };
  // Asked for at once and heard after the epochs: of a session that was ended it is all the same, failure or not.
  const asked = forcedOn(parts, account, session);
  asked.catch(() => undefined);
  const current = await currentSession(parts, account, session);
  if (current === undefined || !isMarked(current)) return { ok: false, reason: 'revoked' };
  // What an order to replace the password means to somebody who came by it: the old one opens nothing, or its change alone.
  const forced = await asked;
  if (forced?.opens === 'mailed-link') return { ok: false, reason: 'revoked' };
  return { ok: true, account, session: forced === undefined ? current : { ...current, stage: 'change-password' } };
}

function isMarked(session: SessionFacts): session is MarkedSession {
  return session.epochs !== undefined;
}

/** Where an account stands, and whether it knows the browser of the request. */
export async function placeOf(parts: FlowParts, account: StoredAccount, { cookies }: RequestFacts): Promise<{ readonly standing: Standing; readonly recognition: Recognition }> {
  const recognition = await recognize(parts, parts.devices.read(cookies), account);
  return { standing: await standingOf(parts, account, recognition.known), recognition };
}
