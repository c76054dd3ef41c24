import type { Request, RequestHandler, Response } from 'express';
import type { Portcullis } from 'portcullis';
import { readOnlyErrors, readOnlyGuard } from 'portcullis/express';
import type { ReadOnlyBanner, ReadOnlySubject } from 'portcullis/read-only';
import type { Users } from './data/users.ts';
import { bodyField, textOf } from './input.ts';
import { visitorOf } from './members.ts';
import { bannerPlace } from './views/layout.ts';
import { bannerText, readOnlyPage, typedPlace, typedText } from './views/read-only.ts';

/**
 * What goes on while the app is read-only. People can sign in and out, prove who they are, replace a password and end sessions; whoever
 * looks after the app can do everything. Nothing that makes an account, a second step or a change of address is here.
 */
const exempt = [
  '/',
  '/login',
  '/login/code',
  '/logout',
  '/forgot',
  '/reset',
  '/step-up',
  '/challenge',
  '/not-me',
  '/account/password',
  'GET /account/security',
  'POST /account/security/sessions',
  '/health',
  'GET /mails',
  'GET /mails/:id',
  '/operator',
  '/operator/*',
];

const maxTypedChars = 200_000;

/** A stolen account is worth its list of addresses, and reading that is a GET. */
const sensitive = ['/contacts/export.csv'];

/** The middleware of read-only mode, for behind the session. */
export function readOnlyMiddleware({ readOnly }: Portcullis, users: Users): readonly RequestHandler[] {
  const subject = (req: Request): ReadOnlySubject => subjectOf(req, users);
  // Most of the time nothing is on, and nobody need be looked up.
  const bannerFor = (req: Request): ReadOnlyBanner | undefined => readOnly.banner(readOnly.known().switches.length === 0 ? {} : subject(req));
  return [showBanner(bannerFor), readOnlyGuard(readOnly, { exempt, sensitive, subjectOf: subject, page: readOnlyPage })];
}

/** The error handler of read-only mode, for behind the routes. */
export const readOnlyFailures = readOnlyErrors({ page: readOnlyPage });

/** Whom a switch of a team or a person would bind. */
function subjectOf(req: Request, users: Users): ReadOnlySubject {
  const user = visitorOf(req, users);
  return user === undefined ? {} : { accountId: user.id, organizationIds: [String(user.teamId)] };
}

/** What a refused form held that nobody wants to type again. Browsers forget it, since pages are not to be kept. */
function longTextsIn(req: Request): readonly (readonly [label: string, text: string])[] {
  const fields = [['Subject', 'subject'], ['Text', 'body'], ['Contacts', 'lines']] as const;
  return fields.flatMap(([label, name]): readonly (readonly [string, string])[] => {
    const text = textOf(bodyField(req, name), maxTypedChars);
    return text === undefined ? [] : [[label, text]];
  });
}

/**
 * Puts the banner into every page on its way out. The library's answers were rendered before anybody came, and so no page can be asked
 * to hold it: each has a place for it.
 */
function showBanner(bannerFor: (req: Request) => ReadOnlyBanner | undefined): RequestHandler {
  return (req, res, next) => {
    const withBanner = (body: unknown): unknown => {
      if (typeof body !== 'string' || !body.includes(bannerPlace) || !isPage(res)) return body;
      const banner = bannerFor(req);
      const withTyped = body.replace(typedPlace, () => typedText(longTextsIn(req)));
      return banner === undefined ? withTyped : withTyped.replace(bannerPlace, () => bannerText(banner));
    };
    // Pages of the app go through `send`, which counts their bytes; those of the library through `end`.
    const send = res.send.bind(res);
    const end = res.end.bind(res) as (...given: readonly unknown[]) => typeof res;
    res.send = (body) => send(withBanner(body));
    res.end = (body?: unknown, ...rest: readonly unknown[]) => end(withBanner(body), ...rest);
    next();
  };
}

/** Data may hold anything, the place of the banner too. What has no type yet becomes a page. */
function isPage(res: Response): boolean {
  const type = res.get('Content-Type');
  return type === undefined || type.startsWith('text/html');
}
