import type { PasswordAdvice } from '../auth.ts';
import type { Invitation } from '../data/invitations.ts';
import { emailField, field, newPasswordField } from './fields.ts';
import { html } from './html.ts';
import { notice, page, reasonList } from './layout.ts';

export interface SignUpPage {
  readonly advice: PasswordAdvice;
  /** Whether the page asks the server if the address is free, once somebody has typed one. */
  readonly asksAvailability: boolean;
  readonly problem?: string;
  /** Why what was typed cannot be used. */
  readonly reasons?: readonly string[];
  readonly values?: { readonly email?: string | undefined; readonly name?: string | undefined; readonly team?: string | undefined };
  readonly invitation?: Invitation | undefined;
}

export function signUpPage({ advice, asksAvailability, problem, reasons = [], values = {}, invitation }: SignUpPage): string {
  const scripts = asksAvailability ? ['show-password', 'availability'] : ['show-password'];
  return page({
    title: 'Start a team',
    path: '/signup',
    scripts,
    main: html`<section class="card">
<h1>${invitation === undefined ? 'Start a team' : `Join ${invitation.teamName}`}</h1>
<p class="lead">${invitation === undefined ? 'One list, a few people, mails that get read.' : 'You have been invited. Choose a name and a password.'}</p>
${notice(problem, 'bad')}
${reasonList(reasons)}
<form method="post" action="/signup" class="stack"${asksAvailability ? html` data-availability="/api/email-available"` : undefined}>
${field({ name: 'name', label: 'Your name', autocomplete: 'name', value: values.name })}
${
  invitation === undefined
    ? field({ name: 'team', label: 'Name of the team', autocomplete: 'organization', value: values.team })
    : html`<input type="hidden" name="invitation" value="${invitation.token}">`
}
${emailField(values.email ?? invitation?.email)}
${newPasswordField('password', 'Password', advice)}
<button type="submit">Sign up</button>
</form>
<p class="aside">Have an account? <a href="/login">Sign in</a></p>
</section>`,
  });
}
