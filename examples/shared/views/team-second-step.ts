import type { User } from '../data/users.ts';
import type { Member } from '../members.ts';
import { html, type Html } from './html.ts';
import { page } from './layout.ts';
import { dateTime } from './time.ts';

export interface TeamSecondStep {
  readonly user: Member;
  readonly members: readonly User[];
  /** Who has no second step. */
  readonly without: readonly User[];
  /** Undefined while it is left to everybody. */
  readonly policy: { readonly sinceMs: number; readonly graceUntilMs: number } | undefined;
  readonly nowMs: number;
}

/** For administrators: a second step for the whole team. */
export function teamSecondStepCard({ user, members, without, policy, nowMs }: TeamSecondStep): Html {
  return html`<section class="card" id="second-step">
<h2>Second step for everybody</h2>
${policy === undefined ? offer({ user, members, without }) : inForce({ policy, nowMs, without, user })}
</section>`;
}

function offer({ user, members, without }: Pick<TeamSecondStep, 'user' | 'members' | 'without'>): Html {
  return html`<p>With it, a stolen password alone opens no account of your team, and nobody takes your contacts along.</p>
<p>${preview(members.length, without, user)}</p>
<form method="post" action="/team/second-step" class="stack start">
<fieldset class="plain choices">
<legend>Whoever has none yet may go on without it</legend>
${grace(0, 'not at all: at the next click they set it up')}
${grace(7, 'for 7 days', true)}
${grace(30, 'for 30 days')}
</fieldset>
<button type="submit">Ask everybody for a second step</button>
</form>`;
}

function grace(days: number, label: string, checked = false): Html {
  return html`<div class="check"><input type="radio" id="grace-${days}" name="graceDays" value="${days}"${checked ? html` checked` : undefined}><label for="grace-${days}">${label}</label></div>`;
}

function preview(all: number, without: readonly User[], user: Member): Html {
  if (without.length === 0) return html`Nobody would have to do anything: everybody has a second step already.`;
  const who = without.map(({ id, name }) => (id === user.id ? 'you' : name));
  return html`<strong>${without.length} of ${all}</strong> would have to set one up: ${listed(who)}.`;
}

/** The first ten by name. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

function inForce({ policy, nowMs, without, user }: Pick<TeamSecondStep, 'nowMs' | 'without' | 'user'> & { readonly policy: NonNullable<TeamSecondStep['policy']> }): Html {
  const { sinceMs, graceUntilMs } = policy;
  const who = without.map(({ id, name }) => (id === user.id ? 'you' : name));
  return html`<p class="notice good" role="note">On since ${dateTime(sinceMs)}. ${graceUntilMs > nowMs ? html`Whoever has none may go on without it until ${dateTime(graceUntilMs)}.` : 'Whoever has none sets it up before anything else.'}</p>
<p>${without.length === 0 ? 'Everybody has one.' : html`Still to come: ${listed(who)}.`}</p>
<form method="post" action="/team/second-step/off"><button type="submit" class="secondary">Switch it off</button></form>`;
}

/** Beside a member's name, for administrators. */
export function secondStepBadge({ user, without }: Pick<TeamSecondStep, 'user' | 'without'>, { id, name }: User): Html {
  const has = !without.some((other) => other.id === id);
  return html`<div class="actions"><span class="badge${has ? ' good' : ''}">${has ? 'has a second step' : 'no second step yet'}</span>
${has && id !== user.id ? html`<a class="button secondary small" href="/team/members/${id}/second-step">Remove it<span class="visually-hidden"> from ${name}</span></a>` : undefined}</div>`;
}

/** Before an administrator takes somebody's second step away. */
export function removeSecondStepPage({ user, member }: { readonly user: Member; readonly member: User }): string {
  return page({
    title: 'Remove a second step',
    user,
    path: '/team',
    main: html`<section class="card">
<h1>Remove the second step of ${member.name}?</h1>
<p>Do this only for somebody who has lost the phone and the recovery codes. <strong>Make sure that it is really them who asks</strong>, best face to face: by telephone anybody can be anybody.</p>
<p class="lead">All their sessions end. They are told by mail, and set up a new second step at their next sign-in.</p>
<form method="post" action="/team/members/${member.id}/second-step" class="actions">
<button type="submit" class="danger">Remove it</button>
<a class="button secondary" href="/team">Cancel</a>
</form>
</section>`,
  });
}
