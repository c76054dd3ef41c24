import type { RejectionReason } from '../../flows/parts.ts';
import { callback, group, list, oneOf, optional, readOptions, text } from '../../kernel/options.ts';
import type { SessionFacts } from '../../ports/session.ts';
import type { TotpEnrollment, TotpFactor } from '../../totp/index.ts';
import { addressOption } from './address.ts';
import type { HttpRequest } from './framework.ts';

type Hook<Req, Res, Answer, T> = (req: Req, res: Res, what: T) => Answer;

/** Somebody has signed in. */
export interface SignedInFacts {
  readonly accountId: string;
  readonly session: SessionFacts;
  /** A second factor is due from then on, wall-clock ms. With `session.stage` `enroll` it is overdue: show the page that sets one up. */
  readonly enrollUntilMs?: number;
  /** A recovery code was used: so many are left, and with `reissue` it is time for new ones. */
  readonly codesLeft?: number;
  readonly reissue?: boolean;
}

/** Why a guarded request was stopped. */
export interface AccessRefusal {
  /** `failed`: a store is down. `step-up`: ask for the proofs named `missing` or `expired`: `password`, `second-factor`. */
  readonly verdict: 'signed-out' | 'change-password' | 'challenge' | 'enroll' | 'step-up' | 'failed';
  readonly missing?: readonly string[];
  readonly expired?: readonly string[];
}

/** What the app does when a door has opened. Each hook may be asynchronous; what it throws goes to the app's error handler. */
export interface DoorsOptions<Req, Res, Answer> {
  /** What `remember` put into the session of the request. */
  readonly sessionOf: (req: Req) => SessionFacts | undefined;
  /**
   * Put these facts into the session, whole. It is new and empty where the session of the request has `regenerate`
   * (express-session, @fastify/session); with another library, make it so here. Called at every rise: sign-in, second factor, step-up, new password, change of factors.
   */
  readonly remember: (req: Req, session: SessionFacts) => void | Promise<void>;
  /** End the account's sessions: all, or all but the one of this request. Called before the answer. */
  readonly endSessions: (req: Req, what: { readonly accountId: string; readonly which: 'all-sessions' | 'other-sessions' }) => void | Promise<void>;
  /** Answer the sign-in. */
  readonly onSignedIn: Hook<Req, Res, Answer, SignedInFacts>;
  /** Answer the sign-out; the session has ended. Default: 204. */
  readonly onSignedOut?: (req: Req, res: Res) => Answer;
  /** Somebody goes on, and a second factor will be due: note it for a reminder on the page. `guard` calls it before the app's handler. */
  readonly onEnrollmentDue?: Hook<Req, Res, Answer, { readonly enrollUntilMs: number }>;
  /**
   * Send the page for somebody whose new password, address or code cannot be used: their form again, with the reasons.
   * Status and headers are set. Default: the page of the template `input-rejected`. Programs get their JSON in any case.
   */
  readonly onRejected?: Hook<Req, Res, Answer, Rejection>;
  /** Ask for the second factor. Nobody is signed in yet. Default: the answer `mfa-required`. */
  readonly onSecondFactor?: Hook<Req, Res, Answer, { readonly methods: readonly string[] }>;
  /** Show the secret of a new authenticator, once. Default: as JSON. */
  readonly onEnrollment?: Hook<Req, Res, Answer, TotpEnrollment>;
  /** An authenticator counts from now on. `recoveryCodes`: show them, once. Default: as JSON. */
  readonly onEnrolled?: Hook<Req, Res, Answer, { readonly factor: TotpFactor; readonly recoveryCodes?: readonly string[] }>;
  /** Show new recovery codes, once. Default: as JSON. */
  readonly onRecoveryCodes?: Hook<Req, Res, Answer, { readonly recoveryCodes: readonly string[] }>;
  /** A fresh proof was given: go on to what asked for it. Default: the answer `step-up-done`. */
  readonly onSteppedUp?: Hook<Req, Res, Answer, { readonly session: SessionFacts }>;
  /** A mailed link was confirmed by somebody who is signed in: go on to what it was asked for. Default: the answer `challenge-confirmed`. */
  readonly onConfirmed?: Hook<Req, Res, Answer, { readonly purpose: 'enroll' | 'email-change' }>;
  /** A guarded request was stopped: redirect, or show the form that goes on. Default: the answer as a page. Programs get their JSON in any case. */
  readonly onRefused?: Hook<Req, Res, Answer, AccessRefusal>;
  /**
   * What a browser is told to forget when somebody signs out, or comes with a session that was ended. Default `['storage']`. `cookies`
   * means those of the whole registrable domain, and the one of a known browser among them. `cache` is not to be had: browsers stall on it.
   */
  readonly clearSiteData?: readonly ('storage' | 'cookies' | 'clientHints' | 'executionContexts')[];
  /**
   * The client's address, where the framework's own setting cannot tell it: what `clientAddress` makes, or a function of yours. One that throws or
   * answers what is no address counts as no address, and is named as a warning. Default: `req.ip`.
   */
  readonly address?: (req: Req) => string | undefined;
  /** What else a sign-up tells, as JSON values. Default: nothing. */
  readonly profileOf?: (req: Req) => Readonly<Record<string, unknown>>;
  /** Names of the body's fields. Default: email, password, token, code, and each other one as it is called here. */
  readonly fields?: Partial<FieldNames>;
}

/** What was typed into which form, and cannot be used. */
export interface Rejection {
  readonly flow: 'sign-up' | 'password-change' | 'password-reset' | 'email-change' | 'confirm-factor' | 'step-up';
  readonly reasons: readonly RejectionReason[];
}

interface FieldNames {
  readonly identifier: string;
  readonly password: string;
  readonly token: string;
  readonly code: string;
  readonly currentPassword: string;
  readonly newPassword: string;
  /** A code of a second factor beside another one, at a reset. */
  readonly secondFactor: string;
  /** "Remember this browser." */
  readonly remember: string;
  readonly factorId: string;
  readonly factorName: string;
  readonly deviceId: string;
  readonly newEmail: string;
  /** What the app's own challenge and its own second factor understand. */
  readonly challenge: string;
  readonly proof: string;
}

/** Reads the options of a function that makes doors. Throws ERR_CONFIG. */
export function readDoorsOptions<Req extends HttpRequest, Res>(name: string, options: DoorsOptions<Req, Res, unknown>) {
  type Given = Required<DoorsOptions<Req, Res, unknown>>;
  return readOptions(name, options, {
    sessionOf: callback<Given['sessionOf']>(),
    remember: callback<Given['remember']>(),
    endSessions: callback<Given['endSessions']>(),
    onSignedIn: callback<Given['onSignedIn']>(),
    onSignedOut: optional(callback<Given['onSignedOut']>()),
    onRejected: optional(callback<Given['onRejected']>()),
    onSecondFactor: optional(callback<Given['onSecondFactor']>()),
    onEnrollment: optional(callback<Given['onEnrollment']>()),
    onEnrolled: optional(callback<Given['onEnrolled']>()),
    onRecoveryCodes: optional(callback<Given['onRecoveryCodes']>()),
    onSteppedUp: optional(callback<Given['onSteppedUp']>()),
    onConfirmed: optional(callback<Given['onConfirmed']>()),
    onRefused: optional(callback<Given['onRefused']>()),
    onEnrollmentDue: optional(callback<Given['onEnrollmentDue']>()),
    clearSiteData: list(oneOf(['storage', 'cookies', 'clientHints', 'executionContexts']), ['storage']),
    address: addressOption<Req>(),
    profileOf: callback<Given['profileOf']>(() => ({})),
    fields: group({
      identifier: text('email'),
      password: text('password'),
      token: text('token'),
      code: text('code'),
      currentPassword: text('currentPassword'),
      newPassword: text('newPassword'),
      secondFactor: text('secondFactor'),
      remember: text('remember'),
      factorId: text('factorId'),
      factorName: text('factorName'),
      deviceId: text('deviceId'),
      newEmail: text('newEmail'),
      challenge: text('challenge'),
      proof: text('proof'),
    }),
  });
}

export type ParsedDoorsOptions<Req extends HttpRequest, Res> = ReturnType<typeof readDoorsOptions<Req, Res>>;
