import { secretsEqual } from '../kernel/compare.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { Mail } from '../ports/mailer.ts';
import type { EpochMark } from '../ports/session.ts';
import { codeDigest, codeTries, tryCode, type CodeOutcome, type CodeRecord, type TriedRecord } from './codes.ts';
import { burn, readJson, removeAll, replaceJson } from '../kernel/json-record.ts';
import { markFor } from './epochs.ts';
import { openReceipt, sealReceipt } from './held-receipt.ts';
import { newCode, newToken, tokenDigest } from './mail-secrets.ts';
import type { FlowParts } from './parts.ts';
import { hasPassword, passwordTag } from './password-tag.ts';
import type { Proof } from './proof.ts';

/** 30 minutes; SP 800-63B-4 section 4.2.1.2 would allow 24 hours. */
const resetLifetimeMs = 30 * 60_000;

/**
 * Mails that were made within a minute of each other may arrive in the other order: their links are good as well, until one of them is
 * used. Whoever causes them gains nothing: all of them lie in the owner's mailbox.
 */
const crossingMs = 60_000;
const maxEarlier = 3;

/** What one mail opens. */
interface MailedTicket extends Pick<CodeRecord, 'codeDigest' | 'expiresAtMs'> {
  readonly tokenDigest: string;
  /** Names the password that is to be replaced: once it is another one, the ticket is void. */
  readonly passwordTag: string;
  /** Names the address that it was mailed to: with another one it is void. */
  readonly emailTag: string;
  readonly epochs: EpochMark;
  /** Of the sign-in that caused it, sealed. */
  readonly receipt?: string | undefined;
}

/** `tickets`: the newest, and those whose mails may arrive after its own. The guesses at their codes are counted together. */
interface TicketRecord extends TriedRecord {
  readonly accountId: string;
  readonly tickets: readonly MailedTicket[];
}

/** A right to choose a new password. */
export interface Ticket {
  readonly accountId: string;
  /** The epochs that it was made under. */
  readonly epochs: EpochMark;
  /** What the login guard is told once the ticket has been used. */
  readonly receipt: GuardReceipt | undefined;
  /** Whether this is still the account, the password and the address that the ticket was made for. */
  fits(account: StoredAccount): boolean;
  /** Uses the ticket up. Of many that try at once, one gets true. */
  burn(): Promise<boolean>;
  /** Puts a burnt ticket back, after a failure that was nobody's fault. */
  restore(): Promise<void>;
}

export type TicketOutcome = { readonly ok: true; readonly ticket: Ticket } | Extract<CodeOutcome<unknown>, { ok: false }>;

/** Why somebody is mailed a ticket. */
export type ResetReason = Extract<Mail, { kind: 'reset-password' }>['because'];

/** One record for each account: a new ticket ends those before it, except for what was mailed within the last minute. */
export interface ResetTickets {
  /** Makes a ticket and mails it. */
  mail(account: StoredAccount, because: ResetReason, receipt?: GuardReceipt): Promise<void>;
  find(proof: Proof): Promise<TicketOutcome>;
  /** Ends the ticket of an account: the mailbox that it lies in is another's now. */
  end(accountId: string): Promise<void>;
}

type TicketParts = Pick<FlowParts, 'epochs' | 'accounts' | 'records' | 'mailer' | 'links' | 'keys' | 'random' | 'clock'>;

/** Tickets are records; the mail has `<account tag>.<secret>`, the record a digest of the secret. */
export function createResetTickets(parts: TicketParts): ResetTickets {
  const { accounts, records, mailer, links, keys, random, clock } = parts;

  async function mail(account: StoredAccount, because: ResetReason, receipt?: GuardReceipt): Promise<void> {
    const tag = keys.digest('account', account.id);
    const [key, secret, code] = [recordKey(tag), newToken(random), newCode(random)];
    const expiresAtMs = clock.nowMs() + resetLifetimeMs;
    const ticket: MailedTicket = {
      tokenDigest: tokenDigest(secret),
      codeDigest: codeDigest(keys, key, code),
      passwordTag: passwordTag(keys, account),
      emailTag: keys.digest('identifier', account.email),
      epochs: await markFor(parts, account),
      expiresAtMs,
      ...(receipt !== undefined && { receipt: sealReceipt(keys, receipt, key) }),
    };
    await removeAll(records, recordKeys(keys, account.id).slice(1));
    await replaceJson<TicketRecord>(records, { key, expiresAtMs, next: (previous) => ({ accountId: account.id, triesLeft: codeTries, expiresAtMs, tickets: [ticket, ...crossing(previous, clock.nowMs())] }) });
    await mailer.send({ kind: 'reset-password', to: account.email, link: links.reset(`${tag}.${secret}`), code, expiresAtMs, because });
  }

  function ticketOf(key: string, record: TicketRecord, { epochs, receipt, tokenDigest: digest, passwordTag: tag, emailTag }: MailedTicket): Ticket {
    const { accountId, expiresAtMs } = record;
    return {
      accountId,
      epochs,
      receipt: openReceipt(keys, receipt, key),
      fits: (account) => hasPassword(keys, account, tag) && keys.digests('identifier', account.email).includes(emailTag),
      async burn() {
        const now = await readJson<TicketRecord>(records, key);
        return now !== undefined && goodOf(now.value, clock.nowMs()).some((each) => secretsEqual(each.tokenDigest, digest)) && burn(records, { key, version: now.version });
      },
      async restore() {
        await records.compareAndSet({ key, expectedVersion: 0, value: JSON.stringify(record), expiresAtMs });
      },
    };
  }

  async function findByToken(token: string): Promise<TicketOutcome> {
    const [tag = '', secret = ''] = token.split('.');
    const record = await readJson<TicketRecord>(records, recordKey(tag));
    const digest = tokenDigest(secret);
    const ticket = record && goodOf(record.value, clock.nowMs()).find((each) => secretsEqual(each.tokenDigest, digest));
    if (record === undefined || ticket === undefined) return { ok: false, reason: 'unknown-token' };
    return { ok: true, ticket: ticketOf(recordKey(tag), record.value, ticket) };
  }

  async function findByCode(name: string, code: string): Promise<TicketOutcome> {
    const account = await accounts.findByIdentifier(name);
    // Nobody has a record too: the same read, of one that is not there.
    const codesOf = (record: TicketRecord): readonly string[] => goodOf(record, clock.nowMs()).map((each) => each.codeDigest);
    const outcome = await tryCode<TicketRecord>({ records, keys }, { recordKeys: recordKeys(keys, account === undefined ? `nobody ${name}` : account.id), code, codesOf });
    if (!outcome.ok) return outcome;
    const { key, record: { value }, digest } = outcome;
    const ticket = goodOf(value, clock.nowMs()).find((each) => secretsEqual(each.codeDigest, digest));
    return ticket === undefined ? { ok: false, reason: 'unknown-token' } : { ok: true, ticket: ticketOf(key, value, ticket) };
  }

  return { mail, end: (accountId) => removeAll(records, recordKeys(keys, accountId)), find: (proof) => (proof.kind === 'token' ? findByToken(proof.token) : findByCode(proof.name, proof.code)) };
}

/** What a record holds; nothing where it was never written by us. */
function ticketsOf(record: Partial<TicketRecord> | undefined): readonly MailedTicket[] {
  const tickets: unknown = record?.tickets;
  return Array.isArray(tickets) ? (tickets as readonly MailedTicket[]) : [];
}

/** Each lives for its own time: the record lives for that of the newest. */
function goodOf(record: TicketRecord, nowMs: number): readonly MailedTicket[] {
  return ticketsOf(record).filter(({ expiresAtMs }) => expiresAtMs > nowMs);
}

/** Those whose mails may still be on their way. Another process may be a little ahead; what was made long from now was made before the clock was set back. */
function crossing(record: TicketRecord | undefined, nowMs: number): readonly MailedTicket[] {
  return ticketsOf(record).filter(({ expiresAtMs }) => Math.abs(nowMs + resetLifetimeMs - expiresAtMs) < crossingMs).slice(0, maxEarlier);
}

/** Where a ticket lies, and where it lies if it was made before a new key came. */
function recordKeys(keys: FlowParts['keys'], who: string): readonly string[] {
  return keys.digests('account', who).map(recordKey);
}

function recordKey(tag: string): string {
  return `reset:${tag}`;
}
