import type { CodesIssued, FactorChanged } from '../../flows/factors.ts';
import type { Answered } from '../../flows/parts.ts';
import { answerBy, finishSignIn, raise, sendAnswer, sendCookies, sendOrReject, sendSecret, type DoorParts } from './answers.ts';
import type { ParsedDoorsOptions } from './doors-options.ts';
import type { Door } from './doors.ts';
import type { HttpRequest, Work } from './framework.ts';
import { acceptsOf, bodyField, factsOf } from './request.ts';
import { endSession } from './session.ts';

/** The doors of second factors, and what goes with them. All POST. */
export interface FactorDoors<Handler> {
  /** `code` (or `proof`), `remember`: the second step of a sign-in. */
  readonly secondFactor: Handler;
  /** `factorName`: begins to set an authenticator up. */
  readonly enroll: Handler;
  /** `factorId`, `code`: ends it. */
  readonly confirmFactor: Handler;
  /** `factorId`. */
  readonly removeFactor: Handler;
  readonly suspendFactor: Handler;
  readonly restoreFactor: Handler;
  readonly reissueCodes: Handler;
  /** `deviceId`, or all but this browser. */
  readonly forgetDevices: Handler;
  /** `password`, `code`, `proof`: a fresh proof. */
  readonly stepUp: Handler;
  /** `token`, from a mailed link. */
  readonly confirmChallenge: Handler;
  /** `token`: "this was not me". */
  readonly disown: Handler;
  /** `newEmail`. */
  readonly changeEmail: Handler;
  /** `token`, or `code` in the session that asked. */
  readonly confirmEmail: Handler;
}

export function factorDoors<Req extends HttpRequest, Res, Handler>(parts: DoorParts<Req, Res>, door: Door<Req, Res, Handler>): FactorDoors<Handler> {
  const { http, portcullis, options } = parts;
  const { factors, emailChange } = portcullis;
  const { fields, sessionOf } = options;
  const asked = (req: Req) => ({ session: sessionOf(req), facts: factsOf(req, options.address) });
  const chosen = (req: Req) => ({ ...asked(req), factorId: bodyField(req, fields.factorId) });
  const change = (route: string, decide: (req: Req) => Promise<FactorChanged | Answered>): Handler =>
    door(route, async (req, res) => {
      const result = await decide(req);
      if (result.outcome === 'changed') await settle(req, result, options);
      sendAnswer(http, res, result);
    });
  return {
    secondFactor: door('second-factor', async (req, res) => {
      const input = { code: bodyField(req, fields.code), proof: bodyField(req, fields.proof), remember: bodyField(req, fields.remember), facts: factsOf(req, options.address) };
      await finishSignIn(parts, { req, res }, await portcullis.secondFactor.verify(input));
    }),
    enroll: door('enroll-factor', enroll(parts)),
    confirmFactor: door('confirm-factor', confirmFactor(parts)),
    removeFactor: change('remove-factor', (req) => factors.remove(chosen(req))),
    suspendFactor: change('suspend-factor', (req) => factors.suspend(chosen(req))),
    restoreFactor: change('restore-factor', (req) => factors.restore(chosen(req))),
    forgetDevices: change('forget-devices', (req) => factors.forgetDevices({ ...asked(req), deviceId: given(bodyField(req, fields.deviceId)) })),
    reissueCodes: door('recovery-codes', reissueCodes(parts)),
    stepUp: door('step-up', stepUp(parts)),
    confirmChallenge: door('challenge', confirmChallenge(parts)),
    disown: door('disown', disown(parts)),
    changeEmail: door('email-change', async (req, res) => {
      const answered = await emailChange.request({ ...asked(req), email: bodyField(req, fields.newEmail) });
      await sendOrReject(parts, { req, res }, { flow: 'email-change', answered });
    }),
    confirmEmail: door('confirm-email-change', async (req, res) => {
      sendAnswer(http, res, await emailChange.confirm({ ...asked(req), token: given(bodyField(req, fields.token)), code: bodyField(req, fields.code) }));
    }),
  };
}

/** A form sends a field that was left empty as an empty string. */
function given(value: unknown): unknown {
  return value === '' ? undefined : value;
}

/** After a change of factors: the other sessions end, and this one goes on under a new id. */
async function settle<Req extends HttpRequest, Res>(req: Req, { accountId, revoke, session }: Pick<FactorChanged | CodesIssued, 'accountId' | 'revoke' | 'session'>, options: ParsedDoorsOptions<Req, Res>): Promise<void> {
  await options.endSessions(req, { accountId, which: revoke });
  await raise(req, session, options);
}

function enroll<Req extends HttpRequest, Res>({ http, portcullis, options }: DoorParts<Req, Res>): Work<Req, Res> {
  const { fields, sessionOf, onEnrollment } = options;
  return async (req, res) => {
    const result = await portcullis.enrollment.enroll({ session: sessionOf(req), name: bodyField(req, fields.factorName), facts: factsOf(req, options.address) });
    if (result.outcome === 'answered') sendAnswer(http, res, result);
    else await sendSecret(http, { req, res }, { hook: onEnrollment, what: result.enrollment });
  };
}

function confirmFactor<Req extends HttpRequest, Res>(parts: DoorParts<Req, Res>): Work<Req, Res> {
  const { http, portcullis, options } = parts;
  const { fields, sessionOf, onEnrolled } = options;
  return async (req, res) => {
    const result = await portcullis.enrollment.confirm({ session: sessionOf(req), factorId: bodyField(req, fields.factorId), code: bodyField(req, fields.code), facts: factsOf(req, options.address) });
    if (result.outcome === 'answered') {
      await sendOrReject(parts, { req, res }, { flow: 'confirm-factor', answered: result });
      return;
    }
    await settle(req, result, options);
    sendCookies(http, res, result.setCookies);
    const { factor, recoveryCodes } = result;
    await sendSecret(http, { req, res }, { hook: onEnrolled, what: { factor, ...(recoveryCodes !== undefined && { recoveryCodes }) } });
  };
}

function reissueCodes<Req extends HttpRequest, Res>({ http, portcullis, options }: DoorParts<Req, Res>): Work<Req, Res> {
  return async (req, res) => {
    const result = await portcullis.factors.reissueCodes({ session: options.sessionOf(req), facts: factsOf(req, options.address) });
    if (result.outcome === 'answered') {
      sendAnswer(http, res, result);
      return;
    }
    await settle(req, result, options);
    sendCookies(http, res, result.setCookies);
    await sendSecret(http, { req, res }, { hook: options.onRecoveryCodes, what: { recoveryCodes: result.recoveryCodes } });
  };
}

function stepUp<Req extends HttpRequest, Res>(parts: DoorParts<Req, Res>): Work<Req, Res> {
  const { http, portcullis, options } = parts;
  const { fields, sessionOf, onSteppedUp } = options;
  return async (req, res) => {
    const input = { password: bodyField(req, fields.password), code: bodyField(req, fields.code), proof: bodyField(req, fields.proof) };
    const result = await portcullis.stepUp.verify({ session: sessionOf(req), ...input, facts: factsOf(req, options.address) });
    if (result.outcome === 'stepped-up') await raise(req, result.session, options);
    if (result.outcome === 'answered') await sendOrReject(parts, { req, res }, { flow: 'step-up', answered: result });
    else if (onSteppedUp === undefined || acceptsOf(req) === 'json') sendAnswer(http, res, result);
    else await answerBy(http, res, onSteppedUp(req, res, { session: result.session }));
  };
}

function confirmChallenge<Req extends HttpRequest, Res>(parts: DoorParts<Req, Res>): Work<Req, Res> {
  const { http, portcullis, options } = parts;
  const { fields, sessionOf, onConfirmed } = options;
  return async (req, res) => {
    const result = await portcullis.challenge.confirm({ token: bodyField(req, fields.token), session: sessionOf(req), facts: factsOf(req, options.address) });
    if (result.outcome === 'confirmed') {
      await raise(req, result.session, options);
      if (onConfirmed === undefined || acceptsOf(req) === 'json') http.send(res, result.reply);
      else await answerBy(http, res, onConfirmed(req, res, { purpose: result.purpose }));
    } else await finishSignIn(parts, { req, res }, result);
  };
}

function disown<Req extends HttpRequest, Res>({ http, portcullis, options }: DoorParts<Req, Res>): Work<Req, Res> {
  const { fields, sessionOf, endSessions } = options;
  return async (req, res) => {
    const signedInAs = sessionOf(req)?.accountId;
    const result = await portcullis.challenge.disown({ token: bodyField(req, fields.token), facts: factsOf(req, options.address) });
    if (result.outcome === 'disowned') {
      await endSessions(req, { accountId: result.accountId, which: result.revoke });
      if (signedInAs === result.accountId) await endSession(req);
    }
    sendAnswer(http, res, result);
  };
}
