import { ConfigError } from '../kernel/errors.ts';
import { escapeHtml, plainPage } from '../kernel/html.ts';
import { optional, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import { readOnlyReply, readOnlyWords, type ReadOnlyRefusal, type ReadOnlyWords } from '../kernel/read-only-reply.ts';
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
  | 'password-change-required'
  | 'mfa-required'
  | 'mfa-enrollment-required'
  | 'reauthentication-required'
  | 'second-factor-failed'
  | 'second-factor-expired'
  | 'reset-second-factor'
  | 'factor-changed'
  | 'factor-refused'
  | 'step-up-done'
  | 'step-up-failed'
  | 'challenge-sent'
  | 'challenge-confirmed'
  | 'challenge-failed'
  | 'challenge-disowned'
  | 'own-challenge-failed'
  | 'email-change-received'
  | 'email-changed'
  | 'email-change-failed'
  | 'input-rejected'
  | 'read-only'
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
  'password-change-required': { status: 403, title: 'Choose a new password', detail: 'Your password must be changed before you can go on.' },
  'mfa-required': { status: 403, title: 'Second step needed', detail: 'The password was right. Enter the code of your authenticator app, or a recovery code.' },
  'mfa-enrollment-required': { status: 403, title: 'Set up a second step', detail: 'Your organization asks for a second step at sign-in. Set it up to go on.' },
  'reauthentication-required': { status: 403, title: 'Please confirm that it is you', detail: 'This needs a fresh proof: the password, and the code of your authenticator app where you have one.' },
  'second-factor-failed': { status: 401, title: 'Code not accepted', detail: 'The code is wrong, used or too old. Wait for the next one, or use a recovery code.' },
  'second-factor-expired': { status: 401, title: 'Please sign in again', detail: 'The sign-in took too long, or too many codes were wrong.' },
  'reset-second-factor': { status: 403, title: 'Second step needed', detail: 'This account has a second step. Enter the code of your authenticator app or a recovery code together with the new password.' },
  'factor-changed': { status: 200, title: 'Second step changed', detail: 'The change is made. Your other sessions have ended.' },
  'factor-refused': { status: 409, title: 'Not changed', detail: 'This cannot be done: there is no such factor, or your organization asks for it.' },
  'step-up-done': { status: 200, title: 'Confirmed', detail: 'You can go on now.' },
  'step-up-failed': { status: 403, title: 'Not confirmed', detail: 'The password or the code is not right.' },
  'challenge-sent': { status: 202, title: 'Check your mail', detail: 'A mail with a link is on its way. Open the link in this browser to go on.' },
  'challenge-confirmed': { status: 200, title: 'Confirmed', detail: 'You can go on now.' },
  'challenge-failed': { status: 400, title: 'Not confirmed', detail: 'The link is wrong, used or too old, or it was opened in another browser than the one that asked.' },
  'challenge-disowned': { status: 200, title: 'Thank you', detail: 'That sign-in is stopped, all sessions have ended, and the password opens nothing any more. A mail with a link to a new one is on its way.' },
  'own-challenge-failed': { status: 403, title: 'Please try again', detail: 'The check that you are no program was not passed.' },
  'email-change-received': { status: 202, title: 'Check your mail', detail: 'If that address can be used, a mail is on its way there. It says how to go on.' },
  'email-changed': { status: 200, title: 'Address changed', detail: 'Sign in with the new address from now on.' },
  'email-change-failed': { status: 400, title: 'Address not changed', detail: 'The link or code is wrong, used or too old. Please start again.' },
  'read-only': readOnlyWords,
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

/** The answer while the app is read-only, as its guards give it: why and until when, with the app's own words or page around it. */
export function withReadOnly({ html, json }: RenderedReplies['read-only'], facts: ReadOnlyRefusal, accepts: 'html' | 'json'): Reply {
  const words = JSON.parse(json.body) as ReadOnlyWords;
  const isOwn = html.body !== plainPage(words.title, words.detail);
  return Object.freeze(readOnlyReply(facts, { accepts, words, page: () => (isOwn ? html.body : undefined) }));
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
