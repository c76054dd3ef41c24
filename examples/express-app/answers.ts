import type { Request, Response } from 'express';
import { queryText } from './input.ts';

/** Whether the client would rather have JSON than a page. */
export function wantsJson(req: Request): boolean {
  return req.accepts(['html', 'json']) === 'json';
}

/** One answer in both forms: a page, or where to go, for people; JSON for programs. */
export type Answer = { readonly status?: number; readonly json: unknown } & ({ readonly page: string } | { readonly seeOther: string });

export function answer(req: Request, res: Response, { status = 200, json, ...rest }: Answer): void {
  res.vary('Accept');
  if (wantsJson(req)) res.status(status).json(json);
  else if ('seeOther' in rest) res.redirect(303, rest.seeOther);
  else res.status(status).type('html').send(rest.page);
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
export function doneText(req: Request): string | undefined {
  return doneTexts.get(queryText(req, 'done') ?? '');
}
