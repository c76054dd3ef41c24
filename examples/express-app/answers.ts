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
]);

/** What `?done=...` says at the top of a page. */
export function doneText(req: Request): string | undefined {
  return doneTexts.get(queryText(req, 'done') ?? '');
}
