import type { Request, RequestHandler, Response } from 'express';
import type { Answered } from '../../flows/parts.ts';
import { callback, group, optional, readOptions, text } from '../../kernel/options.ts';
import type { Portcullis } from '../../portcullis.ts';
import type { Reply } from '../../ports/reply.ts';
import { addressFactsOf, bodyField, factsOf, handler, isCrossSite, send } from './request.ts';
import { endSession, freshSession } from './session.ts';

/** What the app does when a door has opened. Each hook may be asynchronous; what it throws goes to the app's error handler. */
export interface ExpressDoorsOptions {
  /** Whose session the request has. */
  readonly accountIdOf: (req: Request) => string | undefined;
  /** Put the account into the session, which is new and empty: after a sign-in, and after a change of password. */
  readonly remember: (req: Request, who: { readonly accountId: string }) => void | Promise<void>;
  /** End the account's sessions: all, or all but the one of this request. Called before the answer. */
  readonly endSessions: (req: Request, what: { readonly accountId: string; readonly which: 'all-sessions' | 'other-sessions' }) => void | Promise<void>;
  /** Answer the sign-in. */
  readonly onSignedIn: (req: Request, res: Response, who: { readonly accountId: string }) => void | Promise<void>;
  /** Answer the sign-out; the session has ended. Default: 204. */
  readonly onSignedOut?: (req: Request, res: Response) => void | Promise<void>;
  /** What else a sign-up tells, as JSON values. Default: nothing. */
  readonly profileOf?: (req: Request) => Readonly<Record<string, unknown>>;
  /** Names of the body's fields. Default: email, password, token, code, currentPassword, newPassword. */
  readonly fields?: Partial<FieldNames>;
}

interface FieldNames {
  readonly identifier: string;
  readonly password: string;
  readonly token: string;
  readonly code: string;
  readonly currentPassword: string;
  readonly newPassword: string;
}

/** One handler for each door, for POST. The body must have been parsed (`express.urlencoded`, `express.json`). */
export interface ExpressDoors {
  readonly signUp: RequestHandler;
  readonly confirm: RequestHandler;
  readonly resend: RequestHandler;
  readonly signIn: RequestHandler;
  readonly signOut: RequestHandler;
  readonly forgot: RequestHandler;
  readonly reset: RequestHandler;
  readonly changePassword: RequestHandler;
}

/**
 * Makes Express handlers (4 and 5) out of the flows: facts in, reply out. A session gets a new id at sign-in and at a
 * change of password. Requests by other sites are refused. Throws ERR_CONFIG.
 */
export function expressDoors(portcullis: Portcullis, options: ExpressDoorsOptions): ExpressDoors {
  const parsed = readDoorsOptions(options);
  const { fields, profileOf } = parsed;
  const { signUp, passwordReset } = portcullis;
  const door = doorsTo(portcullis);
  const identifierOf = (req: Request): unknown => bodyField(req, fields.identifier);
  const answer = async (res: Response, decided: Promise<Answered | { readonly reply: Reply }>): Promise<void> => {
    send(res, (await decided).reply);
  };

  return Object.freeze({
    signUp: door('sign-up', (req, res) =>
      answer(res, signUp.request({ identifier: identifierOf(req), password: bodyField(req, fields.password), profile: profileOf(req), facts: factsOf(req) })),
    ),
    confirm: door('confirm-sign-up', (req, res) => answer(res, signUp.confirm({ ...proofOf(req, fields), facts: factsOf(req) }))),
    resend: door('resend-confirmation', (req, res) => answer(res, signUp.resend({ identifier: identifierOf(req), facts: factsOf(req) }))),
    forgot: door('forgot-password', (req, res) => answer(res, passwordReset.request({ identifier: identifierOf(req), facts: factsOf(req) }))),
    signIn: door('sign-in', signIn(portcullis, parsed)),
    signOut: door('sign-out', signOut(portcullis, parsed)),
    reset: door('password-reset', reset(portcullis, parsed)),
    changePassword: door('password-change', changePassword(portcullis, parsed)),
  } satisfies ExpressDoors);
}

type Parsed = ReturnType<typeof readDoorsOptions>;
type Work = (req: Request, res: Response) => Promise<void>;

/** What every door asks first: is it a POST, and from a page of this app? */
function doorsTo({ checkAddress, emit, origin, uniform }: Portcullis) {
  return (route: string, work: Work): RequestHandler =>
    handler(async (req, res) => {
      checkAddress(addressFactsOf(req));
      if (req.method !== 'POST') res.status(405).set({ 'Allow': 'POST', 'Cache-Control': 'no-store' }).end();
      else if (isCrossSite(req, origin)) {
        emit({ type: 'request.cross-site', route, ...(req.ip !== undefined && { address: req.ip }) });
        send(res, uniform.reply('cross-site', factsOf(req).accepts));
      } else await work(req, res);
    });
}

function proofOf(req: Request, fields: Parsed['fields']) {
  return { token: bodyField(req, fields.token), identifier: bodyField(req, fields.identifier), code: bodyField(req, fields.code) };
}

function signIn(portcullis: Portcullis, { remember, onSignedIn, fields }: Parsed): Work {
  return async (req, res) => {
    const result = await portcullis.signIn.attempt({ identifier: bodyField(req, fields.identifier), password: bodyField(req, fields.password), facts: factsOf(req) });
    if (result.outcome === 'answered') {
      send(res, result.reply);
      return;
    }
    const { accountId } = result;
    await freshSession(req);
    await remember(req, { accountId });
    await onSignedIn(req, res, { accountId });
  };
}

function signOut(portcullis: Portcullis, { accountIdOf, onSignedOut }: Parsed): Work {
  return async (req, res) => {
    const accountId = accountIdOf(req);
    await endSession(req);
    if (accountId !== undefined) portcullis.signOut.done({ accountId, facts: factsOf(req) });
    if (onSignedOut === undefined) res.status(204).set('Cache-Control', 'no-store').end();
    else await onSignedOut(req, res);
  };
}

function reset({ passwordReset }: Portcullis, { endSessions, fields }: Parsed): Work {
  return async (req, res) => {
    const result = await passwordReset.redeem({ ...proofOf(req, fields), password: bodyField(req, fields.password), facts: factsOf(req) });
    if (result.outcome === 'reset') await endSessions(req, { accountId: result.accountId, which: result.revoke });
    send(res, result.reply);
  };
}

function changePassword({ passwordChange, uniform }: Portcullis, { accountIdOf, endSessions, remember, fields }: Parsed): Work {
  return async (req, res) => {
    const accountId = accountIdOf(req);
    if (accountId === undefined) {
      send(res, uniform.reply('sign-in-failed', factsOf(req).accepts));
      return;
    }
    const passwords = { currentPassword: bodyField(req, fields.currentPassword), newPassword: bodyField(req, fields.newPassword) };
    const result = await passwordChange.change({ accountId, ...passwords, facts: factsOf(req) });
    if (result.outcome === 'changed') {
      await endSessions(req, { accountId, which: result.revoke });
      await freshSession(req);
      await remember(req, { accountId });
    }
    send(res, result.reply);
  };
}

function readDoorsOptions(options: ExpressDoorsOptions) {
  return readOptions('expressDoors', options, {
    accountIdOf: callback<ExpressDoorsOptions['accountIdOf']>(),
    remember: callback<ExpressDoorsOptions['remember']>(),
    endSessions: callback<ExpressDoorsOptions['endSessions']>(),
    onSignedIn: callback<ExpressDoorsOptions['onSignedIn']>(),
    onSignedOut: optional(callback<NonNullable<ExpressDoorsOptions['onSignedOut']>>()),
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
