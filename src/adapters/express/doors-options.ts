import type { Request, Response } from 'express';
import type { RejectionReason } from '../../flows/parts.ts';
import { callback, group, optional, readOptions, text } from '../../kernel/options.ts';

/** What the app does when a door has opened. Each hook may be asynchronous; what it throws goes to the app's error handler. */
export interface ExpressDoorsOptions {
  /** Whose session the request has. */
  readonly accountIdOf: (req: Request) => string | undefined;
  /**
   * Put the account into the session, after a sign-in and after a change of password. It is new and empty where `req.session`
   * has `regenerate` (express-session); with another library, make it so here.
   */
  readonly remember: (req: Request, who: { readonly accountId: string }) => void | Promise<void>;
  /** End the account's sessions: all, or all but the one of this request. Called before the answer. */
  readonly endSessions: (req: Request, what: { readonly accountId: string; readonly which: 'all-sessions' | 'other-sessions' }) => void | Promise<void>;
  /** Answer the sign-in. */
  readonly onSignedIn: (req: Request, res: Response, who: { readonly accountId: string }) => void | Promise<void>;
  /** Answer the sign-out; the session has ended. Default: 204. */
  readonly onSignedOut?: (req: Request, res: Response) => void | Promise<void>;
  /**
   * Send the page for somebody whose new password, address or profile cannot be used: their form again, with the reasons.
   * Status and headers are set. Default: the page of the template `input-rejected`. Programs get their JSON in any case.
   */
  readonly onRejected?: (req: Request, res: Response, rejection: Rejection) => void | Promise<void>;
  /** What else a sign-up tells, as JSON values. Default: nothing. */
  readonly profileOf?: (req: Request) => Readonly<Record<string, unknown>>;
  /** Names of the body's fields. Default: email, password, token, code, currentPassword, newPassword. */
  readonly fields?: Partial<FieldNames>;
}

/** What was typed into which form, and cannot be used. */
export interface Rejection {
  readonly flow: 'sign-up' | 'password-change' | 'password-reset';
  readonly reasons: readonly RejectionReason[];
}

interface FieldNames {
  readonly identifier: string;
  readonly password: string;
  readonly token: string;
  readonly code: string;
  readonly currentPassword: string;
  readonly newPassword: string;
}

/** Reads the options of `expressDoors`. Throws ERR_CONFIG. */
export function readDoorsOptions(options: ExpressDoorsOptions) {
  return readOptions('expressDoors', options, {
    accountIdOf: callback<ExpressDoorsOptions['accountIdOf']>(),
    remember: callback<ExpressDoorsOptions['remember']>(),
    endSessions: callback<ExpressDoorsOptions['endSessions']>(),
    onSignedIn: callback<ExpressDoorsOptions['onSignedIn']>(),
    onSignedOut: optional(callback<NonNullable<ExpressDoorsOptions['onSignedOut']>>()),
    onRejected: optional(callback<NonNullable<ExpressDoorsOptions['onRejected']>>()),
    profileOf: callback<NonNullable<ExpressDoorsOptions['profileOf']>>(() => ({})),
    fields: group({
      identifier: text('email'),
      password: text('password'),
      token: text('token'),
      code: text('code'),
      currentPassword: text('currentPassword'),
      newPassword: text('newPassword'),
    }),
  });
}

export type DoorsOptions = ReturnType<typeof readDoorsOptions>;
