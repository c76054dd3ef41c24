import { inputText } from '../kernel/identifier.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { Reply } from '../ports/reply.ts';
import type { SessionFacts } from '../ports/session.ts';
import { admit, type SecondFactorNeeded, type SignedIn } from './admit.ts';
import type { ChallengeTicket, ChallengeTickets } from './challenge-tickets.ts';
import { charge, subjectOf, visit, type Visit } from './door.ts';
import { recognize } from './epochs.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard } from './password-guard.ts';
import type { PendingSignIns } from './pending-sign-ins.ts';
import type { ResetTickets } from './reset-tickets.ts';
import { goesOn } from './still.ts';

export interface ChallengeInput {
  /** From the mailed link, as it came in the body of a POST. */
  readonly token: unknown;
  /** What the app's session holds, if somebody is signed in. */
  readonly session?: SessionFacts | undefined;
  readonly facts: RequestFacts;
}

/** `confirmed`: keep `session`, which may now enroll a first factor. `signed-in`: the sign-in that waited goes on. */
export type ChallengeResult =
  | SignedIn
  | SecondFactorNeeded
  | { readonly outcome: 'confirmed'; readonly purpose: 'enroll' | 'email-change'; readonly accountId: string; readonly session: SessionFacts; readonly reply: Reply }
  | Answered;

/** End every session of the account. */
export type DisownResult = { readonly outcome: 'disowned'; readonly accountId: string; readonly revoke: 'all-sessions'; readonly reply: Reply } | Answered;

export interface Challenge {
  /** Confirms a mailed link, in the browser that asked for it. Never rejects. */
  confirm(input: ChallengeInput): Promise<ChallengeResult>;
  /** "This was not me": ends the challenge, and the password opens nothing any more. From any browser. Never rejects. */
  disown(input: Omit<ChallengeInput, 'session'>): Promise<DisownResult>;
}

interface Doors {
  readonly tickets: ChallengeTickets;
  readonly pendings: PendingSignIns;
  readonly guard: PasswordGuard;
  readonly resets: ResetTickets;
}

/**
 * Makes the step-up for people without a second factor: a mailed link. It shows that the owner of the mailbox agrees, no
 * more: it is no factor, raises no assurance and satisfies no policy (SP 800-63B-4 section 3.1.3.1).
 */
export function createChallenge(parts: FlowParts, doors: Doors): Challenge {
  return Object.freeze({
    confirm: (input: ChallengeInput) => visit<ChallengeResult>(parts, { flow: 'challenge', facts: input.facts }, (current) => confirm(parts, doors, { input, current })),
    disown: (input: Omit<ChallengeInput, 'session'>) => visit<DisownResult>(parts, { flow: 'challenge', facts: input.facts }, (current) => disown(parts, doors, { token: input.token, current })),
  });
}

type Failure = 'unknown-token' | 'other-browser' | 'inactive-account' | 'changed-meanwhile';

type Found = { readonly ok: true; readonly ticket: ChallengeTicket; readonly account: StoredAccount } | { readonly ok: false; readonly answered: Answered };

/** The ticket and its account, charged as a token that comes back from a mail. */
async function find(parts: FlowParts, tickets: ChallengeTickets, { token, current }: { readonly token: unknown; readonly current: Visit }): Promise<Found> {
  const charged = await charge(parts, parts.limiters.code, current);
  if (!charged.ok) return { ok: false, answered: charged.answered };
  const text = inputText(token, 128);
  const ticket = text !== undefined && /^[\w-]+$/.test(text) ? await tickets.find(text) : undefined;
  if (ticket === undefined) return { ok: false, answered: await fail(parts, current, 'unknown-token') };
  const account = await parts.accounts.findById(ticket.accountId);
  if (account?.active !== true) return { ok: false, answered: await fail(parts, current, 'inactive-account') };
  return { ok: true, ticket, account };
}

function fail(parts: FlowParts, current: Visit, reason: Failure, accountId?: string): Promise<Answered> {
  parts.emit({ type: 'challenge.failed', reason, ...subjectOf(current.facts, accountId === undefined ? {} : { accountId }) });
  return current.answer('challenge-failed');
}

async function confirm(parts: FlowParts, doors: Doors, { input, current }: { readonly input: ChallengeInput; readonly current: Visit }): Promise<ChallengeResult> {
  const { devices, clock, uniform, emit } = parts;
  const found = await find(parts, doors.tickets, { token: input.token, current });
  if (!found.ok) return found.answered;
  const { ticket, account } = found;
  const { purpose } = ticket;
  const browser = devices.read(current.facts.cookies);
  const isOwn = ticket.purpose === 'sign-in' || input.session?.accountId === account.id;
  if (!ticket.isFrom(browser.id) || !isOwn) return fail(parts, current, 'other-browser', account.id);
  const still = ticket.fits(account) ? await goesOn(parts, doors.guard, { account, epochs: ticket.epochs }) : undefined;
  if (still === undefined) return fail(parts, current, 'changed-meanwhile', account.id);
  if (!(await ticket.burn())) return fail(parts, current, 'unknown-token', account.id);

  const about = subjectOf(current.facts, { accountId: account.id, ...(ticket.signIn !== undefined && { nameTag: parts.keys.digest('identifier', ticket.signIn.name) }) });
  emit({ type: 'challenge.confirmed', purpose, ...about });
  const proof = { 'mailed-link': clock.nowMs() };
  if (ticket.signIn === undefined) {
    const session = input.session as SessionFacts;
    await current.span.end();
    return { outcome: 'confirmed', purpose: purpose === 'email-change' ? purpose : 'enroll', accountId: account.id, session: { ...session, proofs: { ...session.proofs, ...proof } }, reply: uniform.reply('challenge-confirmed', current.facts.accepts) };
  }
  const { name, pathway, proofs, receipt } = ticket.signIn;
  const recognition = await recognize(parts, browser, account);
  return admit(parts, doors, {
    account, name, epochs: ticket.epochs, pathway, proofs: { ...proofs, ...proof }, ordered: still.mustChange, browser, recognition, about, visit: current,
    ...(receipt !== undefined && { evidence: { receipt, held: true } }),
    // Only now: of a right password whose link nobody has opened, the failures before it still count.
    ...('password' in proofs && { beforeOpening: () => doors.guard.passed(account) }),
  });
}

/** The password is marked before anything else: whatever fails after that, it opens nothing. */
async function disown(parts: FlowParts, { tickets, guard, resets }: Doors, { token, current }: { readonly token: unknown; readonly current: Visit }): Promise<DisownResult> {
  const { devices, epochs, uniform, emit } = parts;
  const found = await find(parts, tickets, { token, current });
  if (!found.ok) return found.answered;
  const { ticket, account } = found;
  // Another password since then: there is nothing left to disown.
  if (!ticket.fits(account)) return fail(parts, current, 'changed-meanwhile', account.id);
  await guard.disown(account);
  await devices.revokeAll(account.id);
  await epochs.revokeUser({ accountId: account.id });
  // Last, and no matter what comes of it: with a disowned password it confirms nothing, and every session must end.
  await ticket.burn().catch(() => false);
  emit({ type: 'challenge.disowned', ...subjectOf(current.facts, { accountId: account.id }) });
  current.span.later('disowned-mail', () => resets.mail(account, 'disowned'));
  await current.span.end();
  return { outcome: 'disowned', accountId: account.id, revoke: 'all-sessions', reply: uniform.reply('challenge-disowned', current.facts.accepts) };
}
