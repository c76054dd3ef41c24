import type { KeyRing } from '../kernel/keys.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';

export interface DevicesOptions {
  readonly keys: KeyRing;
  readonly records: RecordStore;
  /** How long a browser stays known after its last sign-in, ms. Default 180 days. */
  readonly knownForMs?: number;
  /** How long "remember this browser" spares the second factor, ms. Default 30 days; 0 never. */
  readonly secondFactorForMs?: number;
  /** Browsers of one account; the one unused for longest makes room. Default 20. */
  readonly maxDevices?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly emit?: Emit;
}

/** A browser as its cookie shows it. Nothing of it is believed before `recognize`. */
export interface Browser {
  /** 128 random bits that this browser has shown before; undefined without a cookie, and for a cookie that is not ours. */
  readonly id: string | undefined;
  /** Whether the cookie claims to know the account that has this name: a hint by which to choose whose budget is charged. */
  mayKnow(name: string): boolean;
}

/** `secondFactorUntilMs`: wall-clock ms; absent where the browser was not remembered. */
export type Recognition =
  | { readonly known: false }
  | { readonly known: true; readonly deviceId: string; readonly knownSinceMs: number; readonly secondFactorUntilMs?: number };

/** A browser of an account as its owner may see it. */
export interface KnownDevice {
  readonly id: string;
  readonly knownSinceMs: number;
  readonly lastUsedAtMs: number;
  readonly secondFactorUntilMs: number | undefined;
  /** What the app said about it, a user agent for example. */
  readonly label: string | undefined;
}

export interface Devices {
  /** Reads the Cookie header. Asks no store. Never throws. */
  read(cookies: string | undefined): Browser;
  /** Does the account know this browser? Reads one record. */
  recognize(browser: Browser, accountId: string): Promise<Recognition>;
  /** After a sign-in that passed everything: the browser is known from now on, or known still, under a new secret. Answers a Set-Cookie line. */
  remember(login: { readonly browser: Browser; readonly accountId: string; readonly name: string; readonly secondFactor?: boolean; readonly label?: string }): Promise<{ readonly setCookie: string; readonly deviceId: string }>;
  /** An id for the browser: the one it has, or a new one and the Set-Cookie line that gives it. Asks no store. */
  identify(browser: Browser): { readonly id: string; readonly setCookie?: string };
  /** The account knows no browser any more: after a new password or a change of factors. One write. */
  revokeAll(accountId: string): Promise<void>;
  remove(which: { readonly accountId: string; readonly deviceId: unknown }): Promise<boolean>;
  list(accountId: string): Promise<readonly KnownDevice[]>;
}
