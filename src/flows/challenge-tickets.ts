import { secretsEqual } from '../kernel/compare.ts';
import { burn, readJson } from '../kernel/json-record.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EpochMark, SessionFacts } from '../ports/session.ts';
import { newToken, tokenDigest } from './mail-secrets.ts';
import type { FlowParts } from './parts.ts';
import { hasPassword, passwordTag } from './password-tag.ts';
import { openSealed } from './sealed.ts';

/** What a mailed link is for. */
export type ChallengePurpose = 'sign-in' | 'enroll' | 'email-change';

/** 10 minutes (OWASP ASVS 5.0 6.5.5). */
const challengeLifetimeMs = 10 * 60_000;

/** The sign-in that goes on once the link is confirmed. */
export interface HeldSignIn {
  readonly name: string;
  readonly pathway: string;
  readonly proofs: SessionFacts['proofs'];
  /** What the login guard is told once the link has been opened. */
  readonly receipt?: GuardReceipt | undefined;
}

interface Wanted {
  readonly account: StoredAccount;
  readonly browserId: string;
  readonly purpose: ChallengePurpose;
  /** The account knows the browser that asks. */
  readonly known?: boolean;
  /** The epochs that the link is worth something under. */
  readonly epochs: EpochMark;
  readonly signIn?: HeldSignIn;
}

/** As it is sealed. */
interface Sealed {
  readonly accountId: string;
  readonly browserId: string;
  readonly passwordTag: string;
  readonly purpose: ChallengePurpose;
  readonly epochs: EpochMark;
  readonly signIn?: HeldSignIn;
}

export interface ChallengeTicket {
  readonly accountId: string;
  readonly purpose: ChallengePurpose;
  readonly epochs: EpochMark;
  readonly signIn: HeldSignIn | undefined;
  /** Whether this is the browser that asked. */
  isFrom(browserId: string | undefined): boolean;
  fits(account: StoredAccount): boolean;
  /** Uses it up. Of many that try at once, one gets true. */
  burn(): Promise<boolean>;
}

/** Links that prove that somebody reads the account's mailbox, in the browser that asked for the proof. */
export interface ChallengeTickets {
  /** Mails a link, unless the account has been mailed too many. */
  mail(wanted: Wanted): Promise<void>;
  find(token: string): Promise<ChallengeTicket | undefined>;
}

type TicketParts = Pick<FlowParts, 'records' | 'mailer' | 'links' | 'keys' | 'random' | 'clock' | 'emit' | 'limiters' | 'limitKeys'>;

export function createChallengeTickets(parts: TicketParts): ChallengeTickets {
  const { records, mailer, links, keys, random, clock, emit, limiters, limitKeys } = parts;
  return {
    async mail({ account, browserId, purpose, known = false, epochs, signIn }) {
      const tag = passwordTag(keys, account);
      // Strangers with the right password must not use up the owner's mails: known browsers share a budget of their own, and
      // another password begins both anew.
      const decision = await limiters.challenge.take({ account: limitKeys.account(`${account.id} ${known ? 'known' : 'stranger'} ${tag}`) });
      if (!decision.ok) return;
      const token = newToken(random);
      const key = keyOf(token);
      const expiresAtMs = clock.nowMs() + challengeLifetimeMs;
      const sealed: Sealed = { accountId: account.id, browserId, passwordTag: tag, purpose, epochs, ...(signIn !== undefined && { signIn }) };
      await records.compareAndSet({ key, expectedVersion: 0, value: JSON.stringify({ sealed: keys.seal('token', JSON.stringify(sealed), key) }), expiresAtMs });
      emit({ type: 'challenge.mailed', purpose, accountId: account.id });
      await mailer.send({ kind: 'challenge', to: account.email, purpose, link: links.challenge(token), disownLink: links.disown(token), expiresAtMs });
    },
    async find(token) {
      const key = keyOf(token);
      const record = await readJson<{ readonly sealed: string }>(records, key);
      const held = record && (openSealed(keys, record.value.sealed, key) as Sealed | undefined);
      if (record === undefined || held === undefined) return undefined;
      return {
        accountId: held.accountId,
        purpose: held.purpose,
        epochs: held.epochs,
        signIn: held.signIn,
        isFrom: (browserId) => browserId !== undefined && secretsEqual(held.browserId, browserId),
        fits: (account) => account.active && hasPassword(keys, account, held.passwordTag),
        burn: () => burn(records, { key, version: record.version }),
      };
    },
  };
}

function keyOf(token: string): string {
  return `challenge:${tokenDigest(token)}`;
}
