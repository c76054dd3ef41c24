import { html } from './html.ts';
import { page } from './layout.ts';

export function homePage(): string {
  return page({
    title: 'Mailing lists for small teams',
    width: 'wide',
    main: html`<section class="hero">
<h1>Mailing lists for small teams</h1>
<p class="lead">Keep your contacts in one place, write together, and send without fuss.</p>
<p class="actions"><a class="button" href="/signup">Start a team</a><a class="button secondary" href="/login">Sign in</a></p>
</section>
<ul class="points">
<li><h2>One list</h2><p>Paste your contacts in and take them out again as CSV. They are yours.</p></li>
<li><h2>One team</h2><p>Invite the people who write with you. Everybody has an account of their own.</p></li>
<li><h2>One button</h2><p>A subject, a text, and it is on its way to everybody on the list.</p></li>
</ul>`,
  });
}
