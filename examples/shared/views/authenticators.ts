import type { TotpFactor } from 'portcullis/totp';
import { field } from './fields.ts';
import { html, type Html } from './html.ts';
import { dateTime } from './time.ts';

/** The authenticator apps of an account, and what can be done with each. */
export function authenticatorsCard(factors: readonly TotpFactor[], mayRemoveLast: boolean): Html {
  const keepsLast = factors.length === 1 && !mayRemoveLast;
  if (factors.length === 0) {
    return html`<section class="card">
<h2>Second step</h2>
<p>After the password, an app on your phone shows six digits, other ones every half minute. Somebody who has stolen the password alone does not get in.</p>
${setUpForm('Set up an authenticator app')}
</section>`;
  }
  return html`<section class="card flush">
<div class="card-head"><h2>Authenticator apps</h2>${keepsLast ? html`<p class="lead">Your team asks for a second step. To replace this one, add another first.</p>` : undefined}</div>
<ul class="list">${factors.map((factor) => item(factor, !keepsLast))}</ul>
<details class="more-form">
<summary>Add another one</summary>
${setUpForm('Set up an authenticator app')}
</details>
</section>`;
}

export function setUpForm(button: string): Html {
  return html`<form method="post" action="/account/security/enroll" class="stack">
${field({ name: 'factorName', label: 'What do you call the phone?', optional: true, hint: 'So that you know it again in the list, for example: my phone.' })}
<button type="submit">${button}</button>
</form>`;
}

const states: Readonly<Record<TotpFactor['state'], string>> = {
  active: 'in use',
  suspended: 'reported lost',
  disabled: 'switched off',
};

function item({ id, name, createdAtMs, lastUsedAtMs, state, stateSinceMs }: TotpFactor, mayRemove: boolean): Html {
  const why = { active: undefined, suspended: html`Reported lost ${dateTime(stateSinceMs)} &middot; `, disabled: html`Switched off after many wrong codes ${dateTime(stateSinceMs)} &middot; ` }[state];
  return html`<li class="with-actions">
<div><strong>${name}</strong> <span class="badge${state === 'active' ? ' good' : ' due'}">${states[state]}</span>
<span class="meta">${why}Added ${dateTime(createdAtMs)}${lastUsedAtMs === undefined ? undefined : html` &middot; last used ${dateTime(lastUsedAtMs)}`}</span></div>
<div class="actions">
${state === 'active' ? act('suspend', { id, name, label: 'Report lost' }) : act('restore', { id, name, label: 'Use again' })}
${mayRemove ? act('remove', { id, name, label: 'Remove' }) : undefined}
</div>
</li>`;
}

function act(verb: string, { id, name, label }: { readonly id: string; readonly name: string; readonly label: string }): Html {
  return html`<form method="post" action="/account/security/${verb}"><input type="hidden" name="factorId" value="${id}"><button type="submit" class="secondary small">${label}<span class="visually-hidden"> ${name}</span></button></form>`;
}
