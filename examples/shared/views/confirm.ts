import { codeField, emailField } from './fields.ts';
import { html } from './html.ts';
import { notice, page } from './layout.ts';
import { tokenInput } from './token-form.ts';

export interface ConfirmPage {
  readonly problem?: string;
  /** The token of a link that carries it in the query; in a fragment, public/link-token.js finds it. */
  readonly token?: string | undefined;
}

export function confirmPage({ problem, token }: ConfirmPage = {}): string {
  return page({
    title: 'Confirm your address',
    scripts: ['link-token'],
    main: html`<section class="card">
<h1>Confirm your address</h1>
${notice(problem, 'bad')}
<form method="post" action="/confirm" class="stack" data-token-form>
${tokenInput({
  token,
  withToken: html`<p class="lead">One click, and your account is open.</p>`,
  withCode: html`<p class="lead">Enter the code from the mail that we have sent you.</p>
${emailField()}
${codeField()}`,
})}
<button type="submit">Confirm my address</button>
</form>
</section>
<section class="card minor" data-without-token>
<h2>No mail?</h2>
<form method="post" action="/resend" class="inline">
<label class="visually-hidden" for="resend-email">Email address</label>
<input id="resend-email" name="email" type="email" autocomplete="username" placeholder="you@example.com" required>
<button type="submit" class="secondary">Send it again</button>
</form>
</section>`,
  });
}
