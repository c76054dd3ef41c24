import type { FakeClock } from 'portcullis/testing';

/** One attempt to sign in, as a policy sees it. */
export interface LoginAttempt {
  /** Virtual wall clock. The policy's clock shows the same. */
  readonly nowMs: number;
  /** Textual IPv4 or IPv6. */
  readonly address: string;
  /** What was typed, canonical. */
  readonly name: string;
  /** Of the account of that name; `undefined` where there is none. */
  readonly accountId: string | undefined;
  /** Stands for the password typed: equal texts are equal passwords. */
  readonly passwordId: string;
  /** Whether it is the account's password. To be looked at only once the attempt was let through to verification. */
  readonly right: boolean;
  /** What a list of leaked passwords says of it. */
  readonly leaked: 'popular' | 'leaked' | 'no';
  /** Whether the browser shows a valid device cookie for this account. */
  readonly known: boolean;
  readonly browserId: string | undefined;
  /** Whether the account has a second factor enrolled. */
  readonly secondFactor: boolean;
}

/**
 * What came of it. `step-up`: the password is right, and a factor or a mailed link is asked for; an attacker sees a wrong
 * password. A `reason` that begins with `leaked` or `popular` says that the password is why: some owners then change it.
 * `mustChange`: the owner gets no further without another password.
 * `denied`: not verified; with `retryAfterMs` it was said openly, without it looks like a wrong password.
 */
export type LoginOutcome =
  | { readonly as: 'in'; readonly mustChange?: boolean }
  | { readonly as: 'step-up'; readonly reason: string; readonly mustChange?: boolean }
  | { readonly as: 'wrong' }
  | { readonly as: 'denied'; readonly retryAfterMs?: number };

/** An address typed into the sign-up form or the form for a forgotten password. */
export interface Probe {
  readonly nowMs: number;
  readonly address: string;
  readonly flow: 'sign-up' | 'forgot';
  readonly name: string;
  readonly exists: boolean;
  /** Whether the mail that follows is answered: a sign-up or a reset of a person, not a look. */
  readonly completed: boolean;
}

export interface ProbeOutcome {
  readonly ok: boolean;
  readonly retryAfterMs?: number;
}

/** What a policy told its operator. A peer's alarm is its first refusal of a key: that is what it logs. */
export interface Alarm {
  readonly atMs: number;
  /** A word. `enumeration` for probes and `accounts` for several accounts entered or tried from one source are reported apart. */
  readonly kind: string;
  /** `everybody` for an alarm about all traffic at once: during an attack it is the attack's, whoever's attempt raised it. */
  readonly because?: string;
}

/**
 * What a decision before verification comes to: an outcome, or the function to call once the password has been looked at.
 * Only the burst of parallel attempts needs the two apart.
 */
export type Begun = LoginOutcome | (() => LoginOutcome | Promise<LoginOutcome>);

/** One defense under test. All calls but those between `begin` and its end come one after another, in the order of time. */
export interface Policy {
  readonly name: string;
  attempt(attempt: LoginAttempt): LoginOutcome | Promise<LoginOutcome>;
  /** The first half of `attempt`, for parallel attempts. A policy without it is not measured by the burst. */
  begin?(attempt: LoginAttempt): Begun | Promise<Begun>;
  /**
   * What was asked for after the right password was passed, a step-up or the second factor of the account (which every
   * app asks for after `in`): the sign-in is complete. Not called where nothing was asked for.
   */
  finished?(attempt: LoginAttempt, by: 'owner' | 'attacker'): void | Promise<void>;
  probe?(probe: Probe): ProbeOutcome | Promise<ProbeOutcome>;
  passwordChanged?(accountId: string, nowMs: number): void;
  /** The store is gone (`true`) or back. Only for the variant with an outage. */
  outage?(gone: boolean): void;
  /** All alarms so far. Read after every call, so it must cost nothing; an alarm belongs to the call that it appeared in. */
  alarms(): readonly Alarm[];
  /** Bytes of its tables. */
  bytes(): number;
  close?(): void;
}

export interface PolicyWorld {
  readonly clock: FakeClock;
  readonly seed: number;
  readonly accounts: number;
  /** Whether the store is to be taken away, by `outage`. */
  readonly outage?: boolean;
}

export type PolicyFactory = (world: PolicyWorld) => Policy;
