/**
 * How somebody proved who they are. These are the library's own words; an app adds its own (`webauthn`). `external` stands for a
 * sign-in elsewhere, `external-mfa` for one that says it asked for two factors. `password`, `external` and `mailed-link` are
 * no second factor; a mailbox is no factor at all (SP 800-63B-4 section 3.1.3.1).
 */
export type ProofMethod = 'password' | 'totp' | 'recovery-code' | 'remembered-browser' | 'mailed-link' | 'external' | 'external-mfa' | (string & {});

/**
 * The epochs that a session, a token or an API key was made under, wall-clock ms; 0 where none was ever raised. It counts as long
 * as each of them is the current one. Plain JSON, no secret.
 */
export interface EpochMark {
  /** Never 0: until the first raise a random number below 2^40, which the records began with and others would not have. */
  readonly everyone: number;
  /** By the id of each organization of the account. */
  readonly organizations: Readonly<Record<string, number>>;
  readonly user: number;
}

/**
 * What the app keeps in its session for the library and hands back as it was. Plain JSON, no secret. `full` reaches everything
 * that the policies allow; `enroll` reaches the enrollment of a second factor and sign-out, and nothing else; `change-password` the
 * change of the password and sign-out.
 */
export interface SessionFacts {
  readonly accountId: string;
  readonly stage: 'full' | 'enroll' | 'change-password';
  /** When somebody signed in, wall-clock ms. Never moved: absolute timeouts count from it. */
  readonly startedAtMs: number;
  /** When a request was last let through, wall-clock ms, to within a twentieth of the idle time. Absent: at the sign-in. */
  readonly seenAtMs?: number;
  /** The epochs that it was made under: what ends it from afar. Absent in a session from before the library. */
  readonly epochs?: EpochMark;
  /** When each proof was last given, wall-clock ms. Only a new proof raises one. */
  readonly proofs: Readonly<Partial<Record<ProofMethod, number>>>;
}
