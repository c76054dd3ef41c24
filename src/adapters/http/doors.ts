import type { Portcullis } from '../../portcullis.ts';
import type { Reply } from '../../ports/reply.ts';
import { frameworkAddress } from './address.ts';
import { answerBy, finishSignIn, raise, sendClearSiteData, sendCookies, sendOrReject, type DoorParts } from './answers.ts';
import type { ParsedDoorsOptions } from './doors-options.ts';
import { factorDoors, type FactorDoors } from './factor-doors.ts';
import { failureOf, type HttpRequest, type Work } from './framework.ts';
import { acceptsOf, addressFactsOf, bodyField, createBodyCheck, factsOf, hasHungUp, isCrossSite } from './request.ts';
import { endSession } from './session.ts';

/** One handler for each door, for POST. The body must have been parsed. */
export interface Doors<Handler> extends FactorDoors<Handler> {
  readonly signUp: Handler;
  readonly confirm: Handler;
  readonly resend: Handler;
  readonly signIn: Handler;
  readonly signOut: Handler;
  readonly forgot: Handler;
  readonly reset: Handler;
  readonly changePassword: Handler;
}

/** Makes a door: asks what every door asks, then works. */
export type Door<Req, Res, Handler> = (route: string, work: Work<Req, Res>) => Handler;

/** Makes handlers out of the flows: facts in, reply out. `handlerOf` gives the framework's form to one. */
export function createDoors<Req extends HttpRequest, Res, Handler>(parts: DoorParts<Req, Res>, handlerOf: (work: Work<Req, Res>) => Handler): Doors<Handler> {
  const { http, options, portcullis } = parts;
  const { fields, profileOf } = options;
  const { signUp, passwordReset } = portcullis;
  const ask = questions(parts);
  const door: Door<Req, Res, Handler> = (route, work) => handlerOf(ask(route, work));
  const identifierOf = (req: Req): unknown => bodyField(req, fields.identifier);
  const answer = async (res: Res, decided: Promise<{ readonly reply: Reply }>): Promise<void> => {
    http.send(res, (await decided).reply);
  };

  return {
    signUp: door('sign-up', async (req, res) => {
      const entries = { identifier: identifierOf(req), password: bodyField(req, fields.password), profile: profileOf(req) };
      await sendOrReject(parts, { req, res }, { flow: 'sign-up', answered: await signUp.request({ ...entries, facts: factsOf(req, options.address) }) });
    }),
    confirm: door('confirm-sign-up', (req, res) => answer(res, signUp.confirm({ ...proofOf(req, fields), facts: factsOf(req, options.address) }))),
    resend: door('resend-confirmation', (req, res) => answer(res, signUp.resend({ identifier: identifierOf(req), facts: factsOf(req, options.address) }))),
    forgot: door('forgot-password', (req, res) => answer(res, passwordReset.request({ identifier: identifierOf(req), facts: factsOf(req, options.address) }))),
    signIn: door('sign-in', signIn(parts)),
    signOut: door('sign-out', signOut(parts)),
    reset: door('password-reset', reset(parts)),
    changePassword: door('password-change', changePassword(parts)),
    ...factorDoors(parts, door),
  };
}

/** What every door asks first: is it a POST, and from a page of this app? */
function questions<Req extends HttpRequest, Res>({ http, portcullis, options }: DoorParts<Req, Res>): (route: string, work: Work<Req, Res>) => Work<Req, Res> {
  const { checkAddress, emit, origin, uniform } = portcullis;
  const checkBody = createBodyCheck(http);
  return (route, work) => async (req, res) => {
    // Only signing out asks for no answer and no address.
    const address = options.address(req);
    if (hasHungUp(req, address) && route !== 'sign-out') return;
    // What the framework trusts says nothing about an address that it did not find.
    checkAddress(addressFactsOf(req, { address, proxyTrust: options.address === frameworkAddress ? http.proxyTrustOf(req) : 'some' }));
    if (req.method !== 'POST') http.send(res, { status: 405, headers: { 'Allow': 'POST', 'Cache-Control': 'no-store' }, body: '' });
    else if (isCrossSite(req, origin)) {
      emit({ type: 'request.cross-site', route, ...(address !== undefined && { address }) });
      http.send(res, uniform.reply('cross-site', acceptsOf(req)));
    } else {
      checkBody(req);
      await work(req, res).catch((error: unknown) => Promise.reject(failureOf(error)));
    }
  };
}

function proofOf(req: HttpRequest, fields: ParsedDoorsOptions<never, never>['fields']) {
  return { token: bodyField(req, fields.token), identifier: bodyField(req, fields.identifier), code: bodyField(req, fields.code) };
}

function signIn<Req extends HttpRequest, Res>(parts: DoorParts<Req, Res>): Work<Req, Res> {
  const { fields } = parts.options;
  return async (req, res) => {
    const input = { identifier: bodyField(req, fields.identifier), password: bodyField(req, fields.password), challenge: bodyField(req, fields.challenge) };
    await finishSignIn(parts, { req, res }, await parts.portcullis.signIn.attempt({ ...input, facts: factsOf(req, parts.options.address) }));
  };
}

function signOut<Req extends HttpRequest, Res>({ http, portcullis, options }: DoorParts<Req, Res>): Work<Req, Res> {
  const { sessionOf, onSignedOut, clearSiteData } = options;
  return async (req, res) => {
    const session = sessionOf(req);
    await endSession(req);
    // An app without a type checker may say null for nobody.
    if (typeof session?.accountId === 'string') sendCookies(http, res, portcullis.signOut.done({ accountId: session.accountId, facts: factsOf(req, options.address) }).setCookies);
    sendClearSiteData(http, res, clearSiteData);
    if (onSignedOut === undefined) http.send(res, { status: 204, headers: { 'Cache-Control': 'no-store' }, body: '' });
    else await answerBy(http, res, onSignedOut(req, res));
  };
}

function reset<Req extends HttpRequest, Res>(parts: DoorParts<Req, Res>): Work<Req, Res> {
  const { sessionOf, endSessions, fields } = parts.options;
  return async (req, res) => {
    const signedInAs = sessionOf(req)?.accountId;
    const input = { ...proofOf(req, fields), password: bodyField(req, fields.password), secondFactor: bodyField(req, fields.secondFactor), proof: bodyField(req, fields.proof) };
    const result = await parts.portcullis.passwordReset.redeem({ ...input, facts: factsOf(req, parts.options.address) });
    if (result.outcome === 'reset') {
      await endSessions(req, { accountId: result.accountId, which: result.revoke });
      // A session library that saves at the end of each request would bring this one back.
      if (signedInAs === result.accountId) await endSession(req);
    }
    await sendOrReject(parts, { req, res }, { flow: 'password-reset', answered: result });
  };
}

function changePassword<Req extends HttpRequest, Res>(parts: DoorParts<Req, Res>): Work<Req, Res> {
  const { http, options } = parts;
  const { passwordChange, uniform }: Pick<Portcullis, 'passwordChange' | 'uniform'> = parts.portcullis;
  const { sessionOf, endSessions, fields } = options;
  return async (req, res) => {
    const session = sessionOf(req);
    if (session === undefined) {
      http.send(res, uniform.reply('sign-in-failed', acceptsOf(req)));
      return;
    }
    const passwords = { currentPassword: bodyField(req, fields.currentPassword), newPassword: bodyField(req, fields.newPassword) };
    const result = await passwordChange.change({ session, ...passwords, facts: factsOf(req, options.address) });
    if (result.outcome === 'changed') {
      await endSessions(req, { accountId: result.accountId, which: result.revoke });
      await raise(req, result.session, options);
    }
    await sendOrReject(parts, { req, res }, { flow: 'password-change', answered: result });
  };
}
