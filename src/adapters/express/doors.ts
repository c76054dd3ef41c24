import type { Request, RequestHandler, Response } from 'express';
import type { Answered } from '../../flows/parts.ts';
import type { Portcullis } from '../../portcullis.ts';
import type { Reply } from '../../ports/reply.ts';
import { readDoorsOptions, type DoorsOptions, type ExpressDoorsOptions, type Rejection } from './doors-options.ts';
import { addressFactsOf, bodyField, createBodyCheck, factsOf, handler, hasHungUp, isCrossSite, send } from './request.ts';
import { endSession, freshSession } from './session.ts';

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
  const answer = async (res: Response, decided: Promise<{ readonly reply: Reply }>): Promise<void> => {
    send(res, (await decided).reply);
  };

  return Object.freeze({
    signUp: door('sign-up', async (req, res) => {
      const entries = { identifier: identifierOf(req), password: bodyField(req, fields.password), profile: profileOf(req) };
      await sendOrReject(req, res, { flow: 'sign-up', answered: await signUp.request({ ...entries, facts: factsOf(req) }), options: parsed });
    }),
    confirm: door('confirm-sign-up', (req, res) => answer(res, signUp.confirm({ ...proofOf(req, fields), facts: factsOf(req) }))),
    resend: door('resend-confirmation', (req, res) => answer(res, signUp.resend({ identifier: identifierOf(req), facts: factsOf(req) }))),
    forgot: door('forgot-password', (req, res) => answer(res, passwordReset.request({ identifier: identifierOf(req), facts: factsOf(req) }))),
    signIn: door('sign-in', signIn(portcullis, parsed)),
    signOut: door('sign-out', signOut(portcullis, parsed)),
    reset: door('password-reset', reset(portcullis, parsed)),
    changePassword: door('password-change', changePassword(portcullis, parsed)),
  } satisfies ExpressDoors);
}

type Work = (req: Request, res: Response) => Promise<void>;

/** What every door asks first: is it a POST, and from a page of this app? */
function doorsTo({ checkAddress, emit, origin, uniform }: Portcullis) {
  const checkBody = createBodyCheck();
  return (route: string, work: Work): RequestHandler =>
    handler(async (req, res) => {
      // Only signing out asks for no answer and no address.
      if (hasHungUp(req) && route !== 'sign-out') return;
      checkAddress(addressFactsOf(req));
      if (req.method !== 'POST') res.status(405).set({ 'Allow': 'POST', 'Cache-Control': 'no-store' }).end();
      else if (isCrossSite(req, origin)) {
        emit({ type: 'request.cross-site', route, ...(req.ip !== undefined && { address: req.ip }) });
        send(res, uniform.reply('cross-site', factsOf(req).accepts));
      } else {
        checkBody(req);
        await work(req, res);
      }
    });
}

function proofOf(req: Request, fields: DoorsOptions['fields']) {
  return { token: bodyField(req, fields.token), identifier: bodyField(req, fields.identifier), code: bodyField(req, fields.code) };
}

function signIn(portcullis: Portcullis, { remember, onSignedIn, fields }: DoorsOptions): Work {
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

function signOut(portcullis: Portcullis, { accountIdOf, onSignedOut }: DoorsOptions): Work {
  return async (req, res) => {
    const accountId = accountIdOf(req);
    await endSession(req);
    if (accountId !== undefined) portcullis.signOut.done({ accountId, facts: factsOf(req) });
    if (onSignedOut === undefined) res.status(204).set('Cache-Control', 'no-store').end();
    else await onSignedOut(req, res);
  };
}

/** The app may word a rejection itself, since that depends on nothing but what was typed. */
async function sendOrReject(req: Request, res: Response, { flow, answered, options }: { readonly flow: Rejection['flow']; readonly answered: Omit<Answered, 'outcome'>; readonly options: DoorsOptions }): Promise<void> {
  const { reply, reasons } = answered;
  if (reasons === undefined || options.onRejected === undefined || factsOf(req).accepts === 'json') {
    send(res, reply);
    return;
  }
  res.status(reply.status).set(reply.headers);
  await options.onRejected(req, res, { flow, reasons });
}

function reset({ passwordReset }: Portcullis, options: DoorsOptions): Work {
  const { accountIdOf, endSessions, fields } = options;
  return async (req, res) => {
    const signedInAs = accountIdOf(req);
    const result = await passwordReset.redeem({ ...proofOf(req, fields), password: bodyField(req, fields.password), facts: factsOf(req) });
    if (result.outcome === 'reset') {
      await endSessions(req, { accountId: result.accountId, which: result.revoke });
      // A session library that saves at the end of each request would bring this one back.
      if (signedInAs === result.accountId) await endSession(req);
    }
    await sendOrReject(req, res, { flow: 'password-reset', answered: result, options });
  };
}

function changePassword({ passwordChange, uniform }: Portcullis, options: DoorsOptions): Work {
  const { accountIdOf, endSessions, remember, fields } = options;
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
    await sendOrReject(req, res, { flow: 'password-change', answered: result, options });
  };
}
