import { secretsEqual } from '../kernel/compare.ts';
import { cookieLine, readCookie } from '../kernel/cookies.ts';
import { burn, readJson, updateJson } from '../kernel/json-record.ts';
import type { Browser } from '../device/index.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EpochMark, SessionFacts } from '../ports/session.ts';
import { newToken, tokenDigest } from './mail-secrets.ts';
import type { FlowParts } from './parts.ts';
import { hasPassword, passwordTag } from './password-tag.ts';
import { openSealed } from './sealed.ts';

/** The cookie that says: this browser has given the first proof. It opens nothing. */
export const pendingCookieName = '__Host-portcullis-pending';

/** 10 minutes and 5 codes; SP 800-63B-4 section 3.1.3.2 allows as long. */
export const pendingLifetimeMs = 10 * 60_000;
const pendingTries = 5;

/** A sign-in that waits for its second factor, as it is sealed. */
export interface PendingSignIn {
  readonly accountId: string;
  /** Canonical: by what the account was called. */
  readonly name: string;
  readonly browserId: string;
  readonly passwordTag: string;
  /** The epochs that it was begun under. */
  readonly epochs: EpochMark;
  readonly pathway: string;
  readonly proofs: SessionFacts['proofs'];
  /** The password must be changed before anything else. */
  readonly mustChange?: boolean;
  /** What the login guard is told once the second step is done. */
  readonly receipt?: GuardReceipt | undefined;
}

interface PendingRecord {
  readonly sealed: string;
  readonly triesLeft: number;
  readonly expiresAtMs: number;
}

export interface FoundSignIn {
  readonly pending: PendingSignIn;
  /** Whether this is still the account and the password that the first proof was about. */
  fits(account: StoredAccount): boolean;
  /** Takes one of the five tries, before the code is looked at. Answers how many are left after it; undefined: there was none. */
  takeTry(): Promise<number | undefined>;
  /** Uses it up. Of many that try at once, one gets true. */
  burn(): Promise<boolean>;
}

export interface PendingSignIns {
  /** Keeps what was proved and answers the Set-Cookie line. */
  begin(wanted: { readonly account: StoredAccount; readonly signIn: Omit<PendingSignIn, 'accountId' | 'passwordTag'> }): Promise<string>;
  /** Undefined without a token, with one that is used up or too old, and in another browser than the one that began. */
  find(facts: RequestFacts, browser: Browser): Promise<FoundSignIn | undefined>;
}

/** The Set-Cookie line that ends what `begin` began. */
export const endPendingCookie = cookieLine({ name: pendingCookieName, value: '', maxAgeMs: 0 });

export function createPendingSignIns({ records, keys, random, clock }: Pick<FlowParts, 'records' | 'keys' | 'random' | 'clock'>): PendingSignIns {
  function foundAt(key: string, pending: PendingSignIn): FoundSignIn {
    return {
      pending,
      fits: (account) => account.id === pending.accountId && account.active && hasPassword(keys, account, pending.passwordTag),
      takeTry: () =>
        updateJson<PendingRecord, number | undefined>(records, key, (now) => {
          if (now === undefined || now.triesLeft < 1) return { value: undefined, answer: undefined };
          const triesLeft = now.triesLeft - 1;
          return { value: { ...now, triesLeft }, answer: triesLeft, expiresAtMs: now.expiresAtMs };
        }),
      async burn() {
        const now = await records.read(key);
        return now !== undefined && burn(records, { key, version: now.version });
      },
    };
  }

  return {
    async begin({ account, signIn }) {
      const token = newToken(random);
      const key = keyOf(token);
      const expiresAtMs = clock.nowMs() + pendingLifetimeMs;
      const pending: PendingSignIn = { ...signIn, accountId: account.id, passwordTag: passwordTag(keys, account) };
      const record: PendingRecord = { sealed: keys.seal('token', JSON.stringify(pending), key), triesLeft: pendingTries, expiresAtMs };
      await records.compareAndSet({ key, expectedVersion: 0, value: JSON.stringify(record), expiresAtMs });
      return cookieLine({ name: pendingCookieName, value: token, maxAgeMs: pendingLifetimeMs });
    },
    async find({ cookies }, browser) {
      const token = readCookie(cookies, pendingCookieName);
      if (token === undefined || !/^[\w-]{43}$/.test(token) || browser.id === undefined) return undefined;
      const key = keyOf(token);
      const record = await readJson<PendingRecord>(records, key);
      const pending = record && (openSealed(keys, record.value.sealed, key) as PendingSignIn | undefined);
      return pending !== undefined && secretsEqual(pending.browserId, browser.id) ? foundAt(key, pending) : undefined;
    },
  };
}

function keyOf(token: string): string {
  return `pending-sign-in:${tokenDigest(token)}`;
}
