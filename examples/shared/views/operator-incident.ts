import type { IncidentReport, IncidentStatus } from 'portcullis';
import type { ContainmentPlan } from '../data/containments.ts';
import type { Member } from '../members.ts';
import { html, type Html } from './html.ts';
import { notice, page } from './layout.ts';
import { incidentBadge } from './operator.ts';
import { dateTime } from './time.ts';

type Facts = IncidentReport['facts'];
type Step = IncidentStatus['steps'][number];

export interface IncidentPage {
  readonly user: Member;
  readonly status: IncidentStatus;
  readonly facts: Facts;
  readonly isRunning: boolean;
  /** Undefined for an incident that was begun elsewhere: by the command, for example. */
  readonly plan: ContainmentPlan | undefined;
  readonly nameOf: (id: string) => string;
  readonly addressOf: (accountId: string) => string;
  readonly done: string | undefined;
}

/** One incident: how far it is, what happened, and the way back. */
export function incidentPage({ user, status, facts, isRunning, plan, nameOf, addressOf, done }: IncidentPage): string {
  const { id, reason, by, beganMs, lift } = status;
  return page({
    title: 'Incident',
    user,
    nav: 'operator',
    path: '/operator',
    width: 'wide',
    main: html`<p class="back"><a href="/operator">Operations</a></p>
<div class="heading"><div><h1>${reason}</h1><p class="lead">Ordered by ${nameOf(by)}, ${dateTime(beganMs)} ${incidentBadge(status, isRunning)}</p></div></div>
${notice(done, 'good')}
<div class="columns even">
<section class="card">
<h2>What is done</h2>
${figures(status)}
<ul class="list framed short">${status.steps.filter((step) => step.state !== 'not-begun' || isRunning).map(stepItem)}</ul>
${isRunning ? html`<p><a class="button secondary small" href="/operator/incidents/${id}">Look again</a></p>` : undefined}
${!isRunning && !status.complete && plan !== undefined ? html`<form method="post" action="/operator/contain/${id}" class="stack start"><p>It stopped before its end. What is done is not done twice.</p><button type="submit">Go on</button></form>` : undefined}
</section>
<section class="card">
<h2>The way back</h2>
${lift === undefined ? liftForm(id) : html`<p class="notice good" role="note">Lifted by ${nameOf(lift.by)}, ${dateTime(lift.atMs)}. Sessions stay ended, and passwords must still be replaced.</p>`}
<h3>Report</h3>
<p>For a postmortem: as a <a href="/operator/incidents/${id}/report.html">page</a>, as <a href="/operator/incidents/${id}/report.txt">text</a>, as <a href="/operator/incidents/${id}/report.json">data</a>.</p>
</section>
</div>
${timelineCard(facts)}
${accountsCard(facts, addressOf)}`,
  });
}

function figures({ affected, resets, notices }: IncidentStatus): Html {
  const told = notices.affected.told + notices.everyoneElse.told;
  const failed = notices.affected.failed + notices.everyoneElse.failed;
  return html`<dl class="facts">
<dt>Affected</dt><dd>${affected.total}</dd>
<dt>New password</dt><dd>${resets.marked + resets.already} must choose one</dd>
<dt>Told by mail</dt><dd>${told}${failed > 0 ? `, and ${failed} could not be told` : ''}</dd>
</dl>`;
}

const stepTexts: Readonly<Record<Step['step'], string>> = {
  'read-only': 'Nobody can write',
  'sessions': 'Sessions ended',
  'find': 'Affected accounts found',
  'resets': 'Their passwords open nothing',
  'second-factor': 'A second step is asked for',
  'find-exposed': 'Addresses in leaks found',
  'tell-affected': 'The affected told',
  'tell-others': 'Everybody else told',
};

function stepItem({ step, state, tookMs, error }: Step): Html {
  const badge = { 'done': ['good', 'done'], 'begun': ['due', 'under way'], 'failed': ['bad', 'failed'], 'not-begun': ['', 'not begun'] }[state];
  return html`<li class="with-actions"><div>${stepTexts[step]}${error === undefined ? undefined : html`<span class="meta">${error}</span>`}</div><div class="actions">${tookMs === undefined ? undefined : html`<span class="meta">${seconds(tookMs)}</span>`}<span class="badge ${badge[0]}">${badge[1]}</span></div></li>`;
}

function seconds(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

function liftForm(id: string): Html {
  return html`<p>Lifting lets people write again. Sessions stay ended, and passwords that must be replaced stay so.</p>
<form method="post" action="/operator/incidents/${id}/lift"><button type="submit">Lift read-only</button></form>`;
}

function timelineCard({ timeline, firstEntryMs }: Facts): Html {
  return html`<section class="card flush">
<div class="card-head"><h2>Time line</h2></div>
<ol class="list">${timeline.map(({ atMs, afterMs, what, tookMs }) => html`<li><strong>${capital(what)}</strong><span class="meta">${dateTime(atMs)}${afterMs === 0 ? undefined : html` &middot; ${since(afterMs)} after ${firstEntryMs === undefined ? 'the beginning' : 'the first entry'}`}${tookMs === undefined ? undefined : html` &middot; took ${seconds(tookMs)}`}</span></li>`)}</ol>
</section>`;
}

function since(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.round(ms / 1_000)} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Accounts on the page; the report has a thousand. */
const shownAccounts = 50;

function accountsCard({ accounts, affected }: Facts, addressOf: (accountId: string) => string): Html {
  const hidden = affected - Math.min(accounts.length, shownAccounts);
  return html`<section class="card flush">
<div class="card-head"><h2>Affected accounts</h2><p class="lead">And what was done in them until the sessions ended.</p></div>
${accounts.length === 0 ? html`<p class="empty">None.</p>` : html`<ul class="list">${accounts.slice(0, shownAccounts).map((account) => accountItem(account, addressOf))}</ul>`}
${hidden > 0 ? html`<p class="more">and ${hidden.toLocaleString('en')} more</p>` : undefined}
</section>`;
}

function accountItem({ accountId, signedInAtMs, changes, truncated }: Facts['accounts'][number], addressOf: (accountId: string) => string): Html {
  return html`<li><strong>${addressOf(accountId)}</strong>
${signedInAtMs === undefined ? undefined : html`<span class="meta">came in ${dateTime(signedInAtMs)}</span>`}
${changes.map(({ atMs, kind, what }) => html`<span class="meta">${dateTime(atMs)} &middot; ${kind}: ${what}</span>`)}
${truncated ? html`<span class="meta">and more, in the report</span>` : undefined}</li>`;
}
