import { chartSize, type ChartField } from '../live/charts.ts';
import type { LiveAlarm, LivePicture, LiveSource, LiveTotal } from '../live/picture.ts';
import type { Member } from '../members.ts';
import { html, type Html } from './html.ts';
import { page } from './layout.ts';

// What `public/live.js` puts in anew says so itself: `data-text` is a text, `data-set` attributes, `data-each` a list, `data-in` a part of the
// picture. A list has a `template` of its items, made by the same function as the items.

const totalLabels: readonly (readonly [ChartField, string])[] = [
  ['attempts', 'Attempts'],
  ['failures', 'Failed'],
  ['challenges', 'Asked for more'],
  ['refused', 'Refused'],
  ['signUps', 'Sign-ups'],
  ['resets', 'Resets'],
];

const noAlarm: LiveAlarm = { key: '', title: '', oat: '', word: '', badge: '', what: '', since: '', entered: '', enteredClass: '', advice: '', contain: '/operator/contain', button: 'button', noContain: null };
const noSource: LiveSource = { key: '', network: '', accounts: '', bar: '', alarms: '' };

/** The last hour. It is whole without JavaScript, as it was when it was asked for. */
export function livePage({ user, picture }: { readonly user: Member; readonly picture: LivePicture }): string {
  const { at, level, totals, chart, alarms, noAlarms, sources, noSources } = picture;
  return page({
    title: 'Live',
    user,
    nav: 'operator',
    path: '/operator/live',
    width: 'wide',
    scripts: ['live'],
    main: html`<div class="live" data-live="/operator/live/stream">
<div class="heading">
<div><h1>Live</h1><p class="lead">Who is at the doors of Larkpost: the last hour, as this process sees it.</p></div>
<p class="feed"><span data-feed>The figures are of</span> <span data-text="at">${at}</span>. <a href="/operator/live">Reload</a></p>
</div>
${levelBanner(level)}
<section class="card flush" id="alarms">
<div class="card-head"><h2>Alarms</h2></div>
<p class="empty" data-set="hidden=noAlarms"${hiddenBy(noAlarms)}>No alarm in the last hours.</p>
<ul class="list alarms" data-each="alarms"><template>${alarmItem(noAlarm)}</template>${alarms.map(alarmItem)}</ul>
</section>
<section class="card" id="sign-ins">
<h2>Attempts to sign in, by the minute</h2>
${bigChart(chart)}
</section>
<ul class="totals" data-in="totals">${totalLabels.map(([field, label]) => totalItem(field, label, totals[field]))}</ul>
<section class="card flush" id="sources">
<div class="card-head"><h2>Networks that try the most accounts</h2></div>
<p class="empty" data-set="hidden=noSources"${hiddenBy(noSources)}>None in the last hour.</p>
<ul class="list" data-each="sources"><template>${sourceItem(noSource)}</template>${sources.map(sourceItem)}</ul>
</section>
</div>`,
  });
}

function hiddenBy(hidden: '' | null): Html | undefined {
  return hidden === null ? undefined : html` hidden`;
}

// A word, a color and a shape: any one of them is enough.
function levelBanner({ kind, word, sentence }: LivePicture['level']): Html {
  return html`<section class="level" data-in="level" data-set="data-level=kind" data-level="${kind}" aria-label="Level">
<svg class="level-sign" viewBox="0 0 48 48" aria-hidden="true"><circle class="is-calm" cx="24" cy="24" r="20"/><path class="is-elevated" d="M24 3L46 43H2Z"/><path class="is-attack" d="M15 3H33L45 15V33L33 45H15L3 33V15Z"/><path class="mark-calm" d="M15 25L22 32L34 17"/><path class="mark-alarm" d="M24 15V28M24 34V35"/></svg>
<div><p class="level-word" data-text="word">${word}</p>
<p role="status" data-text="sentence">${sentence}</p></div>
</section>`;
}

function alarmItem({ key, title, oat, word, badge, what, since, entered, enteredClass, advice, contain, button, noContain }: LiveAlarm): Html {
  return html`<li data-key="${key}">
<div class="alarm-head"><h3 data-text="title">${title}</h3><span class="${badge}" data-set="class=badge" data-text="word">${word}</span><span class="meta" data-text="oat">${oat}</span></div>
<div class="alarm-facts"><p data-text="what">${what}</p>
<p class="meta" data-text="since">${since}</p>
<p>Came in: <span data-set="class=enteredClass" class="${enteredClass}" data-text="entered">${entered}</span></p></div>
<div class="alarm-foot"><p class="soft" data-text="advice">${advice}</p>
<a class="${button}" href="${contain}" data-set="href=contain class=button hidden=noContain"${hiddenBy(noContain)}>Contain this attack</a></div>
</li>`;
}

function bigChart({ top, attempts, failures, challenges, words }: LivePicture['chart']): Html {
  const { width, height } = chartSize;
  return html`<ul class="legend" aria-hidden="true"><li class="key-attempts">all attempts</li><li class="key-failures">failed</li><li class="key-challenges">asked for more</li></ul>
<figure class="chart" data-in="chart">
<p class="meta" aria-hidden="true" data-text="top">${top}</p>
<svg class="plot" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-labelledby="chart-words">
<path class="grid" d="M0 0.5H${width}M0 ${height / 2}H${width}M0 ${height - 0.5}H${width}"/>
<path class="attempts" d="${attempts}" data-set="d=attempts"/><path class="failures" d="${failures}" data-set="d=failures"/><path class="challenges" d="${challenges}" data-set="d=challenges"/>
</svg>
<p class="axis meta" aria-hidden="true"><span>1 hour ago</span><span>30 min</span><span>now</span></p>
<figcaption class="meta" id="chart-words" data-text="words">${words}</figcaption>
</figure>`;
}

function totalItem(field: ChartField, label: string, { hour, recent, bars }: LiveTotal): Html {
  const { width, height } = chartSize;
  return html`<li class="card total" data-in="${field}">
<h2>${label}</h2>
<p class="total-figure" data-text="hour">${hour}</p>
<svg class="spark" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true"><path d="${bars}" data-set="d=bars"/></svg>
<p class="meta" data-text="recent">${recent}</p>
</li>`;
}

function sourceItem({ key, network, accounts, bar, alarms }: LiveSource): Html {
  return html`<li class="source" data-key="${key}">
<strong data-text="network">${network}</strong>
<span class="source-figure"><span data-text="accounts">${accounts}</span> <span class="soft">accounts or names</span></span>
<svg class="source-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><path d="${bar}" data-set="d=bar"/></svg>
<span class="meta" data-text="alarms">${alarms}</span>
</li>`;
}
