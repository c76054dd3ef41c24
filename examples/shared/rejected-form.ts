import type { PasswordAdvice } from './auth.ts';
import type { Data } from './data/data.ts';
import { bodyField, textOf } from './input.ts';
import { memberOf, navOf } from './members.ts';
import { localPage } from './local-pages.ts';
import { accountCards } from './views/account-cards.ts';
import { accountPage } from './views/account.ts';
import { changePasswordFirstPage } from './views/change-password.ts';
import { enrollAgainPage } from './views/enroll.ts';
import { messagePage } from './views/message.ts';
import { stepUpPage } from './views/step-up.ts';
import { resetPage } from './views/reset.ts';
import { signUpPage } from './views/sign-up.ts';
import type { Visit } from './visit.ts';

export interface Rejection {
  readonly flow: 'sign-up' | 'password-change' | 'password-reset' | 'email-change' | 'confirm-factor' | 'step-up';
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

/** The form again, with the reasons and all that was typed but passwords and codes of the second step. */
export function rejectedForm(visit: Visit, { flow, reasons: all, advice, data }: Rejection & { readonly advice: PasswordAdvice; readonly data: Data }): string {
  const typed = (name: string, maxChars = 254): string | undefined => textOf(bodyField(visit, name), maxChars);
  // How to do better stands beside the field already.
  const reasons = all.filter(({ code }) => code !== 'guidance').map(({ message }) => message);
  switch (flow) {
    case 'password-change':
      if (bodyField(visit, 'first') !== undefined) return changePasswordFirstPage({ user: memberOf(visit), advice, reasons });
      return accountPage({ user: memberOf(visit), advice, reasons, cards: accountCards(memberOf(visit)) });
    case 'email-change':
      return accountPage({ user: memberOf(visit), advice, cards: accountCards(memberOf(visit), reasons) });
    case 'password-reset':
      return resetPage({ advice, reasons, token: typed('token'), email: typed('email'), code: typed('code'), secondStep: all.some(({ code }) => code === 'second-factor') });
    case 'confirm-factor':
      return all.some(({ code }) => code === 'expired')
        ? messagePage({ title: 'Please start again', detail: reasons.join(' '), tone: 'bad', links: [{ href: '/account/security', label: 'Start again' }], nav: navOf(visit) })
        : enrollAgainPage({ factorId: typed('factorId') ?? '', reasons, user: memberOf(visit), nav: navOf(visit) });
    case 'step-up':
      return stepUpPage({ next: localPage(bodyField(visit, 'next')), problem: reasons[0], password: bodyField(visit, 'password') !== undefined, code: bodyField(visit, 'code') !== undefined, user: memberOf(visit) });
    case 'sign-up': {
      const values = { email: typed('email'), name: typed('name'), team: typed('team') };
      return signUpPage({ advice, asksAvailability: false, reasons, values, invitation: data.invitations.byToken(typed('invitation') ?? '') });
    }
  }
}
