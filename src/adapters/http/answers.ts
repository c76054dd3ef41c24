import type { SignInResult } from '../../flows/admit.ts';
import type { Answered } from '../../flows/parts.ts';
import type { Portcullis } from '../../portcullis.ts';
import type { Reply } from '../../ports/reply.ts';
import type { SessionFacts } from '../../ports/session.ts';
import type { ParsedDoorsOptions, Rejection, SignedInFacts } from './doors-options.ts';
import { settled, type Framework, type HttpRequest } from './framework.ts';
import { acceptsOf } from './request.ts';
import { freshSession } from './session.ts';

/** What the doors are made of. */
export interface DoorParts<Req extends HttpRequest, Res> {
  readonly http: Framework<Req, Res>;
  readonly portcullis: Portcullis;
  readonly options: ParsedDoorsOptions<Req, Res>;
}

/** One request, and its answer in the making. */
export interface Exchange<Req, Res> {
  readonly req: Req;
  readonly res: Res;
}

type Parts<Req extends HttpRequest, Res> = Pick<DoorParts<Req, Res>, 'http' | 'options'>;

/** Cookies of the library, beside those of the app. */
export function sendCookies<Res>(http: Framework<never, Res>, res: Res, lines: readonly string[] = []): void {
  for (const line of lines) http.addCookie(res, line);
}

/** Tells the browser to forget what the app has stored there (Clear-Site-Data; OWASP ASVS 5.0 14.3.1). */
export function sendClearSiteData<Res>(http: Framework<never, Res>, res: Res, what: readonly string[]): void {
  if (what.length > 0) http.setHeader(res, 'Clear-Site-Data', what.map((each) => `"${each}"`).join(', '));
}

/** Writes out an answer and its cookies. */
export function sendAnswer<Res>(http: Framework<never, Res>, res: Res, { reply, setCookies }: { readonly reply: Reply; readonly setCookies?: readonly string[] }): void {
  sendCookies(http, res, setCookies);
  http.send(res, reply);
}

/** Lets a hook of the app answer: by itself, or by what it returns where the framework knows such a thing. */
export async function answerBy<Res>(http: Framework<never, Res>, res: Res, returned: unknown): Promise<void> {
  http.sendReturned(res, await settled(res, returned));
}

/** The app may word a rejection itself, since that depends on nothing but what was typed. */
export async function sendOrReject<Req extends HttpRequest, Res>({ http, options }: Parts<Req, Res>, { req, res }: Exchange<Req, Res>, { flow, answered }: { readonly flow: Rejection['flow']; readonly answered: Omit<Answered, 'outcome'> }): Promise<void> {
  const { reply, reasons } = answered;
  if (reasons === undefined || options.onRejected === undefined || acceptsOf(req) === 'json') {
    sendAnswer(http, res, answered);
    return;
  }
  http.begin(res, reply);
  await answerBy(http, res, options.onRejected(req, res, { flow, reasons }));
}

/** What is shown once: as the app's page, or as plain data. */
export async function sendSecret<Req extends HttpRequest, Res, T extends object>(http: Framework<Req, Res>, { req, res }: Exchange<Req, Res>, { hook, what }: { readonly hook: ((req: Req, res: Res, what: T) => unknown) | undefined; readonly what: T }): Promise<void> {
  if (hook === undefined || acceptsOf(req) === 'json') {
    const headers = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Content-Type': 'application/json; charset=utf-8' };
    http.send(res, { status: 200, headers, body: JSON.stringify(what) });
    return;
  }
  http.setHeader(res, 'Cache-Control', 'no-store');
  await answerBy(http, res, hook(req, res, what));
}

/** A session that has risen: a new id, and what it holds now. */
export async function raise<Req extends HttpRequest, Res>(req: Req, session: SessionFacts, { remember }: ParsedDoorsOptions<Req, Res>): Promise<void> {
  await freshSession(req);
  await remember(req, session);
}

/** What every way in ends with. */
export async function finishSignIn<Req extends HttpRequest, Res>({ http, options }: Parts<Req, Res>, { req, res }: Exchange<Req, Res>, result: SignInResult & Pick<SignedInFacts, 'codesLeft' | 'reissue'>): Promise<void> {
  if (result.outcome === 'answered') {
    sendAnswer(http, res, result);
    return;
  }
  sendCookies(http, res, result.setCookies);
  if (result.outcome === 'second-factor') {
    if (options.onSecondFactor === undefined || acceptsOf(req) === 'json') http.send(res, result.reply);
    else await answerBy(http, res, options.onSecondFactor(req, res, { methods: result.methods }));
    return;
  }
  const { accountId, session, enrollUntilMs, codesLeft, reissue } = result;
  await raise(req, session, options);
  await answerBy(http, res, options.onSignedIn(req, res, {
    accountId,
    session,
    ...(enrollUntilMs !== undefined && { enrollUntilMs }),
    ...(codesLeft !== undefined && { codesLeft, reissue: reissue === true }),
  }));
}
