import type { DoctorFinding, IncidentStatus } from 'portcullis';
import type { ReadOnlyScope, ReadOnlyStrictness, ReadOnlySwitch } from 'portcullis/read-only';
import { textOf } from '../input.ts';
import type { Member } from '../members.ts';
import { levels } from '../operator-input.ts';
import { choice, field } from './fields.ts';
import { html, type Html } from './html.ts';
import { notice, page, reasonList } from './layout.ts';
import { dateTime } from './time.ts';

/** Why what was typed cannot be used, by the form. */
export interface OperatorProblems {
  readonly readOnly?: readonly string[];
  readonly account?: readonly string[];
}

export interface OperatorPage {
  readonly user: Member;
  readonly findings: readonly DoctorFinding[];
  /** Undefined where the store does not answer. */
  readonly switches: readonly ReadOnlySwitch[] | undefined;
  readonly incidents: readonly IncidentStatus[] | undefined;
  readonly isRunning: (id: string) => boolean;
  readonly nameOf: (id: string) => string;
  /** The body of a form that was refused. */
  readonly typed: unknown;
  readonly problems: OperatorProblems | undefined;
  readonly done: string | undefined;
}

const levelTexts: Readonly<Record<ReadOnlyStrictness, string>> = {
  sensitive: 'exports alone',
  writes: 'everything that writes, and exports',
  all: 'everything but signing in and out, and passwords',
};

/** What an operator sees first. */
export function operatorPage({ user, findings, switches, incidents, isRunning, nameOf, typed, problems = {}, done }: OperatorPage): string {
  return page({
    title: 'Operations',
    user,
    nav: 'operator',
    path: '/operator',
    width: 'wide',
    main: html`<div class="heading">
<div><h1>Operations</h1><p class="lead">The whole of Larkpost. Every order is in the audit log, with your name.</p></div>
<div class="actions"><a class="button secondary" href="/operator/live">Watch live</a><a class="button danger" href="/operator/contain">Contain an attack</a></div>
</div>
${notice(done, 'good')}
<div class="columns even">
${readOnlyCard({ switches, nameOf, typed, reasons: problems.readOnly ?? [] })}
${accountsCard(typed, problems.account ?? [])}
</div>
${incidentsCard(incidents, isRunning)}
${findingsCard(findings)}`,
  });
}

function readOnlyCard({ switches, nameOf, typed, reasons }: Pick<OperatorPage, 'switches' | 'nameOf' | 'typed'> & { readonly reasons: readonly string[] }): Html {
  const isOn = switches !== undefined && switches.length > 0;
  const form = html`<form method="post" action="/operator/read-only" class="stack">
${reasonList(reasons)}
<fieldset class="plain choices">
<legend>Refuse</legend>
${levels.map((level) => choice({ name: 'level', value: level, label: levelTexts[level], checked: level === (typedIn(typed, 'level') ?? 'writes') }))}
</fieldset>
${field({ name: 'reason', label: 'Why', value: typedIn(typed, 'reason'), hint: 'Everybody reads it, at the top of every page.' })}
${field({ name: 'minutes', label: 'For how many minutes', value: typedIn(typed, 'minutes'), inputmode: 'numeric', optional: true, hint: 'Without, it stays on until it is switched off.' })}
<button type="submit" class="${isOn ? 'secondary' : ''}">${isOn ? 'Change it for everybody' : 'Switch it on'}</button>
</form>`;
  return html`<section class="card" id="read-only">
<h2>Read-only</h2>
${switches === undefined ? notice('The switch cannot be read at the moment. What it said last holds.', 'bad') : undefined}
${isOn ? switches.map((each) => switchOn(each, nameOf)) : html`<p>It is off: people can write.</p>`}
${isOn && reasons.length === 0 ? html`<details><summary>Change it</summary>${form}</details>` : form}
</section>`;
}

function switchOn({ level, scope, reason, by, sinceMs, untilMs }: ReadOnlySwitch, nameOf: (id: string) => string): Html {
  return html`<div class="switch">
<p class="notice due" role="note"><strong>On ${scopeText(scope)}:</strong> ${levelTexts[level]}.</p>
<dl class="facts"><dt>Why</dt><dd>${reason}</dd><dt>By</dt><dd>${nameOf(by)}</dd><dt>Since</dt><dd>${dateTime(sinceMs)}</dd><dt>Until</dt><dd>${untilMs === undefined ? 'it is switched off' : dateTime(untilMs)}</dd></dl>
<form method="post" action="/operator/read-only/off">
${scope.kind === 'everyone' ? undefined : html`<input type="hidden" name="kind" value="${scope.kind}"><input type="hidden" name="id" value="${scope.id}">`}
<button type="submit">Switch it off${scope.kind === 'everyone' ? undefined : html` <span class="visually-hidden">${scopeText(scope)}</span>`}</button>
</form>
</div>`;
}

function scopeText(scope: ReadOnlyScope): string {
  switch (scope.kind) {
    case 'everyone':
      return 'for everybody';
    case 'organization':
      return `for the team ${scope.id}`;
    case 'user':
      return `for the account ${scope.id}`;
  }
}

function accountsCard(typed: unknown, reasons: readonly string[]): Html {
  return html`<section class="card" id="accounts">
<h2>Sessions and passwords</h2>
<form method="post" action="/operator/account" class="stack">
${reasonList(reasons)}
${field({ name: 'email', label: 'Email address of one account', type: 'email', value: typedIn(typed, 'email') })}
<fieldset class="plain choices">
<legend>What to do</legend>
${choice({ name: 'order', value: 'sessions', label: 'end its sessions', checked: true })}
${choice({ name: 'order', value: 'reset', label: 'end its sessions, and let the password open nothing: somebody else has it' })}
${choice({ name: 'order', value: 'change', label: 'end its sessions, and ask for another password at the next sign-in' })}
</fieldset>
<button type="submit" class="secondary">Do it</button>
</form>
<p class="apart"><a class="button danger-secondary" href="/operator/sessions">End everybody's sessions</a></p>
</section>`;
}

function incidentsCard(incidents: readonly IncidentStatus[] | undefined, isRunning: (id: string) => boolean): Html {
  return html`<section class="card flush" id="incidents">
<div class="card-head"><h2>Incidents</h2></div>
${incidents === undefined ? html`<p class="empty">They cannot be read at the moment.</p>` : incidents.length === 0 ? html`<p class="empty">None so far.</p>` : html`<ul class="list">${incidents.map((each) => incidentItem(each, isRunning))}</ul>`}
</section>`;
}

function incidentItem(status: IncidentStatus, isRunning: (id: string) => boolean): Html {
  const { id, reason, beganMs, affected } = status;
  return html`<li class="with-actions">
<div><a href="/operator/incidents/${id}"><strong>${reason}</strong></a><span class="meta">${dateTime(beganMs)} &middot; ${affected.total} ${affected.total === 1 ? 'account' : 'accounts'} affected</span></div>
${incidentBadge(status, isRunning(id))}
</li>`;
}

/** How far it is, in a word or two. */
export function incidentBadge({ complete, lift }: Pick<IncidentStatus, 'complete' | 'lift'>, isRunning: boolean): Html {
  if (isRunning) return html`<span class="badge due">under way</span>`;
  if (!complete) return html`<span class="badge bad">stopped</span>`;
  return lift === undefined ? html`<span class="badge due">contained, not lifted</span>` : html`<span class="badge good">lifted</span>`;
}

const badges: Readonly<Record<DoctorFinding['level'], { readonly kind: string; readonly word: string }>> = { ok: { kind: 'good', word: 'good' }, warn: { kind: 'due', word: 'look at it' }, bad: { kind: 'bad', word: 'bad' } };
const order: readonly DoctorFinding['level'][] = ['bad', 'warn', 'ok'];

function findingsCard(findings: readonly DoctorFinding[]): Html {
  const sorted = findings.toSorted((one, other) => order.indexOf(one.level) - order.indexOf(other.level));
  const [good, rest] = [sorted.filter(({ level }) => level === 'ok'), sorted.filter(({ level }) => level !== 'ok')];
  return html`<section class="card flush" id="findings">
<div class="card-head"><h2>How the house is</h2></div>
${rest.length === 0 ? undefined : html`<ul class="list">${rest.map(finding)}</ul>`}
<details class="more-list"><summary>${good.length} ${good.length === 1 ? 'check is' : 'checks are'} good</summary><ul class="list">${good.map(finding)}</ul></details>
</section>`;
}

function finding({ level, check, detail }: DoctorFinding): Html {
  return html`<li class="with-actions"><div><strong>${check}</strong><span class="meta">${detail}</span></div><span class="badge ${badges[level].kind}">${badges[level].word}</span></li>`;
}

function typedIn(body: unknown, name: string): string | undefined {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? textOf((body as Readonly<Record<string, unknown>>)[name], 500) : undefined;
}
