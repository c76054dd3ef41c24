import type { SessionFacts } from '../ports/session.ts';
import type { MfaFacts, MfaPolicy, MfaVerdict } from './mfa.ts';

/** Proofs that are no second factor: what one knows, who else vouches for it, and a mailbox. */
const firstProofs: readonly string[] = ['password', 'external'];
const noFactor: readonly string[] = [...firstProofs, 'mailed-link'];

/** Whether a proof of that name counts as a second factor. A browser that was remembered counts, until a fresh proof is asked for. */
export function isSecondProof(method: string): boolean {
  return !noFactor.includes(method);
}

/**
 * What somebody may do, from nothing but its input. Never throws. In this order:
 * 1. `challenge`: an enrolled factor was not given, also one that is disabled or suspended. Never `allow`, never `enroll`.
 * 2. `enroll`, overdue: no factor, and the earliest deadline has passed, an administrator removed the factors, or the session
 *    was let in for enrolling alone.
 * 3. `step-up`: with `maxAgeMs`, a proof is missing or older than that.
 * 4. `enroll` with time left: the session may go on.
 * 5. `allow`.
 * OWASP ASVS 5.0 6.3.3, 7.5.1, 7.5.3; SP 800-63B-4 section 3.2.2 (a disabled factor is no way around).
 */
export function decide({ policies, factors, session, nowMs, maxAgeMs }: MfaFacts): MfaVerdict {
  const given = proofsOf(session);
  const second = given.filter(([method]) => isSecondProof(method));
  if (factors.enrolled && second.length === 0) return { verdict: 'challenge', methods: factors.usable };

  const enroll = factors.enrolled ? undefined : enrollment({ policies, mustEnrollSinceMs: factors.mustEnrollSinceMs, stage: session.stage, nowMs });
  if (enroll?.overdue === true) return enroll;
  return stepUp({ given, second, enrolled: factors.enrolled, nowMs, maxAgeMs }) ?? enroll ?? { verdict: 'allow' };
}

type Proof = readonly [method: string, atMs: number];

/** The session comes back from the app's store: what is no time is no proof. */
function proofsOf({ proofs }: SessionFacts): readonly Proof[] {
  if (typeof proofs !== 'object' || (proofs as unknown) === null || Array.isArray(proofs)) return [];
  return Object.entries(proofs).filter((proof): proof is [string, number] => Number.isFinite(proof[1]) && (proof[1] as number) >= 0);
}

interface Binding {
  readonly policies: readonly MfaPolicy[];
  readonly mustEnrollSinceMs: number | undefined;
  readonly stage: SessionFacts['stage'];
  readonly nowMs: number;
}

/** Undefined for somebody whom nothing binds. */
function enrollment({ policies, mustEnrollSinceMs, stage, nowMs }: Binding): Extract<MfaVerdict, { verdict: 'enroll' }> | undefined {
  const deadlines = [...policies.map(({ graceUntilMs }) => graceUntilMs), ...(mustEnrollSinceMs === undefined ? [] : [mustEnrollSinceMs])];
  // A session that was let in to enroll has been judged overdue: it does not become a whole one by waiting.
  if (deadlines.length === 0 && stage === 'full') return undefined;
  const graceUntilMs = deadlines.length === 0 ? nowMs : Math.min(...deadlines);
  // Written so that a deadline which is no number counts as passed.
  const overdue = stage !== 'full' || mustEnrollSinceMs !== undefined || !(nowMs < graceUntilMs);
  return { verdict: 'enroll', graceUntilMs, overdue, scopes: policies.map(({ scope }) => scope) };
}

interface Freshness {
  readonly given: readonly Proof[];
  readonly second: readonly Proof[];
  readonly enrolled: boolean;
  readonly nowMs: number;
  readonly maxAgeMs: number | undefined;
}

/** Which proofs must be given (again). A remembered browser is no fresh proof of anything. */
function stepUp({ given, second, enrolled, nowMs, maxAgeMs }: Freshness): Extract<MfaVerdict, { verdict: 'step-up' }> | undefined {
  if (maxAgeMs === undefined) return undefined;
  const missing: string[] = [];
  const expired: string[] = [];
  const ask = (name: string, proofs: readonly Proof[]): void => {
    if (proofs.length === 0) missing.push(name);
    // A proof from the future is none: the clock was set back, or the session store lies.
    else if (!proofs.some(([, atMs]) => atMs <= nowMs && nowMs - atMs <= maxAgeMs)) expired.push(name);
  };
  ask('password', given.filter(([method]) => firstProofs.includes(method)));
  if (enrolled) ask('second-factor', second.filter(([method]) => method !== 'remembered-browser'));
  return missing.length + expired.length === 0 ? undefined : { verdict: 'step-up', missing, expired };
}
