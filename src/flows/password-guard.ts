import { isDisabled, noFailures, withFailure, type FailureCap, type FailureCount } from '../kernel/failure-cap.ts';
import { accountRecordKey, readJson, unreadableRecord, updateJson, vainChange } from '../kernel/json-record.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import { readPassword } from './door.ts';
import { resetSubject } from './forced-reset.ts';
import type { FlowParts } from './parts.ts';
import { hasPassword, passwordTag } from './password-tag.ts';

/** What is known of one password. With another password it begins anew. */
interface PasswordRecord {
  readonly tag: string;
  readonly count: FailureCount;
  /** The owner has said that somebody else used it. */
  readonly disowned: boolean;
}

/** Why a right password opens nothing. The last three: an operator has ordered another one, since somebody else knows it. */
export type PasswordTrouble = 'too-many-failures' | 'disowned' | 'compromised' | 'breached' | 'incident';

/** What is known of a password, right or wrong. */
export interface PasswordLook {
  /** Why it opens nothing. */
  readonly trouble: PasswordTrouble | undefined;
  /** It opens its own change and no more: an operator has ordered so. */
  readonly mustChange: boolean;
}

const nothingKnown: PasswordLook = Object.freeze({ trouble: undefined, mustChange: false });

interface Who {
  readonly account: StoredAccount | undefined;
  /** Canonical: what nobody is called. */
  readonly name: string;
  /** Whether the account knows the browser. */
  readonly known: boolean;
}

/**
 * The durable half of the guard before a password: failures in a row, without an end in time. After 50 from strangers the
 * password opens nothing from a browser that the account does not know, right or wrong, until it is another one; a known
 * browser has a count of its own (SP 800-63B-4 section 3.2.2: at most 100).
 */
export interface PasswordGuard {
  /** As many reads for nobody. */
  look(who: Who): Promise<PasswordLook>;
  /** One more wrong password: one read and one write, for nobody too. */
  failed(who: Who): Promise<void>;
  /** Forgets the failures; answers how many there were in a row from strangers. */
  passed(account: StoredAccount): Promise<number>;
  /** Compares, looks and counts, for somebody who is signed in: false for a wrong password, and for a right one that opens nothing. */
  verify(attempt: Who & { readonly password: unknown }): Promise<boolean>;
  /** The password opens nothing any more, from no browser. */
  disown(account: StoredAccount): Promise<void>;
}

const cap: FailureCap = Object.freeze({ maxFailures: 50, maxKnownFailures: 50 });

export function createPasswordGuard({ records, resets, keys, clock, hasher, emit }: Pick<FlowParts, 'records' | 'resets' | 'keys' | 'clock' | 'hasher' | 'emit'>): PasswordGuard {
  const keyOf = ({ account, name }: Pick<Who, 'account' | 'name'>): string => accountRecordKey('password', account === undefined ? `nobody ${name}` : account.id);

  /** What is written about this very password. */
  function current(account: StoredAccount, found: PasswordRecord | undefined): PasswordRecord {
    if (found !== undefined && hasPassword(keys, account, checked(found).tag)) return found;
    return { tag: passwordTag(keys, account), count: noFailures, disowned: false };
  }

  const guard: PasswordGuard = {
    async look(who) {
      const { account, known } = who;
      const [found, forced] = await Promise.all([readJson<PasswordRecord>(records, keyOf(who)), resets.check(resetSubject(account, who.name))]);
      if (account === undefined) return nothingKnown;
      const { count, disowned } = current(account, found?.value);
      const spent = known ? count.knownFailures >= cap.maxKnownFailures : isDisabled(count, cap);
      const ordered = forced?.opens === 'mailed-link' ? forced.reason : undefined;
      return { trouble: disowned ? 'disowned' : (ordered ?? (spent ? 'too-many-failures' : undefined)), mustChange: forced?.opens === 'change-password' };
    },
    async failed(who) {
      const { account, known } = who;
      const key = keyOf(who);
      if (account === undefined) {
        await records.read(key);
        await records.compareAndSet(vainChange(key));
        return;
      }
      const { failures } = await updateJson<PasswordRecord, FailureCount>(records, key, (found) => {
        const before = current(account, found);
        const count = withFailure(before.count, { known, nowMs: clock.nowMs() });
        return { value: { ...before, count }, answer: count };
      });
      if (!known && failures === cap.maxFailures) emit({ type: 'password.closed-to-strangers', failures, accountId: account.id });
    },
    passed(account) {
      return updateJson<PasswordRecord, number>(records, keyOf({ account, name: '' }), (found) => {
        const before = current(account, found);
        const { failures, knownFailures, lastMs } = before.count;
        // The door that strangers have closed opens with another password alone: else each sign-in of the owner gave them fifty more.
        const kept = isDisabled(before.count, cap) ? { failures, lastMs } : { failures: 0, lastMs: 0 };
        const clean = knownFailures === 0 && failures === kept.failures;
        return { value: clean ? undefined : { ...before, count: { ...noFailures, ...kept } }, answer: failures };
      });
    },
    async verify({ password, ...who }) {
      const text = readPassword(password);
      const verdict = text === undefined ? { ok: false } : await hasher.verify({ password: text, stored: who.account?.passwordHash, name: who.name });
      // After the password: of many guesses at once, those that were found wrong meanwhile count.
      const { trouble } = await guard.look(who);
      if (!verdict.ok) await guard.failed(who);
      else if (who.account !== undefined && trouble === undefined) await guard.passed(who.account);
      return verdict.ok && trouble === undefined;
    },
    async disown(account) {
      await updateJson<PasswordRecord, undefined>(records, keyOf({ account, name: '' }), (found) => ({ value: { ...current(account, isPasswordRecord(found) ? found : undefined), disowned: true }, answer: undefined }));
      emit({ type: 'password.disowned', accountId: account.id });
    },
  };
  return guard;
}

/** Numbers of the count that cannot be true are no matter of this: they count as failures. */
function isPasswordRecord(value: unknown): value is PasswordRecord {
  const { tag, count, disowned } = (value ?? {}) as { readonly [K in keyof PasswordRecord]?: unknown };
  return typeof tag === 'string' && typeof disowned === 'boolean' && typeof count === 'object' && count !== null;
}

/** What was never written by us may have said that the password opens nothing: ERR_STORE. */
function checked(found: PasswordRecord): PasswordRecord {
  if (!isPasswordRecord(found)) throw unreadableRecord('records: expected a record of the kind "password"');
  return found;
}
