import type { Contact } from '../data/contacts.ts';
import type { Member } from '../members.ts';
import { field } from './fields.ts';
import { html, type Html } from './html.ts';
import { notice, page } from './layout.ts';

/** Rows on the page; the export has all of them. */
const shownRows = 200;

export interface ContactsPage {
  readonly user: Member;
  readonly contacts: readonly Contact[];
  readonly problem?: string;
  readonly done?: string | undefined;
}

export function contactsPage({ user, contacts, problem, done }: ContactsPage): string {
  return page({
    title: 'Contacts',
    user,
    path: '/contacts',
    width: 'wide',
    main: html`<div class="heading">
<div><h1>Contacts</h1><p class="lead">${count(contacts.length)} on the list of ${user.teamName}</p></div>
<a class="button secondary" href="/contacts/export.csv" download>Export as CSV</a>
</div>
${notice(done, 'good')}
${notice(problem, 'bad')}
<div class="columns">
<section class="card flush">${contacts.length === 0 ? empty() : table(contacts)}</section>
<div class="side">
<section class="card">
<h2>Add a contact</h2>
<form method="post" action="/contacts" class="stack">
${field({ name: 'email', label: 'Email address', type: 'email' })}
${field({ name: 'name', label: 'Name', optional: true })}
<button type="submit">Add</button>
</form>
</section>
<section class="card">
<h2>Add many</h2>
<form method="post" action="/contacts/import" class="stack">
<div class="field">
<label for="lines">One contact a line</label>
<textarea id="lines" name="lines" rows="5" placeholder="ada@example.com, Ada Lovelace" aria-describedby="lines-hint" required></textarea>
<p class="hint" id="lines-hint">Address, comma, name. The name may be missing.</p>
</div>
<button type="submit" class="secondary">Add all</button>
</form>
</section>
</div>
</div>`,
  });
}

function count(contacts: number): string {
  return contacts === 1 ? '1 contact' : `${contacts.toLocaleString('en')} contacts`;
}

function empty(): Html {
  return html`<p class="empty">Nobody is on the list yet.</p>`;
}

function table(contacts: readonly Contact[]): Html {
  const hidden = contacts.length - shownRows;
  return html`<table>
<thead><tr><th scope="col">Name</th><th scope="col">Email address</th></tr></thead>
<tbody>
${contacts.slice(0, shownRows).map(({ email, name }) => html`<tr><td>${name}</td><td>${email}</td></tr>`)}
</tbody>
</table>
${hidden > 0 ? html`<p class="more">and ${hidden.toLocaleString('en')} more in the export</p>` : undefined}`;
}
