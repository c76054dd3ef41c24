import { currentPasswordField, secondStepField } from './fields.ts';
import { html } from './html.ts';
import { notice, page, type PageParts } from './layout.ts';

export interface StepUpPage {
  /** Where it goes on: a page of this app. */
  readonly next: string;
  /** What is asked for. `code-if-any`: the page was made before anybody came. */
  readonly password?: boolean;
  readonly code?: boolean | 'if-any';
  readonly problem?: string | undefined;
  readonly user?: PageParts['user'];
}

/** A fresh proof, before something that must not be done in a session that somebody has left open. */
export function stepUpPage({ next, password = true, code = 'if-any', problem, user }: StepUpPage): string {
  return page({
    title: 'Is it you?',
    user,
    nav: 'sign-out',
    scripts: ['show-password'],
    main: html`<section class="card">
<h1>Is it you?</h1>
<p class="lead">You signed in a while ago, and this is worth protecting. Please prove once more who you are.</p>
${notice(problem, 'bad')}
<form method="post" action="/step-up" class="stack">
<input type="hidden" name="next" value="${next}">
${user === undefined ? undefined : html`<input class="visually-hidden" type="text" name="username" value="${user.email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true">`}
${password ? currentPasswordField('password', 'Password') : undefined}
${code === false ? undefined : secondStepField(code === 'if-any' ? { label: 'Code of your second step', optional: true } : {})}
<button type="submit">Go on</button>
</form>
<p class="aside"><a href="/contacts">Back to the contacts</a></p>
</section>`,
  });
}
