import type { Member } from '../members.ts';
import { html, toText, type Html } from './html.ts';
import { dateTime } from './time.ts';

/** What every page is made of. */
export interface PageParts {
  readonly title: string;
  readonly main: Html;
  /** The signed-in user; the navigation is theirs. */
  readonly user?: Member | undefined;
  /** Whose navigation a page has that was rendered before anybody came. Default: that of `user`, or a visitor's. */
  readonly nav?: 'visitor' | 'member' | 'operator' | 'sign-out' | 'none' | undefined;
  /** Which entry of the navigation is this page. */
  readonly path?: string | undefined;
  /** `narrow` for forms, `wide` for lists. */
  readonly width?: 'narrow' | 'wide';
  /** Files of public/ without `.js`. The page must work without them. */
  readonly scripts?: readonly string[];
}

const sections = [
  { path: '/contacts', label: 'Contacts' },
  { path: '/campaigns', label: 'Campaigns' },
  { path: '/team', label: 'Team' },
  { path: '/account', label: 'Account' },
];

const operations = { path: '/operator', label: 'Operations' };

const operatorSections = [operations, { path: '/operator/live', label: 'Live' }, { path: '/operator/contain', label: 'Contain' }, { path: '/account/security', label: 'Security' }];

/** Where the banner of read-only mode goes: `read-only.ts` puts it there on the way out. */
export const bannerPlace = '<!-- banner -->';

const place = html`<!-- banner -->`;

/** A whole page. It holds nothing of the request but what the caller put in, so that it can be rendered once and kept. */
export function page({ title, main, user, nav = user === undefined ? 'visitor' : 'member', path, width = 'narrow', scripts = [] }: PageParts): string {
  return toText(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} &middot; Larkpost</title>
<link rel="stylesheet" href="/assets/app.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
${scripts.map((name) => html`<script src="/assets/${name}.js" defer></script>`)}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar">
<div class="bar-inner">
<a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28">Larkpost</a>
${navigation({ nav, user, path })}
</div>
</header>
${place}
<main id="main" class="${width}">
${path === securityPath ? undefined : reminder(user)}
${main}
</main>
<footer class="foot">
<p>Larkpost is an example app of <strong>portcullis</strong>. Its mails land in the <a href="/mails">development inbox</a>.</p>
</footer>
</body>
</html>
`);
}

const securityPath = '/account/security';

function navigation({ nav, user, path }: Pick<PageParts, 'nav' | 'user' | 'path'>): Html | undefined {
  switch (nav) {
    case 'visitor':
      return visitorNav(path);
    case 'member':
      return memberNav(user, path);
    case 'operator':
      return operatorNav(user, path);
    case 'sign-out':
      return signOutForm(user);
    default:
      return undefined;
  }
}

/** For as long as somebody may still go without. */
function reminder(user: Member | undefined): Html | undefined {
  if (user?.secondStepDueMs === undefined) return undefined;
  return html`<p class="notice due" role="note">Your team asks for a second step from ${dateTime(user.secondStepDueMs)} on. <a href="${securityPath}">Set it up</a></p>`;
}

function visitorNav(path: string | undefined): Html {
  return html`<nav class="nav" aria-label="Account">
${entry({ path: '/login', label: 'Sign in' }, path)}
${entry({ path: '/signup', label: 'Start a team' }, path)}
</nav>`;
}

function memberNav(user: Member | undefined, path: string | undefined): Html {
  return html`<nav class="nav" aria-label="Main">
${[...sections, ...(user?.isOperator === true ? [operations] : [])].map((section) => entry(section, path))}
</nav>
${signOutForm(user)}`;
}

function operatorNav(user: Member | undefined, path: string | undefined): Html {
  return html`<nav class="nav" aria-label="Operator">
${operatorSections.map((section) => entry(section, path))}
</nav>
${signOutForm(user)}`;
}

function signOutForm(user: Member | undefined): Html {
  return html`<form class="sign-out" method="post" action="/logout">
${user === undefined ? undefined : html`<span class="who">${user.teamName}</span>`}
<button class="quiet" type="submit">Sign out</button>
</form>`;
}

function entry({ path, label }: { readonly path: string; readonly label: string }, current: string | undefined): Html {
  return html`<a href="${path}"${path === current || (path !== operations.path && current?.startsWith(`${path}/`) === true) ? html` aria-current="page"` : undefined}>${label}</a>`;
}

/** A message above the content: what was done, or what is wrong. */
export function notice(text: string | undefined, kind: 'good' | 'bad'): Html | undefined {
  if (text === undefined) return undefined;
  return kind === 'bad' ? html`<p class="notice bad" role="alert">${text}</p>` : html`<p class="notice good" role="status">${text}</p>`;
}

/** All that is wrong with what was typed. */
export function reasonList(reasons: readonly string[]): Html | undefined {
  if (reasons.length < 2) return notice(reasons[0], 'bad');
  return html`<ul class="notice bad" role="alert">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`;
}
