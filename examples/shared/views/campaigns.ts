import type { Campaign } from '../data/campaigns.ts';
import type { Draft } from '../data/drafts.ts';
import type { Member } from '../members.ts';
import { field } from './fields.ts';
import { html, type Html } from './html.ts';
import { notice, page } from './layout.ts';
import { dateTime } from './time.ts';

export interface CampaignsPage {
  readonly user: Member;
  readonly campaigns: readonly Campaign[];
  readonly recipients: number;
  readonly draft?: Draft | undefined;
  readonly problem?: string;
  readonly done?: string | undefined;
}

export function campaignsPage({ user, campaigns, recipients, draft, problem, done }: CampaignsPage): string {
  return page({
    title: 'Campaigns',
    user,
    path: '/campaigns',
    width: 'wide',
    main: html`<div class="heading"><div><h1>Campaigns</h1><p class="lead">Mails to everybody on the list of ${user.teamName}</p></div></div>
${notice(done, 'good')}
${notice(problem, 'bad')}
<div class="columns even">
<section class="card">
<h2>Write one</h2>
<form method="post" action="/campaigns" class="stack">
${field({ name: 'subject', label: 'Subject', value: draft?.subject })}
<div class="field">
<label for="body">Text</label>
<textarea id="body" name="body" rows="8" required>${draft?.body}</textarea>
</div>
<button type="submit">${`Send to ${recipients.toLocaleString('en')} ${recipients === 1 ? 'contact' : 'contacts'}`}</button>
</form>
</section>
<section class="card flush">
${campaigns.length === 0 ? html`<p class="empty">Nothing has been sent yet.</p>` : html`<ul class="list">${campaigns.map(item)}</ul>`}
</section>
</div>`,
  });
}

function item({ subject, sender, recipients, sentAtMs }: Campaign): Html {
  return html`<li><strong>${subject}</strong><span class="meta">${dateTime(sentAtMs)} &middot; ${sender} &middot; to ${recipients.toLocaleString('en')}</span></li>`;
}
