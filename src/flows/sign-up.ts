import { readIdentifier } from '../kernel/identifier.ts';
import { lazy } from '../kernel/lazy.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import { charge, chargeAccount, refundName, subjectOf, visit, type Visit } from './door.ts';
import { orRestore } from '../kernel/json-record.ts';
import { forcedResetDone } from './forced-reset.ts';
import { admitRequest, orUncounted } from './mail-request.ts';
import { rejected, takeNewPassword } from './new-password.ts';
import type { Answered, FlowParts, RejectionReason } from './parts.ts';
import { createPendingSignUps, type PendingSignUp, type PendingSignUps, type SignUpOutcome } from './pending-sign-ups.ts';
import { readProof, type ProofInput } from './proof.ts';
import { refusedAsReadOnly } from './writable.ts';

export interface SignUpInput {
  /** The e-mail address, as it came. */
  readonly identifier: unknown;
  readonly password: unknown;
  /** Whatever else the app wants to know of a new account, as JSON values of at most 4,096 characters. */
  readonly profile?: Readonly<Record<string, unknown>>;
  readonly facts: RequestFacts;
}

/** Confirmed: there is a new account. `reply` is the answer that goes with it. */
export type ConfirmResult = { readonly outcome: 'confirmed'; readonly accountId: string; readonly reply: Reply } | Answered;

/** The three steps of becoming a user. None of them rejects, and none tells who is one already. */
export interface SignUp {
  request(input: SignUpInput): Promise<Answered>;
  /** By token or by address and code; a POST, so that a mail scanner that opens links confirms nothing. */
  confirm(input: ProofInput & { readonly facts: RequestFacts }): Promise<ConfirmResult>;
  resend(input: { readonly identifier: unknown; readonly facts: RequestFacts }): Promise<Answered>;
}

const maxProfileChars = 4_096;
const badAddress = [{ code: 'invalid-address', message: 'This is not an e-mail address that we can send to.' }];
const badProfile = [{ code: 'invalid-profile', message: 'Something in the form is too long or cannot be read.' }];

/**
 * Makes the sign-up. Known and unknown addresses get the same work (a policy check and a hash) and the same answer; who owns
 * the address is looked at afterwards, and told by mail (OWASP ASVS 5.0 6.3.8).
 */
export function createSignUp(parts: FlowParts): SignUp {
  const pending = createPendingSignUps(parts);
  return Object.freeze({
    request: (input: SignUpInput) => visit<Answered>(parts, { flow: 'sign-up', facts: input.facts }, (current) => request(parts, { pending, input, current })),
    confirm: ({ facts, ...input }) => visit<ConfirmResult>(parts, { flow: 'confirm-sign-up', facts }, (current) => confirm(parts, { pending, input, current })),
    resend: ({ identifier, facts }) => visit<Answered>(parts, { flow: 'resend-confirmation', facts }, (current) => resend(parts, { pending, identifier, current })),
  } satisfies SignUp);
}

async function request(parts: FlowParts, { pending, input, current }: { readonly pending: PendingSignUps; readonly input: SignUpInput; readonly current: Visit }): Promise<Answered> {
  const { canonicalize, keys, limiters } = parts;
  const { facts, span } = current;
  const { identifier, password, profile = {} } = input;
  const refused = refusedAsReadOnly(parts, current);
  if (refused !== undefined) return refused;
  const name = readIdentifier(identifier, canonicalize);
  const charged = await charge(parts, limiters.signUp, current, { name });
  if (!charged.ok) return charged.answered;
  const unusable = async (answered: Answered): Promise<Answered> => {
    await refundName(parts, limiters.signUp, { pass: charged.pass, facts });
    return answered;
  };
  if (name === undefined || !isAddress(name)) return unusable(await reject(parts, current, badAddress));
  const kept = readProfile(profile);
  if (kept === undefined) return unusable(await reject(parts, current, badProfile));
  const about = subjectOf(facts, { nameTag: keys.digest('identifier', name) });
  const personal = [name, ...Object.values(kept).filter((value) => typeof value === 'string')];
  const admitted = await admitRequest(parts, current, { flow: 'sign-up', name, limiter: limiters.signUp, pass: charged.pass, about });
  if (!admitted.ok) return admitted.answered;
  const { receipt } = admitted;
  const taken = await orUncounted(parts, receipt, () => takeNewPassword(parts, { flow: 'sign-up', password, personal, facts, about, span }));
  if (!taken.ok) return unusable(taken.answered);
  const signUp = { email: name, passwordHash: taken.passwordHash, profile: kept, recheck: taken.recheck, receipt };
  span.later('sign-up-mail', () => mailOwner(parts, { pending, signUp, about }));
  return current.answer('sign-up-received');
}

/** After the answer: the owner of an account is told of the attempt, anybody else is asked to confirm. */
async function mailOwner(parts: FlowParts, { pending, signUp, about }: { readonly pending: PendingSignUps; readonly signUp: PendingSignUp; readonly about: EventSubject }): Promise<void> {
  const { accounts, limiters, emit } = parts;
  const owner = await accounts.findByIdentifier(signUp.email);
  emit({ type: 'sign-up.requested', outcome: owner === undefined ? 'pending' : 'existing-account', ...about });
  const { ok } = await chargeAccount(parts, limiters.signUp, { accountId: owner?.id, about });
  if (owner === undefined) await pending.mail(signUp);
  else if (ok) await tellOwner(parts, owner);
}

/** Somebody has tried to sign up with the address of an account. */
async function tellOwner({ mailer, links }: FlowParts, { email }: StoredAccount): Promise<void> {
  await mailer.send({ kind: 'sign-up-existing-account', to: email, signInLink: links.signIn, forgotLink: links.forgot });
}

async function confirm(parts: FlowParts, { pending, input, current }: { readonly pending: PendingSignUps; readonly input: ProofInput; readonly current: Visit }): Promise<ConfirmResult> {
  const { canonicalize, keys, limiters, accounts, uniform, loginGuard, emit } = parts;
  const { facts, span } = current;
  const refused = refusedAsReadOnly(parts, current);
  if (refused !== undefined) return refused;
  const proof = readProof(input, canonicalize);
  const charged = await charge(parts, limiters.code, current, { name: proof?.kind === 'code' ? proof.name : undefined });
  if (!charged.ok) return charged.answered;
  const outcome: SignUpOutcome = proof === undefined ? { ok: false, reason: 'unknown-token' } : await pending.find(proof);
  if (!outcome.ok || !(await outcome.found.burn())) {
    emit({ type: 'sign-up.failed', reason: outcome.ok ? 'unknown-token' : outcome.reason, ...subjectOf(facts) });
    return current.answer('confirmation-failed');
  }
  const { recheck, email, passwordHash, profile, receipt } = outcome.found.signUp;
  const about = subjectOf(facts, { nameTag: keys.digest('identifier', email) });
  const accountId = await orRestore(outcome.found, () => accounts.create({ email, passwordHash, profile }));
  if (accountId === undefined) {
    emit({ type: 'sign-up.failed', reason: 'address-taken', ...about });
    return current.answer('confirmation-failed');
  }
  emit({ type: 'sign-up.confirmed', ...about, accountId });
  if (receipt !== undefined) void loginGuard.settle(receipt, 'refunded');
  // For apps that do not keep when a password was set: an order to replace all that were set before means no new one.
  await forcedResetDone(parts, { id: accountId, email, passwordHash, active: true, needsBreachRecheck: false, hasSecondFactor: false }, current);
  if (recheck) span.later('breach-recheck', () => accounts.setBreachRecheck({ accountId, needed: true }));
  await span.end();
  return { outcome: 'confirmed', accountId, reply: uniform.reply('sign-up-confirmed', facts.accepts) };
}

async function resend(parts: FlowParts, { pending, identifier, current }: { readonly pending: PendingSignUps; readonly identifier: unknown; readonly current: Visit }): Promise<Answered> {
  const refused = refusedAsReadOnly(parts, current);
  if (refused !== undefined) return refused;
  const name = readIdentifier(identifier, parts.canonicalize);
  const { limiters, keys } = parts;
  const charged = await charge(parts, limiters.mail, current, { name });
  if (!charged.ok) return charged.answered;
  if (name === undefined) parts.emit({ type: 'request.malformed', flow: 'resend-confirmation', ...subjectOf(current.facts) });
  else {
    const about = subjectOf(current.facts, { nameTag: keys.digest('identifier', name) });
    const admitted = await admitRequest(parts, current, { flow: 'resend-confirmation', name, limiter: limiters.mail, pass: charged.pass, about });
    if (!admitted.ok) return admitted.answered;
    current.span.later('resend-mail', () => mailAgain(parts, { pending, name, about, receipt: admitted.receipt }));
  }
  return current.answer('sign-up-received');
}

async function mailAgain(parts: FlowParts, { pending, name, about, receipt }: { readonly pending: PendingSignUps; readonly name: string; readonly about: EventSubject; readonly receipt: GuardReceipt | undefined }): Promise<void> {
  const { accounts, mailer, links, limiters, emit } = parts;
  const owner = await accounts.findByIdentifier(name);
  const { ok } = await chargeAccount(parts, limiters.mail, { accountId: owner?.id, about });
  if (owner !== undefined) {
    emit({ type: 'sign-up.resent', outcome: 'existing-account', ...about });
    if (ok) await tellOwner(parts, owner);
    return;
  }
  const mailed = await pending.mailAgain(name, receipt);
  if (mailed === 'several') await mailer.send({ kind: 'sign-up-start-again', to: name, signUpLink: links.signUp });
  emit({ type: 'sign-up.resent', outcome: mailed === 'several' ? 'start-again' : mailed === 'none' ? 'nothing-pending' : mailed, ...about });
}

async function reject(parts: FlowParts, { facts, span }: Visit, reasons: readonly RejectionReason[]): Promise<Answered> {
  parts.emit({ type: 'request.malformed', flow: 'sign-up', ...subjectOf(facts) });
  await span.end();
  return rejected(parts.uniform, reasons, facts);
}

const addressPart = '[^\\s\\p{C}@<>,;:"()[\\]\\\\]+';
const addressForm = lazy(() => new RegExp(`^${addressPart}@${addressPart}$`, 'u'));

/** Something that a mail server may take: one @ between two parts without white space, control and format characters, or what would split a header. */
function isAddress(name: string): boolean {
  return name.length <= 254 && addressForm().test(name);
}

/** The profile as plain JSON, so that it is the same before and after it was stored. */
function readProfile(profile: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = JSON.stringify(profile);
    // An object and nothing else: no list, no null.
    return text.startsWith('{') && text.length <= maxProfileChars && text.isWellFormed() ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
