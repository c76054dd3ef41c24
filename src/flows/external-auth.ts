import { ConfigError } from '../kernel/errors.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import { admit, type SignInResult } from './admit.ts';
import type { ChallengeTickets } from './challenge-tickets.ts';
import { subjectOf, visit } from './door.ts';
import { markFor, recognize } from './epochs.ts';
import type { FlowParts } from './parts.ts';
import type { PendingSignIns } from './pending-sign-ins.ts';

/** Somebody who has proved elsewhere who they are, as the app has verified it: a magic link, an identity provider, a token. */
export interface ExternalAuth {
  /** One of the option `pathways`. */
  readonly pathway: string;
  readonly accountId: string;
  /** The authentication methods that the other side names (RFC 8176). Absent: one factor. */
  readonly amr?: readonly string[] | undefined;
  /** When the person was asked there, seconds since 1970 (the claim `auth_time`). Absent: nobody knows how long ago. */
  readonly authTime?: number | undefined;
  readonly facts: RequestFacts;
}

/**
 * The way in for everybody who does not come with a password, so that no way is weaker (OWASP ASVS 5.0 6.3.4, 6.8.4). Throws
 * ERR_CONFIG for a pathway that is not registered; else it never rejects.
 */
export type RecordExternalAuth = (auth: ExternalAuth) => Promise<SignInResult>;

export function createExternalAuth(parts: FlowParts, doors: { readonly pendings: PendingSignIns; readonly tickets: ChallengeTickets }): RecordExternalAuth {
  const { accounts, devices, pathways, sessionLimits, clock, emit, canonicalize } = parts;
  return async function recordExternalAuth(auth) {
    const { pathway, accountId, facts } = auth;
    if (!Object.hasOwn(pathways, pathway)) throw new ConfigError(`recordExternalAuth: the pathway "${pathway}" is not registered; name it in the option pathways`);
    return visit<SignInResult>(parts, { flow: 'external-sign-in', facts }, async (current) => {
      // It may come from a token of somebody else's making: what is no text names nobody, and stands in no event.
      const account = typeof accountId === 'string' ? await accounts.findById(accountId) : undefined;
      const about = subjectOf(facts, typeof accountId === 'string' ? { accountId } : {});
      if (account?.active !== true) {
        emit({ type: 'sign-in.failed', reason: account === undefined ? 'unknown-account' : 'inactive-account', ...about });
        return current.answer('sign-in-failed');
      }
      const browser = devices.read(facts.cookies);
      const recognition = await recognize(parts, browser, account);
      const epochs = await markFor(parts, account);
      const authMs = secondsToMs(auth.authTime, clock.nowMs());
      const trusted = pathways[pathway]?.secondFactorAmr ?? [];
      // Two factors longer ago than a session lives here, or at nobody knows what time, are one factor now.
      const strong = authMs !== undefined && clock.nowMs() - authMs < sessionLimits.absoluteMs && methodsOf(auth.amr).some((method) => trusted.includes(method));
      const proofs = { external: authMs ?? 0, ...(strong && { 'external-mfa': authMs }) };
      return admit(parts, doors, { account, name: canonicalize(account.email), epochs, proofs, ordered: false, pathway, browser, recognition, about, visit: current });
    });
  };
}

/** The claim comes from a token of somebody else's making. */
function methodsOf(amr: unknown): readonly string[] {
  return Array.isArray(amr) ? amr.filter((method) => typeof method === 'string') : [];
}

/** A time in the past, in ms; undefined for what is none. */
function secondsToMs(seconds: unknown, nowMs: number): number | undefined {
  return typeof seconds === 'number' && seconds > 0 && seconds * 1_000 <= nowMs ? seconds * 1_000 : undefined;
}
