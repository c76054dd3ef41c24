import { isGiven, readIdentifier } from '../kernel/identifier.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import { charge, chargeAccount, readPassword, refund, subjectOf, visit, type Visit } from './door.ts';
import { orRestore } from '../kernel/json-record.ts';
import { outlives } from './epochs.ts';
import { forcedResetDone } from './forced-reset.ts';
import { admitRequest } from './mail-request.ts';
import { newPasswordStored, rejected, samePassword, takeNewPassword } from './new-password.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard } from './password-guard.ts';
import { readProof, type ProofInput } from './proof.ts';
import type { ResetTickets, TicketOutcome } from './reset-tickets.ts';
import { reportFactor, reportRefusal } from './second-factor.ts';
import { checkFactor, standingOf } from './standing.ts';

export interface ResetInput extends ProofInput {
  readonly password: unknown;
  /** For an account with a second factor: a code of it, or a recovery code. */
  readonly secondFactor?: unknown;
  /** The same for a factor of the app's own. */
  readonly proof?: unknown;
  readonly facts: RequestFacts;
}

/** Reset: end every session of the account. Nobody is signed in by it. `reply` is the answer that goes with it. */
export type ResetResult = { readonly outcome: 'reset'; readonly accountId: string; readonly revoke: 'all-sessions'; readonly reply: Reply } | Answered;

export interface PasswordReset {
  /** Asks for the mail. The account is looked for after the answer. Never rejects. */
  request(input: { readonly identifier: unknown; readonly facts: RequestFacts }): Promise<Answered>;
  /** Sets the new password, by token or by address and code. Never rejects. */
  redeem(input: ResetInput): Promise<ResetResult>;
}

/**
 * Makes the way back in for somebody who has forgotten the password: a ticket by mail, valid for 30 minutes, once, and as
 * long as the password is the one it was made for. Source: OWASP ASVS 5.0 6.4.3, OWASP Forgot Password Cheat Sheet.
 */
export function createPasswordReset(parts: FlowParts, tickets: ResetTickets, guard: PasswordGuard): PasswordReset {
  return Object.freeze({
    request: ({ identifier, facts }) => visit<Answered>(parts, { flow: 'forgot-password', facts }, (current) => request(parts, { tickets, identifier, current })),
    redeem: (input) => visit<ResetResult>(parts, { flow: 'password-reset', facts: input.facts }, (current) => redeem(parts, { tickets, guard, input, current })),
  } satisfies PasswordReset);
}

async function request(parts: FlowParts, { tickets, identifier, current }: { readonly tickets: ResetTickets; readonly identifier: unknown; readonly current: Visit }): Promise<Answered> {
  const { limiters, keys } = parts;
  const name = readIdentifier(identifier, parts.canonicalize);
  const charged = await charge(parts, limiters.mail, current, { name });
  if (!charged.ok) return charged.answered;
  if (name === undefined) parts.emit({ type: 'request.malformed', flow: 'forgot-password', ...subjectOf(current.facts) });
  else {
    const about = subjectOf(current.facts, { nameTag: keys.digest('identifier', name) });
    const admitted = await admitRequest(parts, current, { flow: 'forgot-password', name, limiter: limiters.mail, pass: charged.pass, about });
    if (!admitted.ok) return admitted.answered;
    current.span.later('reset-mail', () => mailTicket(parts, { tickets, name, about, receipt: admitted.receipt }));
  }
  return current.answer('forgot-received');
}

async function mailTicket(parts: FlowParts, { tickets, name, about, receipt }: { readonly tickets: ResetTickets; readonly name: string; readonly about: EventSubject; readonly receipt: GuardReceipt | undefined }): Promise<void> {
  const { accounts, limiters, emit } = parts;
  const account = await accounts.findByIdentifier(name);
  if (!(await chargeAccount(parts, limiters.mail, { accountId: account?.id, about })).ok) return;
  const outcome = account === undefined ? 'unknown-account' : account.active ? 'mailed' : 'inactive-account';
  emit({ type: 'password-reset.requested', outcome, ...about, ...(account !== undefined && { accountId: account.id }) });
  if (account?.active === true) await tickets.mail(account, 'requested', receipt);
}

async function redeem(parts: FlowParts, { tickets, guard, input, current }: { readonly tickets: ResetTickets; readonly guard: PasswordGuard; readonly input: ResetInput; readonly current: Visit }): Promise<ResetResult> {
  const { accounts, canonicalize, limiters, uniform, emit } = parts;
  const { facts, span } = current;
  const proof = readProof(input, canonicalize);
  const charged = await charge(parts, limiters.code, current, { name: proof?.kind === 'code' ? proof.name : undefined });
  if (!charged.ok) return charged.answered;
  const fail = (reason: Extract<TicketOutcome, { ok: false }>['reason'] | 'inactive-account' | 'changed-meanwhile', about: EventSubject): Promise<Answered> => {
    emit({ type: 'password-reset.failed', reason, ...about });
    return current.answer('reset-failed');
  };

  const outcome: TicketOutcome = proof === undefined ? { ok: false, reason: 'unknown-token' } : await tickets.find(proof);
  if (!outcome.ok) return fail(outcome.reason, subjectOf(facts));
  const { ticket } = outcome;
  const { accountId } = ticket;
  const about = subjectOf(facts, { accountId });
  const account = await accounts.findById(accountId);
  if (account?.active !== true) return fail('inactive-account', about);
  if (!ticket.fits(account) || !(await outlives(parts, account, ticket.epochs))) return fail('changed-meanwhile', about);

  const taken = await takeNewPassword(parts, { flow: 'password-reset', password: input.password, personal: [account.email, ...typedSecrets(input)], facts, about, span });
  if (!taken.ok) return taken.answered;
  if (await isSpent(parts, { guard, account, password: input.password })) {
    emit({ type: 'password.rejected', flow: 'password-reset', reasons: [samePassword.code], ...about });
    await span.end();
    return rejected(uniform, [samePassword], facts);
  }
  // After the password: a code is spent by being looked at.
  const refused = await refuseWithoutFactor(parts, { account, input, about, current });
  if (refused !== undefined) return refused;
  // The ticket goes first: whatever fails from here on, no token opens a door that a new password has closed.
  if (!(await ticket.burn())) return fail('unknown-token', about);
  const stored = await orRestore(ticket, async () => {
    // Before the password: nothing that may fail comes after it, so that whatever is new is also said.
    await parts.devices.revokeAll(accountId);
    await parts.epochs.revokeUser({ accountId });
    return accounts.replacePasswordHash({ accountId, previousHash: account.passwordHash, passwordHash: taken.passwordHash, because: 'new-password' });
  });
  if (!stored) return fail('changed-meanwhile', about);
  emit({ type: 'password-reset.succeeded', ...about, ...tagOf(parts, account) });
  // Once more: whoever signed in with the old password in between. The first one has ended all that were there.
  const revokeOnceMore = (): Promise<void> => parts.epochs.revokeUser({ accountId });
  await revokeOnceMore().catch(() => {
    span.later('sessions-ended', revokeOnceMore);
  });
  newPasswordStored(parts, { account, how: 'reset', known: false, recheck: taken.recheck, span, receipt: ticket.receipt });
  await forcedResetDone(parts, account, current);
  await span.end();
  return { outcome: 'reset', accountId, revoke: 'all-sessions', reply: uniform.reply('password-reset', facts.accepts) };
}

/** By the name: under it the sign-ins failed that the reset makes good. */
function tagOf({ keys, canonicalize }: FlowParts, { email }: StoredAccount): Pick<EventSubject, 'nameTag'> {
  const name = readIdentifier(email, canonicalize);
  return name === undefined ? {} : { nameTag: keys.digest('identifier', name) };
}

/** For apps that show their form again, with a field for the code. */
const needsFactor = Object.freeze({ code: 'second-factor', message: 'This account has a second step. Enter the code of the authenticator app, or a recovery code.' });
const wrongFactor = Object.freeze({ code: 'second-factor', message: 'The code is wrong, used or too old. Wait for the next one, or use a recovery code.' });

/** Whether it is the old one, where that opens nothing any more. */
async function isSpent({ hasher }: FlowParts, { guard, account, password }: { readonly guard: PasswordGuard; readonly account: StoredAccount; readonly password: unknown }): Promise<boolean> {
  const { trouble, mustChange } = await guard.look({ account, name: account.id, known: false });
  const text = readPassword(password);
  if ((trouble === undefined && !mustChange) || text === undefined) return false;
  return (await hasher.verify({ password: text, stored: account.passwordHash, name: account.id })).ok;
}

/** A link or code that opened the account once must not go on doing so as its password (OWASP ASVS 5.0 6.4.1). */
function typedSecrets({ token, code }: ResetInput): readonly string[] {
  return [token, code].flatMap((value) => (typeof value === 'string' && value !== '' && value.length <= 128 ? [value, ...value.split('.')] : []));
}

interface FactorQuestion {
  readonly account: StoredAccount;
  readonly input: ResetInput;
  readonly about: EventSubject;
  readonly current: Visit;
}

/**
 * An account with a second factor takes two proofs to recover: the mailbox and that factor, or a recovery code (SP 800-63B-4
 * section 4.2.2.2). The reset touches no factor, and the ticket stays until both are there.
 */
async function refuseWithoutFactor(parts: FlowParts, { account, input, about, current }: FactorQuestion): Promise<Answered | undefined> {
  const { limiters, keys, emit } = parts;
  const { factors } = await standingOf(parts, account);
  if (!factors.enrolled) return undefined;
  const given = [input.secondFactor, input.proof].some(isGiven);
  if (!given) {
    emit({ type: 'password-reset.failed', reason: 'second-factor', ...about });
    return { ...(await current.answer('reset-second-factor')), reasons: [needsFactor] };
  }
  // Whoever brings a mailed ticket is no stranger, and has the tries of known browsers: a thief with the password, who uses up
  // those of strangers all day, must not keep the owner from choosing another one.
  const charged = await charge(parts, limiters.secondFactor, current, { browserId: `reset ${keys.digest('account', account.id)}` });
  if (!charged.ok) return charged.answered;
  const check = await checkFactor(parts, { accountId: account.id, known: true, input: { code: input.secondFactor, proof: input.proof } });
  if (check.ok) {
    await refund(limiters.secondFactor, charged.pass);
    reportFactor(parts, { check, account, about, flow: 'password-reset', current, known: false });
    return undefined;
  }
  reportRefusal(parts, { check, account, about, flow: 'password-reset', current });
  emit({ type: 'password-reset.failed', reason: 'second-factor', ...about });
  return { ...(await current.answer('reset-second-factor')), reasons: [wrongFactor] };
}
