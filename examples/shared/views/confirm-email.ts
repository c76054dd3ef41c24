import { codeField } from './fields.ts';
import { html } from './html.ts';
import { notice, page } from './layout.ts';
import { tokenInput } from './token-form.ts';

/** The link in the mail to the new address, or its code. */
export function confirmEmailPage({ problem }: { readonly problem?: string } = {}): string {
  return page({
    title: 'Confirm your new address',
    nav: 'none',
    scripts: ['link-token'],
    main: html`<section class="card">
<h1>Confirm your new address</h1>
${notice(problem, 'bad')}
<form method="post" action="/confirm-email" class="stack" data-token-form>
${tokenInput({
  token: undefined,
  withToken: html`<p class="lead">From then on you sign in with it.</p>`,
  withCode: html`<p class="lead">Enter the code from the mail to your new address. This works in the browser in which you asked for it.</p>
${codeField()}`,
})}
<button type="submit">Use the new address</button>
</form>
<p class="aside"><a href="/account">Back to the account</a></p>
</section>`,
  });
}
