import type { Request, Response } from 'express';
import type { SignInResult } from '../../flows/admit.ts';
import type { Answered } from '../../flows/parts.ts';
import type { Reply } from '../../ports/reply.ts';
import type { SessionFacts } from '../../ports/session.ts';
import type { DoorsOptions, Rejection, SignedInFacts } from './doors-options.ts';
import { factsOf, send } from './request.ts';
import { freshSession } from './session.ts';

/** Cookies of the library, beside those of the app. */
export function sendCookies(res: Response, lines: readonly string[] = []): void {
  for (const line of lines) res.append('Set-Cookie', line);
}

/** Tells the browser to forget what the app has stored there (Clear-Site-Data; OWASP ASVS 5.0 14.3.1). */
export function sendClearSiteData(res: Response, what: readonly string[]): void {
  if (what.length > 0) res.set('Clear-Site-Data', what.map((each) => `"${each}"`).join(', '));
}

/** Writes out an answer and its cookies. */
export function sendAnswer(res: Response, { reply, setCookies }: { readonly reply: Reply; readonly setCookies?: readonly string[] }): void {
  sendCookies(res, setCookies);
  send(res, reply);
}

/** The app may word a rejection itself, since that depends on nothing but what was typed. */
export async function sendOrReject(req: Request, res: Response, { flow, answered, options }: { readonly flow: Rejection['flow']; readonly answered: Omit<Answered, 'outcome'>; readonly options: DoorsOptions }): Promise<void> {
  const { reply, reasons } = answered;
  if (reasons === undefined || options.onRejected === undefined || factsOf(req).accepts === 'json') {
    sendAnswer(res, answered);
    return;
  }
  res.status(reply.status).set(reply.headers);
  await options.onRejected(req, res, { flow, reasons });
}

/** Something that is shown once, as plain data. */
export function sendSecret(res: Response, body: object): void {
  res.status(200).set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }).json(body);
}

/** A session that has risen: a new id, and what it holds now. */
export async function raise(req: Request, session: SessionFacts, { remember }: DoorsOptions): Promise<void> {
  await freshSession(req);
  await remember(req, session);
}

/** What every way in ends with. */
export async function finishSignIn(req: Request, res: Response, { result, options }: { readonly result: SignInResult & Pick<SignedInFacts, 'codesLeft' | 'reissue'>; readonly options: DoorsOptions }): Promise<void> {
  if (result.outcome === 'answered') {
    sendAnswer(res, result);
    return;
  }
  sendCookies(res, result.setCookies);
  if (result.outcome === 'second-factor') {
    if (options.onSecondFactor === undefined || factsOf(req).accepts === 'json') send(res, result.reply);
    else await options.onSecondFactor(req, res, { methods: result.methods });
    return;
  }
  const { accountId, session, enrollUntilMs, codesLeft, reissue } = result;
  await raise(req, session, options);
  await options.onSignedIn(req, res, {
    accountId,
    session,
    ...(enrollUntilMs !== undefined && { enrollUntilMs }),
    ...(codesLeft !== undefined && { codesLeft, reissue: reissue === true }),
  });
}
