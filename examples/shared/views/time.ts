import { html, type Html } from './html.ts';

const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** A point in time for people. */
export function timeText(atMs: number): string {
  return `${format.format(atMs)} UTC`;
}

/** A point in time for people and machines. */
export function dateTime(atMs: number): Html {
  return html`<time datetime="${new Date(atMs).toISOString()}">${timeText(atMs)}</time>`;
}
