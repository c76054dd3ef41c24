import { readIdentifier } from '../kernel/identifier.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import { charge, chargeAccount, subjectOf, visit, type Visit } from './door.ts';
import { orRestore } from '../kernel/json-record.ts';
import { newPasswordStored, takeNewPassword } from './new-password.ts';
import type { Answered, FlowParts } from './parts.ts';
import { readProof, type ProofInput } from './proof.ts';
import type { ResetTickets, TicketOutcome } from './reset-tickets.ts';

export interface ResetInput extends ProofInput {
  readonly password: unknown;
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
export function createPasswordReset(parts: FlowParts, tickets: ResetTickets): PasswordReset {
  return Object.freeze({
    request: ({ identifier, facts }) => visit<Answered>(parts, { flow: 'forgot-password', facts }, (current) => request(parts, { tickets, identifier, current })),
    redeem: (input) => visit<ResetResult>(parts, { flow: 'password-reset', facts: input.facts }, (current) => redeem(parts, { tickets, input, current })),
  } satisfies PasswordReset);
}

async function request(parts: FlowParts, { tickets, identifier, current }: { readonly tickets: ResetTickets; readonly identifier: unknown; readonly current: Visit }): Promise<Answered> {
  const name = readIdentifier(identifier, parts.canonicalize);
  const charged = await charge(parts, parts.limiters.mail, current, { name });
  if (!charged.ok) return charged.answered;
  if (name === undefined) parts.emit({ type: 'request.malformed', flow: 'forgot-password', ...subjectOf(current.facts) });
  else {
    const about = subjectOf(current.facts, { nameTag: parts.keys.digest('identifier', name) });
    current.span.later('reset-mail', () => mailTicket(parts, { tickets, name, about }));
  }
  return current.answer('forgot-received');
}

async function mailTicket(parts: FlowParts, { tickets, name, about }: { readonly tickets: ResetTickets; readonly name: string; readonly about: EventSubject }): Promise<void> {
  const { accounts, limiters, emit } = parts;
  const account = await accounts.findByIdentifier(name);
  if (!(await chargeAccount(parts, limiters.mail, { accountId: account?.id, about })).ok) return;
  const outcome = account === undefined ? 'unknown-account' : account.active ? 'mailed' : 'inactive-account';
  emit({ type: 'password-reset.requested', outcome, ...about, ...(account !== undefined && { accountId: account.id }) });
  if (account?.active === true) await tickets.mail(account, 'requested');
}

async function redeem(parts: FlowParts, { tickets, input, current }: { readonly tickets: ResetTickets; readonly input: ResetInput; readonly current: Visit }): Promise<ResetResult> {
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
  if (!ticket.fits(account)) return fail('changed-meanwhile', about);

  const taken = await takeNewPassword(parts, { flow: 'password-reset', password: input.password, personal: [account.email], facts, about, span });
  if (!taken.ok) return taken.answered;
  // The ticket goes first: whatever fails from here on, no token opens a door that a new password has closed.
  if (!(await ticket.burn())) return fail('unknown-token', about);
  const stored = await orRestore(ticket, () => accounts.replacePasswordHash({ accountId, previousHash: account.passwordHash, passwordHash: taken.passwordHash }));
  if (!stored) return fail('changed-meanwhile', about);
  emit({ type: 'password-reset.succeeded', ...about });
  newPasswordStored(parts, { account, how: 'reset', recheck: taken.recheck, span });
  await span.end();
  return { outcome: 'reset', accountId, revoke: 'all-sessions', reply: uniform.reply('password-reset', facts.accepts) };
}
