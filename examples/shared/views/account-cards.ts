import type { Member } from '../members.ts';
import { field } from './fields.ts';
import { html, type Html } from './html.ts';
import { reasonList } from './layout.ts';

/** The cards of the account page that the protected mode alone has. */
export function accountCards(user: Member, reasons: readonly string[] = []): Html {
  return html`<section class="card">
<h2>Security</h2>
<p>${user.hasSecondFactor ? 'Your second step is on: a sign-in asks for a code of your authenticator app.' : 'Your account has no second step: whoever has your password gets in.'}</p>
<p><a class="button secondary" href="/account/security">${user.hasSecondFactor ? 'Authenticator apps, recovery codes, browsers' : 'Set up a second step'}</a></p>
</section>
<section class="card">
<h2>Change the email address</h2>
${reasonList(reasons)}
<form method="post" action="/account/email" class="stack">
${field({ name: 'newEmail', label: 'New email address', type: 'email', autocomplete: 'email', hint: 'We mail a link there. Until you open it, everything stays as it is.' })}
<button type="submit" class="secondary">Send the link</button>
</form>
</section>`;
}
