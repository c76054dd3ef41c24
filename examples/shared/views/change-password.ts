import type { PasswordAdvice } from '../auth.ts';
import type { Member } from '../members.ts';
import { currentPasswordField, newPasswordField } from './fields.ts';
import { html } from './html.ts';
import { page, reasonList } from './layout.ts';

export interface ChangePasswordPage {
  readonly user: Member;
  readonly advice: PasswordAdvice;
  readonly reasons?: readonly string[];
}

/** For a session that reaches nothing before the password is another one. */
export function changePasswordFirstPage({ user, advice, reasons = [] }: ChangePasswordPage): string {
  return page({
    title: 'Choose a new password',
    user,
    nav: 'sign-out',
    scripts: ['show-password'],
    main: html`<section class="card">
<h1>Choose a new password</h1>
<p>Your password must be replaced before you can go on. The new one must be another one.</p>
${reasonList(reasons)}
<form method="post" action="/account/password" class="stack">
<input type="hidden" name="first" value="yes">
<input class="visually-hidden" type="text" name="username" value="${user.email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true">
${currentPasswordField('currentPassword', 'Current password')}
${newPasswordField('newPassword', 'New password', advice)}
<button type="submit">Save the new password</button>
</form>
</section>`,
  });
}
