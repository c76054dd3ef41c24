import type { Readable } from 'node:stream';
import type { Reply } from 'portcullis';
import { queryText } from './input.ts';
import { messagePage } from './views/message.ts';
import type { Visit } from './visit.ts';

interface Head {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What goes back: a page, or where to go, for people; JSON for programs; with only one of them, that for both. `text` is a file,
 * `stream` goes on after its head, `reply` is an answer of the library. Without a status, the one that is set stays, or else it is 200.
 */
export type Answer =
  | (Head & ({ readonly json: unknown } | { readonly json?: unknown; readonly page: string } | { readonly json?: unknown; readonly seeOther: string } | { readonly text: string; readonly type: string } | { readonly stream: Readable; readonly type: string }))
  | { readonly reply: Reply };

/** An answer, as any framework can write it out. */
export interface Written {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Readable;
}

/** The answer in the form that the client would rather have. */
export function written(answer: Answer, { headers: { accept = '' } }: Pick<Visit, 'headers'>): Written {
  if ('reply' in answer) return answer.reply;
  const { status, headers = {} } = answer;
  if ('stream' in answer) return { status, headers: { 'Content-Type': answer.type, ...headers }, body: answer.stream };
  if ('text' in answer) return { status, headers: { 'Content-Type': answer.type, ...headers }, body: answer.text };
  const isForPeople = 'page' in answer || 'seeOther' in answer;
  const vary = isForPeople && answer.json !== undefined ? { Vary: 'Accept' } : {};
  if (!isForPeople || (answer.json !== undefined && wantsJson(accept))) {
    return { status, headers: { 'Content-Type': 'application/json; charset=utf-8', ...vary, ...headers }, body: JSON.stringify(answer.json) };
  }
  if ('seeOther' in answer) return { status: 303, headers: { Location: answer.seeOther, ...vary, ...headers }, body: '' };
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8', ...vary, ...headers }, body: answer.page };
}

/** Programs ask for JSON by name, and for no page. */
function wantsJson(accept: string): boolean {
  return /application\/json/i.test(accept) && !/text\/html/i.test(accept);
}

const home = [{ href: '/', label: 'Home' }];

export function notFound(): Answer {
  return { status: 404, json: { error: 'not found' }, page: messagePage({ title: 'Page not found', detail: 'There is nothing at this address.', tone: 'bad', links: home }) };
}

/** The answer to what was thrown. Whatever the client did wrong (too long, not JSON) the frameworks mark with a status. */
export function failed(error: unknown): Answer {
  const status = statusOf(error);
  if (status >= 500) console.error(error);
  const title = status >= 500 ? 'Something went wrong' : 'That request cannot be read';
  const detail = status >= 500 ? 'We could not do this. Please try again in a moment.' : 'Please go back and try again.';
  return { status, json: { error: title }, page: messagePage({ title, detail, tone: 'bad', links: home }) };
}

function statusOf(error: unknown): number {
  const { status, statusCode = status } = (error ?? {}) as { readonly status?: unknown; readonly statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}

// A redirect names one of these instead of carrying a text that somebody could put into a link.
const doneTexts = new Map([
  ['confirmed', 'Your account is open. You can sign in now.'],
  ['password-reset', 'Your new password is saved. You can sign in with it now.'],
  ['password-changed', 'Your password is changed.'],
  ['signed-out', 'You are signed out.'],
  ['contact-added', 'The contact is on the list.'],
  ['contacts-added', 'The contacts are on the list.'],
  ['campaign-sent', 'Your mail is on its way.'],
  ['invited', 'The invitation is sent.'],
  ['stepped-up', 'Thank you, it is you. You can go on now.'],
  ['owner-confirmed', 'Thank you, it is you. Once more, please: this time it goes through.'],
  ['second-step-due', 'Please sign in once more, with your second step.'],
  ['recovery-code-used', 'You signed in with a recovery code. It is spent. If your phone is gone, report it lost and set up a new one.'],
  ['authenticator-added', 'The new authenticator app works from now on.'],
  ['second-step-on', 'From now on your team asks everybody for a second step.'],
  ['second-step-off', 'A second step is left to everybody again.'],
  ['read-only-on', 'Read-only is on. Every page says so.'],
  ['read-only-off', 'Read-only is off.'],
  ['everybody-out', 'Everybody is signed out. Sign in again.'],
  ['account-sessions', 'The sessions of that account have ended.'],
  ['account-reset', 'The sessions have ended, and the password opens nothing but a mail with a link to a new one.'],
  ['account-change', 'The sessions have ended, and the next sign-in asks for another password.'],
  ['lift-lifted', 'Read-only is lifted: people can write again.'],
  ['lift-restored', 'What this incident switched on is lifted. A weaker switch that was on before it is on again.'],
  ['lift-left', 'The switch that is on now is not of this incident, and was left.'],
  ['lift-off', 'Nothing was switched on.'],
  ['session-ended', 'That session has ended.'],
  ['session-gone', 'There is no such session any more.'],
  ['sessions-ended', 'All your other sessions have ended.'],
  ['second-step-removed', 'The second step is removed, and its owner is told by mail.'],
]);

/** What `?done=...` says at the top of a page. */
export function doneText(visit: Visit): string | undefined {
  return doneTexts.get(queryText(visit, 'done') ?? '');
}
