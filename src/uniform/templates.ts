import { ConfigError } from '../kernel/errors.ts';
import { readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import type { Reply } from '../ports/reply.ts';

/** Every answer that must not tell who has an account, and the refusals around it. */
export type ReplyName =
  | 'sign-in-failed'
  | 'sign-up-received'
  | 'sign-up-confirmed'
  | 'confirmation-failed'
  | 'forgot-received'
  | 'password-reset'
  | 'reset-failed'
  | 'password-changed'
  | 'password-change-failed'
  | 'input-rejected'
  | 'too-many-requests'
  | 'busy'
  | 'cross-site';

/** What one answer says. `html` is a whole page that replaces the plain default one. */
export interface ReplyTemplate {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly html?: string;
}

const answers: Readonly<Record<ReplyName, Omit<ReplyTemplate, 'html'>>> = {
  'sign-in-failed': { status: 401, title: 'Sign-in failed', detail: 'That did not work. Check the address and the password, or ask for a new password.' },
  'sign-up-received': { status: 202, title: 'Check your mail', detail: 'We have sent a mail to that address. It says how to go on.' },
  'sign-up-confirmed': { status: 200, title: 'Account confirmed', detail: 'You can sign in now.' },
  'confirmation-failed': { status: 400, title: 'Confirmation failed', detail: 'The link or code is wrong, used or too old. Please sign up again.' },
  'forgot-received': { status: 202, title: 'Check your mail', detail: 'If there is an account with that address, a mail with a link is on its way.' },
  'password-reset': { status: 200, title: 'Password changed', detail: 'You can sign in with the new password now.' },
  'reset-failed': { status: 400, title: 'Reset failed', detail: 'The link or code is wrong, used or too old. Please ask for a new one.' },
  'password-changed': { status: 200, title: 'Password changed', detail: 'The new password is valid now. Your other sessions have ended.' },
  'password-change-failed': { status: 403, title: 'Password not changed', detail: 'The current password is not right.' },
  'input-rejected': { status: 422, title: 'Please check your entries', detail: 'Something in the form cannot be used.' },
  'too-many-requests': { status: 429, title: 'Too many attempts', detail: 'Please wait a while and try again.' },
  busy: { status: 503, title: 'Busy', detail: 'We cannot do this right now. Please try again in a moment.' },
  'cross-site': { status: 403, title: 'Request refused', detail: 'The request came from another site.' },
};

/** A challenge is due with 401 (RFC 9110 section 11.6.1); `Basic` would make browsers ask for a password by themselves. */
const challenge = 'Form realm="sign-in"';

const sharedHeaders = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // A negotiated answer: a cache that ignores no-store must at least not mix the two forms up.
  Vary: 'Accept',
};

export type RenderedReplies = Readonly<Record<ReplyName, Readonly<Record<'html' | 'json', Reply>>>>;

const templateOption: OptionReader<Partial<ReplyTemplate>> = (given, name) => {
  const { status, title, detail, html } = readOptions(name, given, { status: statusOption, title: optionalText, detail: optionalText, html: optionalText });
  return { ...(status !== undefined && { status }), ...(title !== undefined && { title }), ...(detail !== undefined && { detail }), ...(html !== undefined && { html }) };
};

const optionalText: OptionReader<string | undefined> = (given, name) => (given === undefined ? undefined : text()(given, name));

const statusOption: OptionReader<number | undefined> = (given, name) => {
  if (given === undefined) return undefined;
  if (!Number.isInteger(given) || (given as number) < 200 || (given as number) > 599) throw wrong(name, 'an HTTP status from 200 to 599', given);
  return given as number;
};

/** Reads the app's own wording and renders every answer once; nothing of a request can get into one. */
export const templatesOption: OptionReader<RenderedReplies> = (given, name) => {
  const readers = Object.fromEntries(Object.keys(answers).map((reply) => [reply, (value: unknown, at: string) => (value === undefined ? {} : templateOption(value, at))]));
  const own = readOptions(name, given, readers) as Readonly<Record<string, Partial<ReplyTemplate>>>;
  const rendered = Object.entries(answers).map(([reply, template]) => [reply, render(reply, { ...template, ...own[reply] })]);
  const replies = Object.fromEntries(rendered) as RenderedReplies;
  if (replies['sign-up-received'].json.status !== 202 && replies['sign-up-received'].json.status !== 200) {
    throw new ConfigError(`${name}.sign-up-received.status: expected 200 or 202, since it also answers for an address that is taken`);
  }
  return Object.freeze(replies);
};

function render(name: string, template: ReplyTemplate): Readonly<Record<'html' | 'json', Reply>> {
  const { status, title, detail } = template;
  const headers = { ...sharedHeaders, ...(status === 401 && { 'WWW-Authenticate': challenge }) };
  const problem = status >= 400;
  const json = problem ? { type: `urn:portcullis:${name}`, title, status, detail } : { ok: true, message: detail };
  return Object.freeze({
    html: Object.freeze({ status, headers: Object.freeze({ ...headers, 'Content-Type': 'text/html; charset=utf-8' }), body: template.html ?? plainPage(title, detail) }),
    json: Object.freeze({
      status,
      // RFC 9457.
      headers: Object.freeze({ ...headers, 'Content-Type': problem ? 'application/problem+json' : 'application/json; charset=utf-8' }),
      body: JSON.stringify(json),
    }),
  });
}

function plainPage(title: string, detail: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(detail)}</p></main></html>`;
}

/** Text as it may stand in HTML. */
export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
