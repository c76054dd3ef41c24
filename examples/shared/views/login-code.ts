import { checkbox, secondStepField } from './fields.ts';
import { html } from './html.ts';
import { notice, page } from './layout.ts';

export interface LoginCodePage {
  readonly problem?: string;
  /** The authenticator app cannot be used any more, or not now. */
  readonly recoveryOnly?: boolean;
}

/** The second step of a sign-in. */
export function loginCodePage({ problem, recoveryOnly = false }: LoginCodePage = {}): string {
  return page({
    title: 'Second step',
    nav: 'none',
    main: html`<section class="card">
<h1>Second step</h1>
<p class="lead">The password was right. Now show that it is you.</p>
${notice(problem, 'bad')}
${recoveryOnly ? html`<p class="notice due" role="note">Your authenticator app cannot be used: it was reported lost, or too many wrong codes were tried.</p>` : undefined}
<form method="post" action="/login/code" class="stack">
${secondStepField(recoveryOnly ? { label: 'Recovery code', hint: 'One of those that you kept when you set up the app.' } : {})}
${checkbox({ name: 'remember', label: 'Remember this browser for 30 days' })}
<button type="submit">Sign in</button>
</form>
<p class="aside">No phone at hand, and no recovery code? An administrator of your team can remove your second step.</p>
<p class="aside"><a href="/login">Start again</a></p>
</section>`,
  });
}
