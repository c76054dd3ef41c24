import type { Portcullis } from 'portcullis';
import type { ReadOnlySubject } from 'portcullis/read-only';
import type { Users } from './data/users.ts';
import { bodyField, textOf } from './input.ts';
import { visitorOf } from './members.ts';
import { bannerPlace } from './views/layout.ts';
import { bannerText, typedPlace, typedText } from './views/read-only.ts';
import type { Visit } from './visit.ts';

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

/** A stolen account is worth its list of addresses, and reading that is a GET. */
const sensitive = ['/contacts/export.csv'];

export const readOnlyRoutes = { exempt, sensitive } as const;

const maxTypedChars = 200_000;

/** Whom a switch of a team or a person would bind. */
export function subjectOf(visit: Visit, users: Users): ReadOnlySubject {
  const user = visitorOf(visit, users);
  return user === undefined ? {} : { accountId: user.id, organizationIds: [String(user.teamId)] };
}

/** Puts the banner into a page on its way out. */
export type Finish = (html: string, visit: Visit) => string;

/**
 * The library's answers were rendered before anybody came, and so no page can be asked to hold the banner: each has a place for it. Only
 * pages may come here: data may hold anything, that place too.
 */
export function createFinish({ readOnly }: Portcullis, users: Users): Finish {
  return (html, visit) => {
    if (!html.includes(bannerPlace)) return html;
    // Most of the time nothing is on, and nobody need be looked up.
    const banner = readOnly.banner(readOnly.known().switches.length === 0 ? {} : subjectOf(visit, users));
    const withTyped = html.replace(typedPlace, () => typedText(longTextsIn(visit)));
    return banner === undefined ? withTyped : withTyped.replace(bannerPlace, () => bannerText(banner));
  };
}

/** What a refused form held that nobody wants to type again. Browsers forget it, since pages are not to be kept. */
function longTextsIn(visit: Visit): readonly (readonly [label: string, text: string])[] {
  const fields = [['Subject', 'subject'], ['Text', 'body'], ['Contacts', 'lines']] as const;
  return fields.flatMap(([label, name]): readonly (readonly [string, string])[] => {
    const text = textOf(bodyField(visit, name), maxTypedChars);
    return text === undefined ? [] : [[label, text]];
  });
}
