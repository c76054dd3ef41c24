import { html, type Html } from './html.ts';
import { browserName } from './browsers.ts';
import { dateTime } from './time.ts';

/** A session of the member who looks at it. Times are wall-clock ms. */
export interface ListedSession {
  readonly handle: string;
  readonly browser: string;
  readonly startedAtMs: number;
  readonly lastSeenMs: number;
  readonly isThis: boolean;
}

/** Where somebody is signed in at the moment. */
export function ownSessionsCard(sessions: readonly ListedSession[]): Html | undefined {
  if (sessions.length === 0) return undefined;
  return html`<section class="card flush" id="sessions">
<div class="card-head"><h2>Where you are signed in</h2><p class="lead">End a session that you do not know, and change your password.</p></div>
<ul class="list">${sessions.map(item)}</ul>
${sessions.length > 1 ? html`<form method="post" action="/account/security/sessions" class="more"><button type="submit" class="secondary small">End all others</button></form>` : undefined}
</section>`;
}

function item({ handle, browser, startedAtMs, lastSeenMs, isThis }: ListedSession): Html {
  const name = browserName(browser);
  return html`<li class="with-actions">
<div><strong>${name}</strong>${isThis ? html` <span class="badge good">this session</span>` : undefined}
<span class="meta">Signed in ${dateTime(startedAtMs)} &middot; last seen ${dateTime(lastSeenMs)}</span></div>
${isThis ? undefined : html`<div class="actions"><form method="post" action="/account/security/sessions"><input type="hidden" name="session" value="${handle}"><button type="submit" class="secondary small">End<span class="visually-hidden"> ${name}, signed in ${dateTime(startedAtMs)}</span></button></form></div>`}
</li>`;
}
