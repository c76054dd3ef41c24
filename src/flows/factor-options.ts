import type { RequestFacts } from '../ports/attempt.ts';

/** A second factor of the app's own: WebAuthn, a smart card. The app keeps it; the library asks whether there is one, and whether a proof is right. */
export interface OwnFactor {
  /** The word for it in sessions, events and `methods`: `webauthn`. */
  readonly method: string;
  isEnrolled(accountId: string): Promise<boolean>;
  /** `response` is the form's field `proof` as it came. A proof must be worth nothing a second time. */
  verify(attempt: { readonly accountId: string; readonly response: unknown }): Promise<boolean>;
}

/** What a sign-in is asked for beside the password. */
export interface ChallengeOptions {
  /**
   * For an account without a second factor, in a browser that the account does not know: `suspicious` (default) asks for a mailed link, opened
   * in that same browser, where the login guard has reasons; `mail` always does; a function that answers true does as well. `none` mails
   * nothing: where the guard has reasons, the answer is that to a wrong password and no more.
   */
  readonly strangers: 'none' | 'suspicious' | 'mail' | ((attempt: { readonly accountId: string; readonly facts: RequestFacts }) => boolean | Promise<boolean>);
  /** The app's own challenge (CAPTCHA, proof of work), for every attempt, before an account is looked for. `response` is the form's field `challenge`. */
  readonly own: ((attempt: { readonly response: unknown; readonly facts: RequestFacts }) => boolean | Promise<boolean>) | undefined;
}

/** A way in that is not the password of this library: a magic link, an identity provider, API tokens. */
export interface Pathway {
  /** Values of `amr` (RFC 8176) that this way may be believed to have asked for a second factor. Default: none. */
  readonly secondFactorAmr?: readonly string[];
}

export type Pathways = Readonly<Record<string, Pathway>>;
