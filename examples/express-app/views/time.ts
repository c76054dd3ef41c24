import { html, type Html } from './html.ts';

const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** A point in time for people and machines. */
export function dateTime(atMs: number): Html {
  return html`<time datetime="${new Date(atMs).toISOString()}">${format.format(atMs)} UTC</time>`;
}
