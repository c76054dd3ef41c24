import type { Member } from '../members.ts';
import { html, toText, type Html } from './html.ts';

/** What every page is made of. */
export interface PageParts {
  readonly title: string;
  readonly main: Html;
  /** The signed-in user; the navigation is theirs. */
  readonly user?: Member | undefined;
  /** Whose navigation a page has that was rendered before anybody came. Default: that of `user`, or a visitor's. */
  readonly nav?: 'visitor' | 'member' | 'none' | undefined;
  /** Which entry of the navigation is this page. */
  readonly path?: string;
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
${nav === 'none' ? undefined : nav === 'visitor' ? visitorNav(path) : memberNav(user, path)}
</div>
</header>
<main id="main" class="${width}">
${main}
</main>
<footer class="foot">
<p>Larkpost is an example app of <strong>portcullis</strong>. Its mails land in the <a href="/mails">development inbox</a>.</p>
</footer>
</body>
</html>
`);
}

function visitorNav(path: string | undefined): Html {
  return html`<nav class="nav" aria-label="Account">
${entry({ path: '/login', label: 'Sign in' }, path)}
${entry({ path: '/signup', label: 'Start a team' }, path)}
</nav>`;
}

function memberNav(user: Member | undefined, path: string | undefined): Html {
  return html`<nav class="nav" aria-label="Main">
${sections.map((section) => entry(section, path))}
</nav>
<form class="sign-out" method="post" action="/logout">
${user === undefined ? undefined : html`<span class="who">${user.teamName}</span>`}
<button class="quiet" type="submit">Sign out</button>
</form>`;
}

function entry({ path, label }: { readonly path: string; readonly label: string }, current: string | undefined): Html {
  return html`<a href="${path}"${path === current ? html` aria-current="page"` : undefined}>${label}</a>`;
}

/** A message above the content: what was done, or what is wrong. */
export function notice(text: string | undefined, kind: 'good' | 'bad'): Html | undefined {
  if (text === undefined) return undefined;
  return kind === 'bad' ? html`<p class="notice bad" role="alert">${text}</p>` : html`<p class="notice good" role="status">${text}</p>`;
}

/** All that is wrong with what was typed. */
export function reasonList(reasons: readonly string[]): Html | undefined {
  return reasons.length === 0 ? undefined : html`<ul class="notice bad" role="alert">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`;
}
