import type { PasswordAdvice } from '../auth.ts';
import { codeField, emailField, newPasswordField, secondStepField } from './fields.ts';
import { html } from './html.ts';
import { notice, page, reasonList } from './layout.ts';
import { tokenInput } from './token-form.ts';

export interface ForgotPage {
  readonly problem?: string;
  readonly email?: string | undefined;
}

export function forgotPage({ problem, email }: ForgotPage = {}): string {
  return page({
    title: 'Forgot your password?',
    main: html`<section class="card">
<h1>Forgot your password?</h1>
<p class="lead">We mail you a link to choose a new one.</p>
${notice(problem, 'bad')}
<form method="post" action="/forgot" class="stack">
${emailField(email)}
<button type="submit">Send the link</button>
</form>
<p class="aside">Have a code already? <a href="/reset">Enter it here</a></p>
<p class="aside"><a href="/login">Back to sign in</a></p>
</section>`,
  });
}

export interface ResetPage {
  readonly advice: PasswordAdvice;
  readonly problem?: string;
  /** Why the new password cannot be used. */
  readonly reasons?: readonly string[];
  readonly token?: string | undefined;
  readonly email?: string | undefined;
  readonly code?: string | undefined;
  /** The account has a second step, and a new password takes that too. */
  readonly secondStep?: boolean;
}

export function resetPage({ advice, problem, reasons = [], token, email, code, secondStep = false }: ResetPage): string {
  return page({
    title: 'Choose a new password',
    scripts: ['link-token', 'show-password'],
    main: html`<section class="card">
<h1>Choose a new password</h1>
${notice(problem, 'bad')}
${reasonList(reasons)}
<form method="post" action="/reset" class="stack" data-token-form>
${tokenInput({
  token,
  withToken: html`<p class="lead">You will sign in with it afterwards.</p>`,
  withCode: html`<p class="lead">Enter the code from the mail that we have sent you.</p>
${emailField(email)}
${codeField(code)}`,
})}
${newPasswordField('password', 'New password', advice)}
${secondStep ? secondStepField({ name: 'secondFactor', label: 'Code of your second step' }) : undefined}
<button type="submit">Save the new password</button>
</form>
<p class="aside">Link too old? <a href="/forgot">Ask for another one</a></p>
</section>`,
  });
}
