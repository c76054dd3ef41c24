import type { Invitation } from '../data/invitations.ts';
import type { User } from '../data/users.ts';
import type { Member } from '../members.ts';
import { field } from './fields.ts';
import { html, type Html } from './html.ts';
import { notice, page } from './layout.ts';

/** What this mode has beside. */
export interface TeamExtras {
  readonly card: Html;
  readonly beside: (member: User) => Html;
}

export interface TeamPage {
  readonly user: Member;
  readonly members: readonly User[];
  readonly invitations: readonly Invitation[];
  readonly second?: TeamExtras | undefined;
  readonly problem?: string;
  readonly done?: string | undefined;
}

export function teamPage({ user, members, invitations, second, problem, done }: TeamPage): string {
  return page({
    title: 'Team',
    user,
    path: '/team',
    width: 'wide',
    main: html`<div class="heading"><div><h1>${user.teamName}</h1><p class="lead">Everybody here may see, export and mail the list.</p></div></div>
${notice(done, 'good')}
${notice(problem, 'bad')}
<div class="columns">
<section class="card flush">
<ul class="list">
${members.map((member) => html`<li class="with-actions"><div><strong>${member.name}</strong><span class="meta">${member.email}</span></div>${second?.beside(member)}</li>`)}
${invitations.map(({ email }) => html`<li class="pending"><strong>${email}</strong><span class="meta">invited</span></li>`)}
</ul>
</section>
<div class="side">
<section class="card">
<h2>Invite somebody</h2>
<form method="post" action="/team/invite" class="stack">
${field({ name: 'email', label: 'Email address', type: 'email' })}
<button type="submit">Send the invitation</button>
</form>
</section>
</div>
</div>
${second?.card}`,
  });
}
