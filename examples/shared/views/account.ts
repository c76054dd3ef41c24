import type { PasswordAdvice } from '../auth.ts';
import type { Member } from '../members.ts';
import { currentPasswordField, newPasswordField } from './fields.ts';
import { html, type Html } from './html.ts';
import { notice, page, reasonList } from './layout.ts';

export interface AccountPage {
  readonly user: Member;
  readonly advice: PasswordAdvice;
  /** What this mode has beside. */
  readonly cards?: Html | undefined;
  readonly problem?: string;
  /** Why the new password cannot be used. */
  readonly reasons?: readonly string[];
  readonly done?: string | undefined;
}

export function accountPage({ user, advice, cards, problem, reasons = [], done }: AccountPage): string {
  return page({
    title: 'Account',
    user,
    path: '/account',
    scripts: ['show-password'],
    main: html`<section class="card">
<h1>Account</h1>
<dl class="facts"><dt>Name</dt><dd>${user.name}</dd><dt>Email address</dt><dd>${user.email}</dd><dt>Team</dt><dd>${user.teamName}</dd></dl>
</section>
${notice(done, 'good')}
${cards}
<section class="card">
<h2>Change the password</h2>
${notice(problem, 'bad')}
${reasonList(reasons)}
<form method="post" action="/account/password" class="stack">
<input class="visually-hidden" type="text" name="username" value="${user.email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true">
${currentPasswordField('currentPassword', 'Current password')}
${newPasswordField('newPassword', 'New password', advice)}
<button type="submit">Change the password</button>
</form>
</section>`,
  });
}
