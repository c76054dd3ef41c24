import type { Request, RequestHandler, Response } from 'express';
import type { CodesIssued, FactorChanged } from '../../flows/factors.ts';
import type { Answered } from '../../flows/parts.ts';
import type { Portcullis } from '../../portcullis.ts';
import { finishSignIn, raise, sendAnswer, sendCookies, sendOrReject, sendSecret } from './answers.ts';
import type { DoorsOptions } from './doors-options.ts';
import { bodyField, factsOf, send, type Door, type Work } from './request.ts';
import { endSession } from './session.ts';

/** The doors of second factors, and what goes with them. All POST. */
export interface FactorDoors {
  /** `code` (or `proof`), `remember`: the second step of a sign-in. */
  readonly secondFactor: RequestHandler;
  /** `factorName`: begins to set an authenticator up. */
  readonly enroll: RequestHandler;
  /** `factorId`, `code`: ends it. */
  readonly confirmFactor: RequestHandler;
  /** `factorId`. */
  readonly removeFactor: RequestHandler;
  readonly suspendFactor: RequestHandler;
  readonly restoreFactor: RequestHandler;
  readonly reissueCodes: RequestHandler;
  /** `deviceId`, or all but this browser. */
  readonly forgetDevices: RequestHandler;
  /** `password`, `code`, `proof`: a fresh proof. */
  readonly stepUp: RequestHandler;
  /** `token`, from a mailed link. */
  readonly confirmChallenge: RequestHandler;
  /** `token`: "this was not me". */
  readonly disown: RequestHandler;
  /** `newEmail`. */
  readonly changeEmail: RequestHandler;
  /** `token`, or `code` in the session that asked. */
  readonly confirmEmail: RequestHandler;
}

export function factorDoors(portcullis: Portcullis, options: DoorsOptions, door: Door): FactorDoors {
  const { factors, emailChange } = portcullis;
  const { fields, sessionOf } = options;
  const asked = (req: Request) => ({ session: sessionOf(req), facts: factsOf(req) });
  const chosen = (req: Request) => ({ ...asked(req), factorId: bodyField(req, fields.factorId) });
  const change = (route: string, decide: (req: Request) => Promise<FactorChanged | Answered>): RequestHandler =>
    door(route, async (req, res) => {
      const result = await decide(req);
      if (result.outcome === 'changed') await settle(req, result, options);
      sendAnswer(res, result);
    });
  return {
    secondFactor: door('second-factor', async (req, res) => {
      const input = { code: bodyField(req, fields.code), proof: bodyField(req, fields.proof), remember: bodyField(req, fields.remember), facts: factsOf(req) };
      await finishSignIn(req, res, { result: await portcullis.secondFactor.verify(input), options });
    }),
    enroll: door('enroll-factor', enroll(portcullis, options)),
    confirmFactor: door('confirm-factor', confirmFactor(portcullis, options)),
    removeFactor: change('remove-factor', (req) => factors.remove(chosen(req))),
    suspendFactor: change('suspend-factor', (req) => factors.suspend(chosen(req))),
    restoreFactor: change('restore-factor', (req) => factors.restore(chosen(req))),
    forgetDevices: change('forget-devices', (req) => factors.forgetDevices({ ...asked(req), deviceId: given(bodyField(req, fields.deviceId)) })),
    reissueCodes: door('recovery-codes', reissueCodes(portcullis, options)),
    stepUp: door('step-up', stepUp(portcullis, options)),
    confirmChallenge: door('challenge', confirmChallenge(portcullis, options)),
    disown: door('disown', disown(portcullis, options)),
    changeEmail: door('email-change', async (req, res) => {
      const answered = await emailChange.request({ ...asked(req), email: bodyField(req, fields.newEmail) });
      await sendOrReject(req, res, { flow: 'email-change', answered, options });
    }),
    confirmEmail: door('confirm-email-change', async (req, res) => {
      sendAnswer(res, await emailChange.confirm({ ...asked(req), token: given(bodyField(req, fields.token)), code: bodyField(req, fields.code) }));
    }),
  };
}

/** A form sends a field that was left empty as an empty string. */
function given(value: unknown): unknown {
  return value === '' ? undefined : value;
}

/** After a change of factors: the other sessions end, and this one goes on under a new id. */
async function settle(req: Request, { accountId, revoke, session }: Pick<FactorChanged | CodesIssued, 'accountId' | 'revoke' | 'session'>, options: DoorsOptions): Promise<void> {
  await options.endSessions(req, { accountId, which: revoke });
  await raise(req, session, options);
}

function enroll({ enrollment }: Portcullis, { fields, sessionOf, onEnrollment }: DoorsOptions): Work {
  return async (req, res) => {
    const result = await enrollment.enroll({ session: sessionOf(req), name: bodyField(req, fields.factorName), facts: factsOf(req) });
    if (result.outcome === 'answered') sendAnswer(res, result);
    else await shown(req, res, { hook: onEnrollment, what: result.enrollment });
  };
}

function confirmFactor({ enrollment }: Portcullis, options: DoorsOptions): Work {
  const { fields, sessionOf, onEnrolled } = options;
  return async (req, res) => {
    const result = await enrollment.confirm({ session: sessionOf(req), factorId: bodyField(req, fields.factorId), code: bodyField(req, fields.code), facts: factsOf(req) });
    if (result.outcome === 'answered') {
      await sendOrReject(req, res, { flow: 'confirm-factor', answered: result, options });
      return;
    }
    await settle(req, result, options);
    sendCookies(res, result.setCookies);
    const { factor, recoveryCodes } = result;
    await shown(req, res, { hook: onEnrolled, what: { factor, ...(recoveryCodes !== undefined && { recoveryCodes }) } });
  };
}

function reissueCodes({ factors }: Portcullis, options: DoorsOptions): Work {
  return async (req, res) => {
    const result = await factors.reissueCodes({ session: options.sessionOf(req), facts: factsOf(req) });
    if (result.outcome === 'answered') {
      sendAnswer(res, result);
      return;
    }
    await settle(req, result, options);
    sendCookies(res, result.setCookies);
    await shown(req, res, { hook: options.onRecoveryCodes, what: { recoveryCodes: result.recoveryCodes } });
  };
}

/** What is shown once: as the app's page, or as data. */
async function shown<T extends object>(req: Request, res: Response, { hook, what }: { readonly hook: ((req: Request, res: Response, what: T) => void | Promise<void>) | undefined; readonly what: T }): Promise<void> {
  if (hook === undefined || factsOf(req).accepts === 'json') {
    sendSecret(res, what);
    return;
  }
  res.set('Cache-Control', 'no-store');
  await hook(req, res, what);
}

function stepUp(portcullis: Portcullis, options: DoorsOptions): Work {
  const { fields, sessionOf } = options;
  return async (req, res) => {
    const input = { password: bodyField(req, fields.password), code: bodyField(req, fields.code), proof: bodyField(req, fields.proof) };
    const result = await portcullis.stepUp.verify({ session: sessionOf(req), ...input, facts: factsOf(req) });
    if (result.outcome === 'stepped-up') await raise(req, result.session, options);
    if (result.outcome === 'answered') await sendOrReject(req, res, { flow: 'step-up', answered: result, options });
    else if (options.onSteppedUp === undefined || factsOf(req).accepts === 'json') sendAnswer(res, result);
    else await options.onSteppedUp(req, res, { session: result.session });
  };
}

function confirmChallenge({ challenge }: Portcullis, options: DoorsOptions): Work {
  const { fields, sessionOf, onConfirmed } = options;
  return async (req, res) => {
    const result = await challenge.confirm({ token: bodyField(req, fields.token), session: sessionOf(req), facts: factsOf(req) });
    if (result.outcome === 'confirmed') {
      await raise(req, result.session, options);
      if (onConfirmed === undefined || factsOf(req).accepts === 'json') send(res, result.reply);
      else await onConfirmed(req, res, { purpose: result.purpose });
    } else await finishSignIn(req, res, { result, options });
  };
}

function disown({ challenge }: Portcullis, { fields, sessionOf, endSessions }: DoorsOptions): Work {
  return async (req, res) => {
    const signedInAs = sessionOf(req)?.accountId;
    const result = await challenge.disown({ token: bodyField(req, fields.token), facts: factsOf(req) });
    if (result.outcome === 'disowned') {
      await endSessions(req, { accountId: result.accountId, which: result.revoke });
      if (signedInAs === result.accountId) await endSession(req);
    }
    sendAnswer(res, result);
  };
}
