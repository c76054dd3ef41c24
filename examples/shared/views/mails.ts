import type { User } from '../data/users.ts';
import type { StoredMail } from '../mail-folder.ts';
import { html, type Html } from './html.ts';
import { page } from './layout.ts';
import { dateTime } from './time.ts';

/** Mails on the page. */
const shownMails = 100;

export function mailsPage(mails: readonly StoredMail[], user: User | undefined): string {
  return page({
    user,
    title: 'Development inbox',
    width: 'wide',
    main: html`<div class="heading"><div><h1>Development inbox</h1><p class="lead">Every mail that the app has sent, to anybody. A real app has no such page.</p></div></div>
<section class="card flush">
${mails.length === 0 ? html`<p class="empty">No mail has been sent yet.</p>` : html`<ul class="list">${mails.slice(0, shownMails).map(item)}</ul>`}
</section>`,
  });
}

function item({ id, to, subject, sentAtMs }: StoredMail): Html {
  return html`<li><a href="/mails/${id}"><strong>${subject}</strong></a><span class="meta">to ${to} &middot; ${dateTime(sentAtMs)}</span></li>`;
}

export interface MailPage {
  readonly mail: StoredMail;
  readonly baseUrl: string;
  readonly user: User | undefined;
}

export function mailPage({ mail: { subject, to, sentAtMs, text }, baseUrl, user }: MailPage): string {
  return page({
    user,
    title: subject,
    width: 'wide',
    main: html`<p class="back"><a href="/mails">Development inbox</a></p>
<article class="card">
<h1>${subject}</h1>
<p class="meta">to ${to} &middot; ${dateTime(sentAtMs)}</p>
<div class="letter">${linked(text, baseUrl)}</div>
</article>`,
  });
}

/** The text with the app's own links clickable. What else looks like a link stays text. */
function linked(text: string, baseUrl: string): readonly Html[] {
  return text.split(/(https?:\/\/\S+)/).map((part) => (part.startsWith(`${baseUrl}/`) ? html`<a href="${part}">${part}</a>` : html`${part}`));
}
