import { html, reasonsMark, type Html } from './html.ts';
import { page } from './layout.ts';

export interface MessagePage {
  readonly title: string;
  readonly detail: string;
  readonly tone?: 'good' | 'bad';
  /** Where to go from here. */
  readonly links?: readonly { readonly href: string; readonly label: string }[];
  /** Leaves room for the library's list of reasons. */
  readonly reasons?: boolean;
}

/** A page that says one thing. */
export function messagePage({ title, detail, tone = 'good', links = [], reasons = false }: MessagePage): string {
  return page({
    title,
    main: html`<section class="card">
<h1>${title}</h1>
<p class="lead"${tone === 'bad' ? html` role="alert"` : undefined}>${detail}</p>
${reasons ? reasonsMark : undefined}
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
    detail: 'We have sent a mail to that address. It holds a link and a code to go on with.',
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
