/** An account as the app stores it. The library keeps no user table. */
export interface StoredAccount {
  /** The app's own opaque id. It appears in events; an e-mail address must not be used. */
  readonly id: string;
  /** Where mails to the owner go. */
  readonly email: string;
  /** The PHC string (or legacy hash) that the library handed out or the app imported; undefined without a password. */
  readonly passwordHash: string | undefined;
  /** False for an account that may not sign in: disabled, banned, deleted. */
  readonly active: boolean;
  /** Set by {@link Accounts.setBreachRecheck}. */
  readonly needsBreachRecheck: boolean;
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
  /** Stores the new hash if the old one is still there; answers whether it did. */
  replacePasswordHash(change: { readonly accountId: string; readonly previousHash: string | undefined; readonly passwordHash: string }): Promise<boolean>;
  /** Remembers that nobody could say whether this account's password is known to attackers (or that it is settled). */
  setBreachRecheck(mark: { readonly accountId: string; readonly needed: boolean }): Promise<void>;
}
