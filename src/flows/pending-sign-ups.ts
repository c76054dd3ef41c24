import type { GuardReceipt } from '../login-guard/index.ts';
import type { NewAccount } from '../ports/accounts.ts';
import { codeDigest, codeTries, onlyCode, tryCode, type CodeOutcome, type CodeRecord } from './codes.ts';
import { burn, readFirst, removeAll, replaceJson } from '../kernel/json-record.ts';
import { newCode, newToken, tokenDigest } from './mail-secrets.ts';
import type { FlowParts } from './parts.ts';
import type { Proof } from './proof.ts';
import { openSealed } from './sealed.ts';

const signUpLifetimeMs = 24 * 3_600_000;

/**
 * A sign-up that nobody has confirmed. It owns nothing: no account, no name, no session. `email` is the canonical
 * identifier: a mail to the address as it was typed could go to a look-alike of the one that is looked up.
 */
export interface PendingSignUp extends NewAccount {
  /** Nobody could say whether the password has leaked. */
  readonly recheck: boolean;
  /** Of the request that caused the mail: each mail has its own, so that what was counted once is given back once. */
  readonly receipt?: GuardReceipt | undefined;
}

/** What the latest sign-up of an address has: its code, and where the sign-up is. */
interface CodeEntry extends CodeRecord {
  readonly signUpKey: string;
  /** Whether no other sign-up of this address was open when this one was made. */
  readonly only: boolean;
}

export interface FoundSignUp {
  readonly signUp: PendingSignUp;
  /** Uses it up. Of many that try at once, one gets true. */
  burn(): Promise<boolean>;
  /** Puts it back, after a failure that was nobody's fault. */
  restore(): Promise<void>;
}

export type SignUpOutcome = { readonly ok: true; readonly found: FoundSignUp } | Extract<CodeOutcome<unknown>, { ok: false }>;

export interface PendingSignUps {
  /** Keeps the sign-up under a token of its own, and mails link and code. */
  mail(signUp: PendingSignUp): Promise<void>;
  find(proof: Proof): Promise<SignUpOutcome>;
  /** Mails the confirmation of an address again, if that address has one open sign-up and no more. `receipt`: of the request for it. */
  mailAgain(name: string, receipt: GuardReceipt | undefined): Promise<'mailed' | 'several' | 'none'>;
}

type PendingParts = Pick<FlowParts, 'records' | 'mailer' | 'links' | 'keys' | 'random' | 'clock'>;

/**
 * Each sign-up is a record of its own under the digest of its token, sealed. The password belongs to the token that gets
 * confirmed: who signs up second inherits nothing from who signed up first, whichever of them owns the mailbox.
 */
export function createPendingSignUps(parts: PendingParts): PendingSignUps {
  const { records, mailer, links, keys, random, clock } = parts;
  const shelf = createShelf(parts);

  async function mail(signUp: PendingSignUp, isOnly: (previous: CodeEntry | undefined) => boolean): Promise<void> {
    const [token, code] = [newToken(random), newCode(random)];
    const signUpKey = signUpKeyOf(token);
    const expiresAtMs = clock.nowMs() + signUpLifetimeMs;
    await shelf.put(signUpKey, signUp, expiresAtMs);
    const [key, ...olderKeys] = codeKeysOf(signUp.email);
    const older = await readFirst<CodeEntry>(records, olderKeys);
    await replaceJson<CodeEntry>(records, {
      key,
      expiresAtMs,
      next: (previous) => ({ signUpKey, codeDigest: codeDigest(keys, key, code), triesLeft: codeTries, only: isOnly(previous ?? older?.value), expiresAtMs }),
    });
    await removeAll(records, olderKeys);
    await mailer.send({ kind: 'confirm-sign-up', to: signUp.email, link: links.confirm(token), code, expiresAtMs });
  }

  /** Where the code of an address lies, and where it lies if it was made before a new key came. */
  function codeKeysOf(name: string): readonly [string, ...string[]] {
    const [newest, ...older] = keys.digests('identifier', name).map((tag) => `sign-up-code:${tag}`);
    return [newest ?? '', ...older];
  }

  return {
    mail: (signUp) => mail(signUp, (previous) => previous === undefined),
    async find(proof) {
      if (proof.kind === 'token') return shelf.find(signUpKeyOf(proof.token));
      const outcome = await tryCode<CodeEntry>({ records, keys }, { recordKeys: codeKeysOf(proof.name), code: proof.code, codesOf: onlyCode });
      return outcome.ok ? shelf.find(outcome.record.value.signUpKey) : outcome;
    },
    async mailAgain(name, receipt) {
      const entry = await readFirst<CodeEntry>(records, codeKeysOf(name));
      if (entry === undefined) return 'none';
      if (!entry.value.only) return 'several';
      const pending = await shelf.find(entry.value.signUpKey);
      if (!pending.ok) return 'none';
      // Somebody may have signed up between the two reads.
      await mail({ ...pending.found.signUp, receipt }, (previous) => previous?.only === true && previous.signUpKey === entry.value.signUpKey);
      return 'mailed';
    },
  };
}

/** Where pending sign-ups lie, sealed. */
function createShelf({ records, keys, clock }: PendingParts) {
  async function put(key: string, signUp: PendingSignUp, expiresAtMs: number): Promise<void> {
    await records.compareAndSet({ key, expectedVersion: 0, value: keys.seal('token', JSON.stringify(signUp), key), expiresAtMs });
  }

  return {
    put,
    async find(key: string): Promise<SignUpOutcome> {
      const record = await records.read(key);
      const signUp = record && (openSealed(keys, record.value, key) as PendingSignUp | undefined);
      // A key that has left the ring, or a store that lies: no sign-up is better than somebody else's.
      if (record === undefined || signUp === undefined) return { ok: false, reason: 'unknown-token' };
      const found: FoundSignUp = {
        signUp,
        burn: () => burn(records, { key, version: record.version }),
        restore: () => put(key, signUp, clock.nowMs() + signUpLifetimeMs),
      };
      return { ok: true, found };
    },
  };
}

function signUpKeyOf(token: string): string {
  return `sign-up:${tokenDigest(token)}`;
}
