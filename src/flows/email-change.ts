import { secretsEqual } from '../kernel/compare.ts';
import { ConfigError } from '../kernel/errors.ts';
import { readIdentifier } from '../kernel/identifier.ts';
import { accountRecordKey, burn, orRestore, readJson, replaceJson } from '../kernel/json-record.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventDetails } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import type { EpochMark, SessionFacts } from '../ports/session.ts';
import type { ChallengeTickets } from './challenge-tickets.ts';
import { codeDigest, codeTries, onlyCode, tryCode, type CodeRecord } from './codes.ts';
import { charge, subjectOf, visit, type Visit } from './door.ts';
import { freshProof, isSession, type Fresh } from './fresh.ts';
import { newCode, newToken, readCode, tokenDigest } from './mail-secrets.ts';
import { rejected } from './new-password.ts';
import { noticeAddresses, sendNotice } from './notices.ts';
import { mailOwner, ownerProof } from './owner-proof.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard } from './password-guard.ts';
import { hasPassword, passwordTag } from './password-tag.ts';
import type { ResetTickets } from './reset-tickets.ts';
import { openSealed } from './sealed.ts';
import { goesOn } from './still.ts';
import { refusedAsReadOnly } from './writable.ts';

export interface EmailChangeInput {
  readonly session: SessionFacts | undefined;
  /** The new address, as it came. */
  readonly email: unknown;
  readonly facts: RequestFacts;
}

export interface ConfirmEmailInput {
  /** From the mailed link; or with a session, the mailed code. */
  readonly token?: unknown;
  readonly code?: unknown;
  readonly session?: SessionFacts | undefined;
  readonly facts: RequestFacts;
}

/** The account has the new address. `email` is its canonical form. */
export type ConfirmEmailResult = { readonly outcome: 'email-changed'; readonly accountId: string; readonly email: string; readonly reply: Reply } | Answered;

export interface EmailChange {
  /**
   * Asks for it. Needs a fresh proof; where no second factor is enrolled, also the old mailbox: a link is mailed there, and once
   * it is confirmed in this browser `request` goes through. The answer is the same whether the address is taken or not. Never rejects.
   */
  request(input: EmailChangeInput): Promise<Answered>;
  /** Makes the change, once somebody has read a mail at the new address. Never rejects. */
  confirm(input: ConfirmEmailInput): Promise<ConfirmEmailResult>;
}

/** 1 hour: whoever asks for it is at the keyboard. */
const changeLifetimeMs = 3_600_000;

interface ChangeRecord extends CodeRecord {
  readonly tokenDigest: string;
  /** The new address, sealed. */
  readonly sealed: string;
  readonly previousEmailTag: string;
  /** Names the password it was asked for under: who is told of a change that was not theirs chooses another one, and that ends it. */
  readonly passwordTag: string;
  /** Those of the session that asked. */
  readonly epochs: EpochMark;
}

type Failure = EventDetails['email-change.failed']['reason'];

interface Doors {
  readonly resets: ResetTickets;
  readonly tickets: ChallengeTickets;
  readonly guard: PasswordGuard;
}

/**
 * Makes the change of an address: the way in of every later reset, and so of a thief. Both addresses are told, before and
 * after (OWASP ASVS 5.0 6.3.7), and open reset links, which lie in the old mailbox, end with it.
 */
export function createEmailChange(parts: FlowParts, doors: Doors): EmailChange {
  return Object.freeze({
    request: (input: EmailChangeInput) => visit<Answered>(parts, { flow: 'email-change', facts: input.facts }, (current) => request(parts, doors, { input, current })),
    confirm: (input: ConfirmEmailInput) => visit<ConfirmEmailResult>(parts, { flow: 'confirm-email-change', facts: input.facts }, (current) => confirm(parts, doors, { input, current })),
  });
}

async function request(parts: FlowParts, { tickets, guard }: Doors, { input: { session, email }, current }: { readonly input: EmailChangeInput; readonly current: Visit }): Promise<Answered> {
  const { accounts, canonicalize, limiters, uniform } = parts;
  if (accounts.replaceEmail === undefined) throw new ConfigError('portcullis.accounts: the change of an address needs replaceEmail()');
  const fresh = await freshProof(parts, { session, action: 'email-change', current });
  if (!fresh.ok) return fresh.answered;
  const refused = refusedAsReadOnly(parts, current, fresh.account);
  if (refused !== undefined) return refused;
  const name = readIdentifier(email, canonicalize);
  if (name === undefined || !/^[^@\s]+@[^@\s]+$/.test(name)) {
    parts.emit({ type: 'request.malformed', flow: 'email-change', ...fresh.about });
    await current.span.end();
    return rejected(uniform, [{ code: 'email', message: 'That is not an email address.' }], current.facts);
  }
  // OWASP Authentication Cheat Sheet, "Changing A User's Registered Email Address": without a second factor, the old mailbox decides.
  if (!fresh.standing.factors.enrolled && ownerProof(parts, fresh, session as SessionFacts) === undefined) {
    parts.emit({ type: 'email-change.requested', outcome: 'mailed-link-needed', ...fresh.about });
    return mailOwner(parts, { tickets, fresh, purpose: 'email-change', current });
  }
  const charged = await charge(parts, limiters.mail, current, { accountId: fresh.account.id });
  if (!charged.ok) return charged.answered;
  // Each for itself: a mailbox that refuses or hangs keeps nothing from the others. The old address is told in either case:
  // whoever sits in the session may not be its owner.
  current.span.later('email-change-notice', () => sendNotice(parts, fresh.account, (to) => ({ kind: 'email-changed', to, what: 'requested', forgotLink: parts.links.forgot })));
  current.span.later('email-change-mail', () => mailNew(parts, { guard, fresh, email: name }));
  return current.answer('email-change-received');
}

interface Wanted {
  readonly guard: PasswordGuard;
  readonly fresh: Fresh;
  /** Canonical. */
  readonly email: string;
}

async function mailNew(parts: FlowParts, { guard, fresh, email }: Wanted): Promise<void> {
  const { accounts, mailer, links, emit } = parts;
  const { account, session } = fresh;
  if ((await goesOn(parts, guard, { account, epochs: session.epochs })) === undefined) {
    emit({ type: 'email-change.failed', reason: 'changed-meanwhile', ...fresh.about });
    return;
  }
  const taken = (await accounts.findByIdentifier(email)) !== undefined;
  emit({ type: 'email-change.requested', outcome: taken ? 'taken' : 'mailed', accountId: account.id });
  if (taken) await mailer.send({ kind: 'email-change-existing-account', to: email, signInLink: links.signIn, forgotLink: links.forgot });
  else await mailToken(parts, fresh, email);
}

async function mailToken(parts: FlowParts, { account, session }: Fresh, email: string): Promise<void> {
  const { records, keys, random, clock, mailer, links } = parts;
  const key = recordKey(account.id);
  const [secret, code] = [newToken(random), newCode(random)];
  const expiresAtMs = clock.nowMs() + changeLifetimeMs;
  const record: ChangeRecord = {
    tokenDigest: tokenDigest(secret),
    codeDigest: codeDigest(keys, key, code),
    triesLeft: codeTries,
    sealed: keys.seal('token', JSON.stringify({ accountId: account.id, email }), key),
    previousEmailTag: keys.digest('identifier', account.email),
    passwordTag: passwordTag(keys, account),
    epochs: session.epochs,
    expiresAtMs,
  };
  await replaceJson<ChangeRecord>(records, { key, expiresAtMs, next: () => record });
  await mailer.send({ kind: 'confirm-email-change', to: email, link: links.confirmEmail(`${key.slice(keyPrefix.length)}.${secret}`), code, expiresAtMs });
}

const keyPrefix = 'email-change:';

function recordKey(accountId: string): string {
  return accountRecordKey('email-change', accountId);
}

async function confirm(parts: FlowParts, { resets, guard }: Doors, { input, current }: { readonly input: ConfirmEmailInput; readonly current: Visit }): Promise<ConfirmEmailResult> {
  const { accounts, keys, limiters, uniform, emit } = parts;
  const { facts, span } = current;
  const fail = (reason: Failure, accountId?: string): Promise<Answered> => {
    emit({ type: 'email-change.failed', reason, ...subjectOf(facts, accountId === undefined ? {} : { accountId }) });
    return current.answer('email-change-failed');
  };
  const charged = await charge(parts, limiters.code, current, isSession(input.session) ? { accountId: input.session.accountId } : {});
  if (!charged.ok) return charged.answered;
  const found = await findChange(parts, input);
  if (!found.ok) return fail(found.reason);
  const { accountId, email, record, version, key } = found;
  const account = await accounts.findById(accountId);
  if (account?.active !== true) return fail('inactive-account', accountId);
  const refused = refusedAsReadOnly(parts, current, account);
  if (refused !== undefined) return refused;
  if (!keys.digests('identifier', account.email).includes(record.previousEmailTag) || !hasPassword(keys, account, record.passwordTag) || (await goesOn(parts, guard, { account, epochs: record.epochs })) === undefined) return fail('changed-meanwhile', accountId);
  if (!(await burn(parts.records, { key, version }))) return fail('unknown-token', accountId);
  const restore = async (): Promise<void> => {
    await parts.records.compareAndSet({ key, expectedVersion: 0, value: JSON.stringify(record), expiresAtMs: record.expiresAtMs });
  };
  const moved = await orRestore({ restore }, async () => {
    // Before the address: nothing that may fail comes after it, so that both are told.
    await resets.end(accountId);
    return accounts.replaceEmail?.({ accountId, previousEmail: account.email, email });
  });
  if (moved !== true) return fail('taken', accountId);
  emit({ type: 'email-change.succeeded', ...subjectOf(facts, { accountId }) });
  for (const to of new Set([...noticeAddresses(account), email])) span.later('email-changed-mail', () => parts.mailer.send({ kind: 'email-changed', to, what: 'done', forgotLink: parts.links.forgot }));
  await span.end();
  return { outcome: 'email-changed', accountId, email, reply: uniform.reply('email-changed', facts.accepts) };
}

type FoundChange =
  | { readonly ok: true; readonly accountId: string; readonly email: string; readonly record: ChangeRecord; readonly version: number; readonly key: string }
  | { readonly ok: false; readonly reason: Failure };

/** By the link's token, which names the record and has 256 bits more; or in the session that asked, by the short code. */
async function findChange(parts: FlowParts, { token, code, session }: ConfirmEmailInput): Promise<FoundChange> {
  const { records, keys } = parts;
  if (typeof token === 'string' && /^[\w-]{43}\.[\w-]{43}$/.test(token)) {
    const [place = '', secret = ''] = token.split('.');
    const key = keyPrefix + place;
    const found = await readJson<ChangeRecord>(records, key);
    if (found === undefined || !secretsEqual(tokenDigest(secret), found.value.tokenDigest)) return { ok: false, reason: 'unknown-token' };
    return open(parts, key, found);
  }
  const typed = readCode(code);
  if (!isSession(session) || typed === undefined) return { ok: false, reason: 'unknown-token' };
  const key = recordKey(session.accountId);
  const outcome = await tryCode<ChangeRecord>({ records, keys }, { recordKeys: [key], code: typed, codesOf: onlyCode });
  return outcome.ok ? open(parts, key, outcome.record) : outcome;
}

function open({ keys }: FlowParts, key: string, { value, version }: { readonly value: ChangeRecord; readonly version: number }): FoundChange {
  const held = openSealed(keys, value.sealed, key) as { readonly accountId: string; readonly email: string } | undefined;
  return held === undefined ? { ok: false, reason: 'unknown-token' } : { ok: true, ...held, record: value, version, key };
}
