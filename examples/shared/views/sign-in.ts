import { currentPasswordField, emailField } from './fields.ts';
import { html } from './html.ts';
import { notice, page } from './layout.ts';

export interface SignInPage {
  readonly problem?: string;
  readonly done?: string | undefined;
  readonly email?: string | undefined;
}

export function signInPage({ problem, done, email }: SignInPage = {}): string {
  return page({
    title: 'Sign in',
    path: '/login',
    scripts: ['show-password'],
    main: html`<section class="card">
<h1>Sign in</h1>
${notice(done, 'good')}
${notice(problem, 'bad')}
<form method="post" action="/login" class="stack">
${emailField(email)}
${currentPasswordField('password', 'Password')}
<button type="submit">Sign in</button>
</form>
<p class="aside"><a href="/forgot">Forgot your password?</a></p>
<p class="aside">New here? <a href="/signup">Start a team</a></p>
</section>`,
  });
}
