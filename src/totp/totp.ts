import { systemClock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import { mostFailures } from '../kernel/failure-cap.ts';
import { harmless } from '../kernel/harmless.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { callback, flag, integer, port, readOptions, text, type OptionReader } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { arithmetic } from './arithmetic.ts';
import { attemptOn, type Outcome } from './acceptance.ts';
import { createEnrollments } from './enrollments.ts';
import { createFactorRecords } from './factors.ts';
import { readCode } from './typed.ts';
import { createVault } from './vault.ts';

export interface TotpOptions {
  readonly keys: KeyRing;
  readonly records: RecordStore;
  /** The name that authenticator apps show, without a colon. */
  readonly issuer: string;
  /** Accept the code of the current step only (ASVS 5.0 6.5.5 to the letter). Default false: also that of the step before. */
  readonly strict?: boolean;
  /** Wrong codes in a row from browsers that the account does not know, before the factor is disabled. Default 50; together with the next at most 100. */
  readonly maxFailures?: number;
  /** The same from known browsers, counted apart. Default 20. */
  readonly maxKnownFailures?: number;
  /** Authenticators that one account may have. Default 5. */
  readonly maxFactors?: number;
  /** How long an enrollment waits for its first code, ms. Default 10 minutes. */
  readonly pendingMs?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly emit?: Emit;
}

/** An authenticator as its owner may see it. Times are wall-clock ms. */
export interface TotpFactor {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly confirmedAtMs: number;
  readonly lastUsedAtMs: number | undefined;
  /** `active`; `disabled` after too many wrong codes, for all but known browsers; `suspended` by its owner. Either still counts as enrolled. */
  readonly state: 'active' | 'disabled' | 'suspended';
  readonly stateSinceMs: number;
  /** What the app said about where it was enrolled. */
  readonly source: string | undefined;
}

/** Everything that is shown once, to set up an authenticator. All but the id are secret. */
export interface TotpEnrollment {
  readonly ok: true;
  readonly factorId: string;
  /** Base 32 in groups of four, to be typed. */
  readonly secret: string;
  /** `otpauth://totp/...` */
  readonly uri: string;
  readonly qr: { readonly svg: string; readonly dataUrl: string };
  readonly expiresAtMs: number;
}

/** `replayed`: right, and used before. `wait` and `disabled`: not even compared. */
export type TotpVerdict =
  | { readonly ok: true; readonly factorId: string; readonly driftSteps: number }
  | { readonly ok: false; readonly reason: 'wrong-code' | 'replayed' | 'malformed' | 'none-enrolled' | 'disabled'; /** Factors that this failure has disabled. */ readonly disabledNow?: readonly string[] }
  | { readonly ok: false; readonly reason: 'wait'; readonly retryAfterMs: number };

export interface Totp {
  /** Begins an enrollment. It counts for nothing until `confirm`; another one that waits is dropped. */
  enroll(wanted: { readonly accountId: string; readonly accountName: string; readonly name?: string; readonly source?: string }): Promise<TotpEnrollment | { readonly ok: false; readonly reason: 'too-many-factors' }>;
  /** Activates the pending authenticator with a right code, which is spent by it. `first`: the account had none before. */
  confirm(proof: { readonly accountId: string; readonly factorId: unknown; readonly code: unknown }): Promise<{ readonly ok: true; readonly factor: TotpFactor; readonly first: boolean } | { readonly ok: false; readonly reason: 'wrong-code' | 'malformed' | 'unknown-factor' | 'too-many-tries' }>;
  /** Accepts a code at most once, across all processes that share the store. `known`: the request comes from a browser that the account knows. */
  verify(attempt: { readonly accountId: string; readonly code: unknown; readonly known?: boolean }): Promise<TotpVerdict>;
  /** Takes over an authenticator that works already elsewhere: base 32 of 10 bytes or more. It is active at once. */
  import(factor: { readonly accountId: string; readonly secret: string; readonly name?: string }): Promise<{ readonly ok: true; readonly factor: TotpFactor } | { readonly ok: false; readonly reason: 'malformed' | 'too-many-factors' }>;
  /** The confirmed authenticators; undefined where the store knows nothing at all of the account. */
  list(accountId: string): Promise<readonly TotpFactor[] | undefined>;
  /** `keepLast`: answers `last` and removes nothing where it is the only one. */
  remove(which: { readonly accountId: string; readonly factorId: unknown; readonly keepLast?: boolean }): Promise<TotpFactor | 'last' | undefined>;
  /** Removes every authenticator of the account and whatever is pending. */
  removeAll(accountId: string): Promise<readonly TotpFactor[]>;
  /** Reported lost: opens nothing until `restore`. */
  suspend(which: { readonly accountId: string; readonly factorId: unknown }): Promise<TotpFactor | undefined>;
  /** Makes a disabled or suspended authenticator work again and forgets its failures. Only after a second proof. */
  restore(which: { readonly accountId: string; readonly factorId: unknown }): Promise<TotpFactor | undefined>;
  /** Seals secrets that an older key sealed under the newest one; answers how many. `verify` does so for the one it accepts. */
  reseal(accountId: string): Promise<number>;
}

/** The defaults of {@link createTotp}. */
export const totpDefaults = Object.freeze({ strict: false, maxFailures: 50, maxKnownFailures: 20, maxFactors: 5, pendingMs: 600_000 });

const issuerOption: OptionReader<string> = (given, name) => {
  const issuer = text()(given, name);
  if (issuer.includes(':') || issuer.length > 64 || !issuer.isWellFormed()) throw new ConfigError(`${name}: expected at most 64 characters, and no colon, which ends the issuer in an authenticator app`);
  return issuer;
};

/**
 * Makes the second factor of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 s). Every verb is one compare-and-set on one
 * record of the account, so that a code is taken once across all processes. Source: RFC 4226, RFC 6238, SP 800-63B-4 sections
 * 3.1.4 and 3.2.2, OWASP ASVS 5.0 6.5. Throws ERR_CONFIG; later rejects with ERR_STORE or ERR_BUSY, and a wrong code never
 * throws.
 */
export function createTotp(options: TotpOptions): Totp {
  const { keys, records, issuer, strict, maxFailures, maxKnownFailures, maxFactors, pendingMs, clock, random, ...parsed } = readOptions('totp', options, {
    keys: port<KeyRing>(['digest', 'seal', 'open'], undefined, 'createKeyRing()'),
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    issuer: issuerOption,
    strict: flag(totpDefaults.strict),
    maxFailures: integer({ min: 1, max: mostFailures, fallback: totpDefaults.maxFailures }),
    maxKnownFailures: integer({ min: 1, max: mostFailures, fallback: totpDefaults.maxKnownFailures }),
    maxFactors: integer({ min: 1, max: 20, fallback: totpDefaults.maxFactors }),
    pendingMs: integer({ min: 60_000, max: 3_600_000, fallback: totpDefaults.pendingMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
    emit: callback<Emit>(() => undefined),
  });
  if (maxFailures + maxKnownFailures > mostFailures) throw new ConfigError(`totp.maxFailures and maxKnownFailures: expected at most ${mostFailures} together (SP 800-63B-4 section 3.2.2)`);
  const emit: Emit = harmless(parsed.emit);
  const cap = Object.freeze({ maxFailures, maxKnownFailures });
  const vault = createVault(keys);
  const factors = createFactorRecords({ records, vault, cap, clock });
  const enrollments = createEnrollments({ factors, vault, cap, issuer, strict, maxFactors, pendingMs, clock, random });

  async function verify({ accountId, code, known }: Parameters<Totp['verify']>[0]): Promise<TotpVerdict> {
    const digits = readCode(code);
    if (digits === undefined) return { ok: false, reason: 'malformed' };
    const maths = await arithmetic();
    const outcome = await factors.update(accountId, (record) => attemptOn(record, { accountId, code: digits, known: known === true, nowMs: clock.nowMs(), strict, cap, maths, vault }));
    report(accountId, outcome);
    return outcome.verdict;
  }

  function report(accountId: string, { verdict, factorId = '', driftedSteps, unreadable }: Outcome): void {
    for (const each of unreadable) emit({ type: 'factor.unreadable', ...each, accountId });
    if (driftedSteps !== undefined) emit({ type: 'factor.drifted', factorId, steps: driftedSteps, accountId });
    if (verdict.ok || verdict.reason === 'wait') return;
    if (verdict.reason === 'replayed') emit({ type: 'factor.replayed', factorId, accountId });
    for (const id of verdict.disabledNow ?? []) emit({ type: 'factor.disabled', factorId: id, failures: maxFailures, accountId });
  }

  return Object.freeze({
    ...enrollments,
    verify,
    list: factors.list,
    remove: factors.remove,
    removeAll: factors.removeAll,
    suspend: factors.suspend,
    restore: factors.restore,
    reseal: factors.reseal,
  } satisfies Totp);
}
