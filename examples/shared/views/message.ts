import { html, type Html } from './html.ts';
import { page, type PageParts } from './layout.ts';

export interface MessagePage {
  readonly title: string;
  readonly detail: string;
  readonly tone?: 'good' | 'bad';
  /** Where to go from here. */
  readonly links?: readonly { readonly href: string; readonly label: string }[];
  readonly nav?: PageParts['nav'];
}

/** A page that says one thing. */
export function messagePage({ title, detail, tone = 'good', links = [], nav }: MessagePage): string {
  return page({
    title,
    nav,
    main: html`<section class="card">
<h1>${title}</h1>
<p class="lead"${tone === 'bad' ? html` role="alert"` : undefined}>${detail}</p>
${links.length === 0 ? undefined : html`<p class="actions">${links.map(link)}</p>`}
</section>`,
  });
}

function link({ href, label }: { readonly href: string; readonly label: string }, index: number): Html {
  return html`<a class="button${index === 0 ? '' : ' secondary'}" href="${href}">${label}</a>`;
}

/** After a sign-up, and after asking for the mail again. */
export function checkMailPage(): string {
  return messagePage({
    title: 'Check your mail',
    detail: 'A mail to that address says how to go on. If there is none after a few minutes, look in the spam folder.',
    links: [
      { href: '/confirm', label: 'Enter the code' },
      { href: '/mails', label: 'Open the development inbox' },
    ],
  });
}

/** After asking for a new password. */
export function resetMailPage(detail: string): string {
  return messagePage({
    title: 'Check your mail',
    detail,
    links: [
      { href: '/reset', label: 'Enter the code' },
      { href: '/mails', label: 'Open the development inbox' },
    ],
  });
}
