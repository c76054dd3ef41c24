import { cookieLines } from '../kernel/cookies.ts';
import type { SessionFacts } from '../ports/session.ts';
import type { ChallengePurpose, ChallengeTickets } from './challenge-tickets.ts';
import type { Visit } from './door.ts';
import type { Fresh } from './fresh.ts';
import type { Answered, FlowParts } from './parts.ts';

/** Whether more than a password stands behind a session: the mailbox, or a second factor. Its browser is then more than anybody's. */
export function isProven({ mfa }: Pick<FlowParts, 'mfa'>, { proofs }: SessionFacts): boolean {
  return Object.keys(proofs).some((method) => method === 'mailed-link' || mfa.isSecondFactor(method));
}

/**
 * What shows that the owner of an account without a second factor is there, and nobody who has no more than the password: a
 * mailed link that was opened lately in this browser, or a browser that was proven long before. A thief whom nobody asked for
 * a mailed link is known after a sign-in too, and proven never. `beforeMs`: for the browser, since when the owner may be
 * hurried, wall-clock ms.
 */
export function ownerProof({ clock, secondFactor }: FlowParts, { recognition }: Fresh, session: SessionFacts, beforeMs = Infinity): 'mailed-link' | 'known-device' | undefined {
  const nowMs = clock.nowMs();
  const { 'mailed-link': mailedMs } = session.proofs;
  if (typeof mailedMs === 'number' && mailedMs <= nowMs && nowMs - mailedMs <= secondFactor.freshForMs) return 'mailed-link';
  const provenMs = recognition.known ? recognition.provenSinceMs : undefined;
  return provenMs !== undefined && provenMs < beforeMs && nowMs - provenMs >= secondFactor.knownForMs ? 'known-device' : undefined;
}

/** Mails the link that makes up for it. */
export async function mailOwner(parts: FlowParts, { tickets, fresh, purpose, current }: { readonly tickets: ChallengeTickets; readonly fresh: Fresh; readonly purpose: ChallengePurpose; readonly current: Visit }): Promise<Answered> {
  const { devices } = parts;
  const { account, recognition, session: { epochs } } = fresh;
  const { id, setCookie } = devices.identify(devices.read(current.facts.cookies));
  current.span.later('challenge-mail', () => tickets.mail({ account, browserId: id, purpose, known: recognition.known, epochs }));
  return { ...(await current.answer('challenge-sent')), setCookies: cookieLines(setCookie) };
}
