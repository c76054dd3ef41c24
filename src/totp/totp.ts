import type { KeyRing } from '../kernel/keys.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';

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
  /** `active`; `disabled` after too many wrong codes; `suspended` by its owner. The last two open nothing and still count as enrolled. */
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
  remove(which: { readonly accountId: string; readonly factorId: unknown }): Promise<TotpFactor | undefined>;
  /** Removes every authenticator of the account and whatever is pending. */
  removeAll(accountId: string): Promise<readonly TotpFactor[]>;
  /** Reported lost: opens nothing until `restore`. */
  suspend(which: { readonly accountId: string; readonly factorId: unknown }): Promise<TotpFactor | undefined>;
  /** Makes a disabled or suspended authenticator work again and forgets its failures. Only after a second proof. */
  restore(which: { readonly accountId: string; readonly factorId: unknown }): Promise<TotpFactor | undefined>;
  /** Seals secrets that an older key sealed under the newest one; answers how many. `verify` does so for the one it accepts. */
  reseal(accountId: string): Promise<number>;
}
