/** An account as the app stores it. The library keeps no user table. */
export interface StoredAccount {
  /** The app's own opaque id. It appears in events; an e-mail address must not be used. */
  readonly id: string;
  /** Where mails to the owner go. */
  readonly email: string;
  /**
   * Further addresses of the owner that notices go to as well (SP 800-63B-4 section 4.6); five at most. Links that open something go to
   * `email` alone.
   */
  readonly noticeEmails?: readonly string[];
  /** The PHC string (or legacy hash) that the library handed out or the app imported; undefined without a password. */
  readonly passwordHash: string | undefined;
  /** When this password was set, wall-clock ms, if the app keeps that. Without it every order to replace passwords "set before" means this one. */
  readonly passwordSetAtMs?: number;
  /** False for an account that may not sign in: disabled, banned, deleted. */
  readonly active: boolean;
  /** Set by {@link Accounts.setBreachRecheck}. */
  readonly needsBreachRecheck: boolean;
  /** Set by {@link Accounts.setSecondFactor}: says that there must be one, should the library's own record of it be lost. */
  readonly hasSecondFactor: boolean;
  /** Organizations whose policies bind the account. Default: none. */
  readonly organizationIds?: readonly string[];
  /** Roles whose policies bind the account. Default: none. */
  readonly roles?: readonly string[];
}

/** What a confirmed sign-up becomes. `profile` is what the app handed to `signUp`, as JSON values. */
export interface NewAccount {
  readonly email: string;
  readonly passwordHash: string;
  readonly profile: Readonly<Record<string, unknown>>;
}

/** The app's user table, as far as the flows need it. Every verb is one atomic act. */
export interface Accounts {
  /** `identifier` is already canonical: it went through the `canonicalize` option. */
  findByIdentifier(identifier: string): Promise<StoredAccount | undefined>;
  findById(accountId: string): Promise<StoredAccount | undefined>;
  /** Creates the account and answers its id, or undefined because the address is taken (a unique index decides). */
  create(account: NewAccount): Promise<string | undefined>;
  /**
   * Stores the new hash if the old one is still there; answers whether it did. `because`: with `new-hash` it is the same password, made
   * stronger, and `passwordSetAtMs` must stay as it is.
   */
  replacePasswordHash(change: { readonly accountId: string; readonly previousHash: string | undefined; readonly passwordHash: string; readonly because: 'new-password' | 'new-hash' }): Promise<boolean>;
  /** Remembers that nobody could say whether this account's password is known to attackers (or that it is settled). */
  setBreachRecheck(mark: { readonly accountId: string; readonly needed: boolean }): Promise<void>;
  /** Remembers whether this account has a second factor. The factor itself is the library's record; this tells when it is lost. */
  setSecondFactor(mark: { readonly accountId: string; readonly enrolled: boolean }): Promise<void>;
  /**
   * Gives the account another address, if it still has the old one and nobody has the new one; answers whether it did. Needed
   * for the change of an address only.
   */
  replaceEmail?(change: { readonly accountId: string; readonly previousEmail: string; readonly email: string }): Promise<boolean>;
}
