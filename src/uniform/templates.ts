import { ConfigError } from '../kernel/errors.ts';
import { optional, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
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

/** What one answer says. */
export interface ReplyTemplate {
  /** An answer of success stays within 200 to 299, a refusal within 400 to 599. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /**
   * A whole page that replaces the plain default one, written out as it is. In that of `input-rejected` the reasons are
   * put before `<!-- reasons -->`, or else before `</main>`.
   */
  readonly html?: string;
}

const answers: Readonly<Record<ReplyName, Omit<ReplyTemplate, 'html'>>> = {
  'sign-in-failed': { status: 401, title: 'Sign-in failed', detail: 'That did not work. Check the address and the password, or ask for a new password. If both are right, look into your mailbox: a mail there may say how to go on.' },
  'sign-up-received': { status: 202, title: 'Check your mail', detail: 'If that address can be used, a mail is on its way. It says how to go on.' },
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

/** Reads the app's changes to one answer. */
function templateOption(template: Omit<ReplyTemplate, 'html'>): OptionReader<ReplyTemplate> {
  return (given, name) => {
    const { title, detail, ...own } = readOptions(name, given, { status: statusOption(template.status), title: text(template.title), detail: text(template.detail), html: optional(text()) });
    return { status: own.status, title, detail, ...(own.html !== undefined && { html: own.html }) };
  };
}

/** A refusal stays a refusal, and an answer has a body: what programs read from the status must be true. */
function statusOption(fallback: number): OptionReader<number> {
  return (given, name) => {
    if (given === undefined) return fallback;
    const status = given as number;
    const fits = fallback >= 400 ? status >= 400 && status <= 599 : status >= 200 && status <= 299 && status !== 204 && status !== 205;
    if (!Number.isInteger(given) || !fits) throw wrong(name, fallback >= 400 ? 'an HTTP status from 400 to 599' : 'an HTTP status from 200 to 299 that has a body', given);
    return status;
  };
}

/** Reads the app's own wording and renders every answer once; nothing of a request can get into one. */
export const templatesOption: OptionReader<RenderedReplies> = (given, name) => {
  const readers = Object.fromEntries(Object.entries(answers).map(([reply, template]) => [reply, templateOption(template)]));
  const own = readOptions(name, given, readers) as Readonly<Record<ReplyName, ReplyTemplate>>;
  if (![200, 202].includes(own['sign-up-received'].status)) {
    throw new ConfigError(`${name}.sign-up-received.status: expected 200 or 202, since it also answers for an address that is taken`);
  }
  if (own['input-rejected'].html !== undefined && reasonsMark(own['input-rejected'].html) === undefined) {
    throw new ConfigError(`${name}.input-rejected.html: expected "${reasonsComment}" where the reasons are to stand`);
  }
  return Object.freeze(Object.fromEntries(Object.entries(own).map(([reply, template]) => [reply, render(reply, template)])) as RenderedReplies);
};

const reasonsComment = '<!-- reasons -->';

/** Before what the reasons of a refusal go into a page: the app's comment, or the end of its main part. */
function reasonsMark(html: string): string | undefined {
  return [reasonsComment, '</main>'].find((mark) => html.includes(mark));
}

/** A refusal with one sentence per reason, as plain data or as a list within the page. */
export function withReasons(reply: Reply, reasons: readonly { readonly code: string; readonly message: string }[]): Reply {
  if (reply.headers['Content-Type']?.startsWith('text/html') !== true) {
    const told = reasons.map(({ code, message }) => ({ code, message }));
    return Object.freeze({ ...reply, body: JSON.stringify({ ...(JSON.parse(reply.body) as object), reasons: told }) });
  }
  const mark = reasonsMark(reply.body) ?? '';
  const list = `<ul role="alert">${reasons.map(({ message }) => `<li>${escapeHtml(message)}</li>`).join('')}</ul>`;
  return Object.freeze({ ...reply, body: reply.body.replace(mark, () => list + mark) });
}

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
function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
