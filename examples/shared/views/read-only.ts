import type { ReadOnlyBanner } from 'portcullis/read-only';
import { html, toText, type Html } from './html.ts';
import { page } from './layout.ts';
import { dateTime } from './time.ts';

/** On every page while it lasts: why, and until when. Who ordered it is for operators. */
export function bannerText({ level, reason, untilMs }: Pick<ReadOnlyBanner, 'level' | 'reason' | 'untilMs'>): string {
  return toText(html`<div class="banner" role="note" aria-label="Read-only">
<p><strong>${level === 'sensitive' ? 'Exports are off for now.' : 'Larkpost is read-only for now.'}</strong> ${why(reason)} ${until(untilMs)}</p>
</div>`);
}

/** Where a refused page shows what was typed: `read-only.ts` puts it there on the way out. */
export const typedPlace = '<!-- typed -->';

const typedHere = html`<!-- typed -->`;

/** Text that took somebody a while, to be copied: nothing of it is kept here. */
export function typedText(texts: readonly (readonly [label: string, text: string])[]): string {
  return toText(html`${texts.map(([label, text], index) => html`<div class="field"><label for="typed-${index}">${label}, as you typed it</label><textarea id="typed-${index}" rows="${Math.min(8, text.split('\n').length + 1)}" readonly>${text}</textarea></div>`)}`);
}

/** What somebody gets who sends a form all the same. */
export function readOnlyPage({ level, reason, untilMs }: Pick<ReadOnlyBanner, 'level' | 'reason' | 'untilMs'>): string {
  return page({
    title: 'Read-only for now',
    nav: 'none',
    main: html`<section class="card">
<h1>Read-only for now</h1>
<p role="alert">${level === 'all' ? 'This page is not to be had at the moment.' : 'Nothing was changed, sent or exported.'} ${why(reason)} ${until(untilMs)}</p>
<p class="lead">${level === 'all' ? 'You can still sign in and out, and choose a new password.' : 'You can go on reading.'}</p>
${typedHere}
<p class="actions"><a class="button" href="/">Home</a></p>
</section>`,
  });
}

function why(reason: string): string | undefined {
  return reason === '' ? undefined : /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

function until(untilMs: number | undefined): Html | string {
  return untilMs === undefined ? 'We will tell you here when it is over.' : html`Planned until ${dateTime(untilMs)}.`;
}
