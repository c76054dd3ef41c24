import { field } from './fields.ts';
import { html, type Html } from './html.ts';
import { page } from './layout.ts';
import { tokenInput } from './token-form.ts';

/** The link of a mail, opened in the browser that asked for it. */
export function challengePage(): string {
  return page({
    title: 'Is this you?',
    nav: 'none',
    scripts: ['link-token'],
    main: html`<section class="card">
<h1>Is this you?</h1>
<form method="post" action="/challenge" class="stack" data-token-form>
${linkInput(html`<p class="lead">You have opened the link of our mail. One click, and you go on.</p>`)}
<button type="submit">Yes, this is me</button>
</form>
<p class="aside">Not you? Do nothing here, and press the other link in the mail.</p>
</section>`,
  });
}

/** "This was not me." */
export function notMePage(): string {
  return page({
    title: 'Stop them',
    nav: 'none',
    scripts: ['link-token'],
    main: html`<section class="card">
<h1>Somebody else has your password?</h1>
<form method="post" action="/not-me" class="stack" data-token-form>
${linkInput(html`<p class="lead">We stop that attempt, end all your sessions, and your password opens nothing any more. You get a mail to choose a new one.</p>`)}
<button type="submit" class="danger">This was not me</button>
</form>
</section>`,
  });
}

/** Without JavaScript the page cannot see the fragment of its address, where the token is. */
function linkInput(withToken: Html): Html {
  return tokenInput({
    token: undefined,
    withToken,
    withCode: html`<p class="lead">Paste the whole link of the mail here. (With JavaScript, opening it is enough.)</p>
${field({ name: 'link', label: 'Link from the mail', inputmode: 'url' })}`,
  });
}
