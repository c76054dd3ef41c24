import type { Request, Response } from 'express';
import type { PasswordAdvice } from './auth.ts';
import type { Data } from './data/data.ts';
import { bodyField, textOf } from './input.ts';
import { memberOf } from './members.ts';
import { accountPage } from './views/account.ts';
import { resetPage } from './views/reset.ts';
import { signUpPage } from './views/sign-up.ts';

interface Rejection {
  readonly flow: 'sign-up' | 'password-change' | 'password-reset' | 'email-change' | 'confirm-factor' | 'step-up';
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

/** The form again, with the reasons and all that was typed but the password. */
export function rejectedForm(req: Request, res: Response, { flow, reasons: all, advice, data }: Rejection & { readonly advice: PasswordAdvice; readonly data: Data }): string {
  const typed = (name: string, maxChars = 254): string | undefined => textOf(bodyField(req, name), maxChars);
  // How to do better stands beside the field already.
  const reasons = all.filter(({ code }) => code !== 'guidance').map(({ message }) => message);
  if (flow === 'password-change') return accountPage({ user: memberOf(res), advice, reasons });
  if (flow === 'password-reset') return resetPage({ advice, reasons, token: typed('token'), email: typed('email'), code: typed('code') });
  const values = { email: typed('email'), name: typed('name'), team: typed('team') };
  return signUpPage({ advice, asksAvailability: false, reasons, values, invitation: data.invitations.byToken(typed('invitation') ?? '') });
}
