import type { ContainReport } from 'portcullis';
import type { ContainmentPlan } from '../data/containments.ts';
import type { Member } from '../members.ts';
import { choice, field } from './fields.ts';
import { html, type Html } from './html.ts';
import { page, reasonList } from './layout.ts';
import { dateTime } from './time.ts';

export interface ContainPage {
  readonly user: Member;
  /** What the form was filled in from, in a sentence. */
  readonly alarm?: string;
  /** Whoever asks is in that alarm too, and not in the form. */
  readonly leavesOut?: boolean;
  readonly problems?: readonly string[];
  /** A field of a form that was refused. */
  readonly typed?: (name: string) => string | undefined;
}

/** What an attack was, as far as it is known. Nothing is done before it has been counted. */
export function containPage({ user, alarm, leavesOut = false, problems = [], typed = () => undefined }: ContainPage): string {
  const answers = [['yes', 'yes'], ['no', 'no']] as const;
  const yesNo = (name: string, legend: string, fallback: 'yes' | 'no'): Html => html`<fieldset class="plain choices">
<legend>${legend}</legend>
${answers.map(([value, label]) => choice({ name, value, label, checked: value === (typed(name) ?? fallback) }))}
</fieldset>`;
  return page({
    title: 'Contain an attack',
    user,
    nav: 'operator',
    path: '/operator/contain',
    main: html`<section class="card">
<h1>Contain an attack</h1>
<p>Nobody can write, everybody is signed out, the accounts that the attack came into are found, and people are told. First you see how many it would hit.</p>
${alarm === undefined ? undefined : html`<p class="notice due" role="note">Filled in from the alarm: ${alarm} Look it through: your own people may be among them.${leavesOut ? ' You are left out.' : ''}</p>`}
${reasonList(problems)}
<form method="post" action="/operator/contain" class="stack">
${field({ name: 'reason', label: 'What happened', value: typed('reason'), hint: 'One line. It is on every page, and in every mail.' })}
<div class="field">
<label for="sources">Addresses of the attack <span class="soft">(optional)</span></label>
<textarea id="sources" name="sources" rows="4" placeholder="192.0.2.17&#10;198.51.100.0/24" aria-describedby="sources-hint">${typed('sources')}</textarea>
<p class="hint" id="sources-hint">One a line, networks too. Whoever signed in from there is affected.</p>
</div>
<div class="field">
<label for="accounts">Accounts that it came into <span class="soft">(optional)</span></label>
<textarea id="accounts" name="accounts" rows="3" aria-describedby="accounts-hint">${typed('accounts')}</textarea>
<p class="hint" id="accounts-hint">Mail addresses, one a line. They are affected wherever the sign-ins came from.</p>
</div>
<div class="pair">
${field({ name: 'from', label: 'It began, UTC', type: 'datetime-local', value: typed('from'), optional: true })}
${field({ name: 'until', label: 'It ended, UTC', type: 'datetime-local', value: typed('until'), optional: true })}
</div>
${yesNo('reset', 'Must the affected choose a new password?', 'yes')}
${yesNo('secondFactor', 'Ask everybody for a second step, within 7 days?', 'no')}
<button type="submit">Count first</button>
</form>
</section>`,
  });
}

export interface DryRunPage {
  readonly user: Member;
  readonly plan: ContainmentPlan;
  readonly counts: ContainReport;
}

/** What would be done, before it is. */
export function dryRunPage({ user, plan, counts: { affected, others } }: DryRunPage): string {
  return page({
    title: 'Before you contain',
    user,
    nav: 'operator',
    path: '/operator/contain',
    main: html`<section class="card">
<h1>Contain it now?</h1>
<p class="lead">Nothing has been done yet.</p>
<dl class="facts">
<dt>What happened</dt><dd>${plan.reason}</dd>
<dt>From</dt><dd>${plan.sources.length === 0 ? 'no address is known' : `${plan.sources.slice(0, 5).join(', ')}${plan.sources.length > 5 ? ` and ${plan.sources.length - 5} more` : ''}`}</dd>
${plan.accountIds === undefined || plan.accountIds.length === 0 ? undefined : html`<dt>Named</dt><dd>${plan.accountIds.length} ${plan.accountIds.length === 1 ? 'account' : 'accounts'}</dd>`}
<dt>Between</dt><dd>${plan.fromMs === undefined ? 'the first entry of the log' : dateTime(plan.fromMs)} and ${plan.untilMs === undefined ? 'now' : dateTime(plan.untilMs)}</dd>
</dl>
<ul class="figures">
${figure(affected.total, `${affected.total === 1 ? 'account is' : 'accounts are'} affected${plan.reset ? ', and must choose a new password' : ''}`)}
${others === undefined ? undefined : figure(others.accounts, `other ${others.accounts === 1 ? 'account is' : 'accounts are'} signed out and told`)}
${others === undefined ? undefined : figure(others.withoutSecondFactor, `of all ${others.withoutSecondFactor === 1 ? 'has' : 'have'} no second step${plan.secondFactor ? ', and must set one up within 7 days' : ''}`)}
</ul>
<p><strong>You are signed out too.</strong> Sign in again to see how far it is, and to lift it.</p>
<form method="post" action="/operator/contain/${plan.id}" class="actions">
<button type="submit" class="danger">Contain it</button>
<a class="button secondary" href="/operator/contain">Start again</a>
</form>
</section>`,
  });
}

function figure(count: number, what: string): Html {
  return html`<li><strong>${count.toLocaleString('en')}</strong> ${what}</li>`;
}

/** Sessions end within the second, and this one too. */
export function begunPage({ id }: { readonly id: string }): string {
  return page({
    title: 'Containment has begun',
    nav: 'none',
    main: html`<section class="card">
<h1>Containment has begun</h1>
<p role="status">It goes on by itself, also when the app is started anew. Everybody is signed out, and you are too.</p>
<p class="actions"><a class="button" href="/operator/incidents/${id}">See how far it is</a></p>
</section>`,
  });
}
