import type { Member } from '../members.ts';
import { currentPasswordField, emailField } from './fields.ts';
import { html } from './html.ts';
import { notice, page } from './layout.ts';

/** Whoever looks after the app comes in here. The way is the one of everybody, and goes on with a second step. */
export function operatorSignInPage({ done }: { readonly done?: string | undefined }): string {
  return page({
    title: 'Operators',
    nav: 'none',
    scripts: ['show-password'],
    main: html`<section class="card">
<h1>Operators</h1>
<p class="lead">For those who look after Larkpost. You need your second step.</p>
${notice(done, 'good')}
<form method="post" action="/operator/login" class="stack">
${emailField()}
${currentPasswordField('password', 'Password')}
<button type="submit">Sign in</button>
</form>
<p class="aside"><a href="/forgot">Forgot your password?</a></p>
</section>`,
  });
}

/** Before all sessions end. */
export function endEverythingPage({ user }: { readonly user: Member }): string {
  return page({
    title: 'End all sessions',
    user,
    nav: 'operator',
    path: '/operator',
    main: html`<section class="card">
<h1>End everybody's sessions?</h1>
<p>Everybody is signed out at their next click, on every device, <strong>and so are you</strong>. Links in mails and remembered browsers end too. Passwords and second steps stay as they are.</p>
<form method="post" action="/operator/sessions" class="actions">
<button type="submit" class="danger">End all sessions</button>
<a class="button secondary" href="/operator">Cancel</a>
</form>
</section>`,
  });
}
