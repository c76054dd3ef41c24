import { secretsEqual } from '../kernel/compare.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { Mail } from '../ports/mailer.ts';
import type { EpochMark } from '../ports/session.ts';
import { codeDigest, codeTries, tryCode, type CodeOutcome, type CodeRecord } from './codes.ts';
import { burn, readJson, removeAll, replaceJson } from '../kernel/json-record.ts';
import { markFor } from './epochs.ts';
import { newCode, newToken, tokenDigest } from './mail-secrets.ts';
import type { FlowParts } from './parts.ts';
import { hasPassword, passwordTag } from './password-tag.ts';
import type { Proof } from './proof.ts';

/** 30 minutes; SP 800-63B-4 section 4.2.1.2 would allow 24 hours. */
const resetLifetimeMs = 30 * 60_000;

interface TicketRecord extends CodeRecord {
  readonly accountId: string;
  readonly tokenDigest: string;
  /** Names the password that is to be replaced: once it is another one, the ticket is void. */
  readonly passwordTag: string;
  /** Names the address that it was mailed to: with another one it is void. */
  readonly emailTag: string;
  readonly epochs: EpochMark;
}

/** A right to choose a new password. */
export interface Ticket {
  readonly accountId: string;
  /** The epochs that it was made under. */
  readonly epochs: EpochMark;
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

/** One ticket for each account, so that a new one ends the old one. */
export interface ResetTickets {
  /** Makes a ticket and mails it. */
  mail(account: StoredAccount, because: ResetReason): Promise<void>;
  find(proof: Proof): Promise<TicketOutcome>;
  /** Ends the ticket of an account: the mailbox that it lies in is another's now. */
  end(accountId: string): Promise<void>;
}

type TicketParts = Pick<FlowParts, 'epochs' | 'accounts' | 'records' | 'mailer' | 'links' | 'keys' | 'random' | 'clock'>;

/** Tickets are records; the mail has `<account tag>.<secret>`, the record a digest of the secret. */
export function createResetTickets(parts: TicketParts): ResetTickets {
  const { accounts, records, mailer, links, keys, random, clock } = parts;

  async function mail(account: StoredAccount, because: ResetReason): Promise<void> {
    const tag = keys.digest('account', account.id);
    const key = recordKey(tag);
    const [secret, code] = [newToken(random), newCode(random)];
    const expiresAtMs = clock.nowMs() + resetLifetimeMs;
    const record: TicketRecord = {
      accountId: account.id,
      tokenDigest: tokenDigest(secret),
      codeDigest: codeDigest(keys, key, code),
      triesLeft: codeTries,
      passwordTag: passwordTag(keys, account),
      emailTag: keys.digest('identifier', account.email),
      epochs: await markFor(parts, account),
      expiresAtMs,
    };
    await removeAll(records, recordKeys(keys, account.id).slice(1));
    await replaceJson<TicketRecord>(records, { key, expiresAtMs, next: () => record });
    await mailer.send({ kind: 'reset-password', to: account.email, link: links.reset(`${tag}.${secret}`), code, expiresAtMs, because });
  }

  function ticketOf(key: string, record: TicketRecord): Ticket {
    const { accountId, epochs, tokenDigest: digest, passwordTag: tag, emailTag, expiresAtMs } = record;
    return {
      accountId,
      epochs,
      fits: (account) => hasPassword(keys, account, tag) && keys.digests('identifier', account.email).includes(emailTag),
      async burn() {
        const now = await readJson<TicketRecord>(records, key);
        return now !== undefined && secretsEqual(now.value.tokenDigest, digest) && burn(records, { key, version: now.version });
      },
      async restore() {
        await records.compareAndSet({ key, expectedVersion: 0, value: JSON.stringify(record), expiresAtMs });
      },
    };
  }

  async function findByToken(token: string): Promise<TicketOutcome> {
    const [tag = '', secret = ''] = token.split('.');
    const record = await readJson<TicketRecord>(records, recordKey(tag));
    if (record === undefined || !secretsEqual(tokenDigest(secret), record.value.tokenDigest)) return { ok: false, reason: 'unknown-token' };
    return { ok: true, ticket: ticketOf(recordKey(tag), record.value) };
  }

  async function findByCode(name: string, code: string): Promise<TicketOutcome> {
    const account = await accounts.findByIdentifier(name);
    // Nobody has a record too: the same read, of one that is not there.
    const outcome = await tryCode<TicketRecord>({ records, keys }, { recordKeys: recordKeys(keys, account === undefined ? `nobody ${name}` : account.id), code });
    return outcome.ok ? { ok: true, ticket: ticketOf(outcome.key, outcome.record.value) } : outcome;
  }

  return { mail, end: (accountId) => removeAll(records, recordKeys(keys, accountId)), find: (proof) => (proof.kind === 'token' ? findByToken(proof.token) : findByCode(proof.name, proof.code)) };
}

/** Where a ticket lies, and where it lies if it was made before a new key came. */
function recordKeys(keys: FlowParts['keys'], who: string): readonly string[] {
  return keys.digests('account', who).map(recordKey);
}

function recordKey(tag: string): string {
  return `reset:${tag}`;
}
