import type { Request, RequestHandler, Response } from 'express';
import type { SignInResult } from '../../flows/admit.ts';
import type { Portcullis } from '../../portcullis.ts';
import type { Reply } from '../../ports/reply.ts';
import { finishSignIn, raise, sendClearSiteData, sendCookies, sendOrReject } from './answers.ts';
import { readDoorsOptions, type DoorsOptions, type ExpressDoorsOptions } from './doors-options.ts';
import { factorDoors, type FactorDoors } from './factor-doors.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import { addressFactsOf, bodyField, createBodyCheck, factsOf, handler, hasHungUp, isCrossSite, send, type Door, type Work } from './request.ts';
import { endSession } from './session.ts';

/** One handler for each door, for POST. The body must have been parsed (`express.urlencoded`, `express.json`). */
export interface ExpressDoors extends FactorDoors {
  readonly signUp: RequestHandler;
  readonly confirm: RequestHandler;
  readonly resend: RequestHandler;
  readonly signIn: RequestHandler;
  readonly signOut: RequestHandler;
  readonly forgot: RequestHandler;
  readonly reset: RequestHandler;
  readonly changePassword: RequestHandler;
  /** For every route behind the sign-in, any method: stops a session that lacks what the policies or a sensitive action ask for. */
  readonly guard: (options?: GuardOptions) => RequestHandler;
  /** Answers a sign-in that `recordExternalAuth` has decided, in the app's own handler. */
  readonly finishSignIn: (req: Request, res: Response, result: SignInResult) => Promise<void>;
}

/**
 * Makes Express handlers (4 and 5) out of the flows: facts in, reply out. A session gets a new id whenever it rises. Requests
 * by other sites are refused. Throws ERR_CONFIG.
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
    ...factorDoors(portcullis, parsed, door),
    guard: createGuard(portcullis, parsed),
    finishSignIn: (req, res, result) => finishSignIn(req, res, { result, options: parsed }),
  } satisfies ExpressDoors);
}

/** What every door asks first: is it a POST, and from a page of this app? */
function doorsTo({ checkAddress, emit, origin, uniform }: Portcullis): Door {
  const checkBody = createBodyCheck();
  return (route, work) =>
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

function signIn(portcullis: Portcullis, options: DoorsOptions): Work {
  const { fields } = options;
  return async (req, res) => {
    const input = { identifier: bodyField(req, fields.identifier), password: bodyField(req, fields.password), challenge: bodyField(req, fields.challenge) };
    await finishSignIn(req, res, { result: await portcullis.signIn.attempt({ ...input, facts: factsOf(req) }), options });
  };
}

function signOut(portcullis: Portcullis, { sessionOf, onSignedOut, clearSiteData }: DoorsOptions): Work {
  return async (req, res) => {
    const session = sessionOf(req);
    await endSession(req);
    // An app without a type checker may say null for nobody.
    if (typeof session?.accountId === 'string') sendCookies(res, portcullis.signOut.done({ accountId: session.accountId, facts: factsOf(req) }).setCookies);
    sendClearSiteData(res, clearSiteData);
    if (onSignedOut === undefined) res.status(204).set('Cache-Control', 'no-store').end();
    else await onSignedOut(req, res);
  };
}

function reset({ passwordReset }: Portcullis, options: DoorsOptions): Work {
  const { sessionOf, endSessions, fields } = options;
  return async (req, res) => {
    const signedInAs = sessionOf(req)?.accountId;
    const input = { ...proofOf(req, fields), password: bodyField(req, fields.password), secondFactor: bodyField(req, fields.secondFactor), proof: bodyField(req, fields.proof) };
    const result = await passwordReset.redeem({ ...input, facts: factsOf(req) });
    if (result.outcome === 'reset') {
      await endSessions(req, { accountId: result.accountId, which: result.revoke });
      // A session library that saves at the end of each request would bring this one back.
      if (signedInAs === result.accountId) await endSession(req);
    }
    await sendOrReject(req, res, { flow: 'password-reset', answered: result, options });
  };
}

function changePassword({ passwordChange, uniform }: Portcullis, options: DoorsOptions): Work {
  const { sessionOf, endSessions, fields } = options;
  return async (req, res) => {
    const session = sessionOf(req);
    if (session === undefined) {
      send(res, uniform.reply('sign-in-failed', factsOf(req).accepts));
      return;
    }
    const passwords = { currentPassword: bodyField(req, fields.currentPassword), newPassword: bodyField(req, fields.newPassword) };
    const result = await passwordChange.change({ session, ...passwords, facts: factsOf(req) });
    if (result.outcome === 'changed') {
      await endSessions(req, { accountId: result.accountId, which: result.revoke });
      await raise(req, result.session, options);
    }
    await sendOrReject(req, res, { flow: 'password-change', answered: result, options });
  };
}
