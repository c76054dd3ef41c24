import { escapeHtml } from '../../kernel/html.ts';
import { cleanLabel } from '../../kernel/label.ts';
import type { AccountChange, AffectedAccount, IncidentFacts, TimelineLine } from './report.ts';

const maxLabelChars = 300;

/** To the second, in UTC: `2019-10-23 18:20:00 UTC`. */
function moment(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `40 ms`, `3.2 s`, `11 min`, `2.5 h`, `11.0 days`. */
function duration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

/** One line, nothing invisible: what is pasted must read as what it is. */
function plain(text: string): string {
  return cleanLabel(text, maxLabelChars);
}

function timeOf({ atMs, afterMs, tookMs }: TimelineLine): { readonly at: string; readonly after: string; readonly took: string } {
  return { at: moment(atMs), after: `${afterMs < 0 ? '-' : '+'}${duration(Math.abs(afterMs))}`, took: tookMs === undefined ? '' : duration(tookMs) };
}

function accountHead({ because, signedInAtMs }: AffectedAccount): string {
  return signedInAtMs === undefined ? because : `${because} ${moment(signedInAtMs)}`;
}

function changeLine({ atMs, kind, what }: AccountChange): string {
  return `${moment(atMs)}  ${kind}: ${plain(what)}`;
}

function summaryOf({ affected, accounts, truncated, complete }: IncidentFacts): string {
  const shown = truncated ? `, of whom the first ${accounts.length} are listed` : '';
  return `${affected} ${affected === 1 ? 'account' : 'accounts'} affected${shown}. Containment is ${complete ? 'complete' : 'not complete'}.`;
}

/** The facts as plain text. */
export function textOfReport(facts: IncidentFacts): string {
  const lines = [`Incident ${facts.id}`, '', plain(facts.reason), `Ordered by ${plain(facts.by)}. ${summaryOf(facts)}`, '', 'Timeline', ''];
  for (const each of facts.timeline) {
    const { at, after, took } = timeOf(each);
    lines.push(`${at}  ${after.padStart(10)}  ${each.what}${took === '' ? '' : ` (took ${took})`}`);
  }
  lines.push('', 'Affected accounts', '');
  if (facts.accounts.length === 0) lines.push('None.');
  for (const account of facts.accounts) {
    lines.push(`${plain(account.accountId)}  (${accountHead(account)})`);
    for (const change of account.changes) lines.push(`    ${changeLine(change)}`);
    if (account.truncated) lines.push('    and more');
  }
  return `${lines.join('\n')}\n`;
}

function cells(...texts: readonly string[]): string {
  return `<tr>${texts.map((text) => `<td>${escapeHtml(plain(text))}</td>`).join('')}</tr>`;
}

/** A page whose policy forbids it is plainer, and loses nothing. */
const look = '<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #ccc;padding:.35rem .75rem .35rem 0;text-align:left;vertical-align:top}td:last-child{font-variant-numeric:tabular-nums}ul{margin:0;padding-left:1.2rem}</style>';

/** The facts as a page that loads nothing from anywhere. */
export function htmlOf(facts: IncidentFacts): string {
  const title = escapeHtml(`Incident ${facts.id}`);
  const timeline = facts.timeline.map((each) => {
    const { at, after, took } = timeOf(each);
    return cells(at, after, each.what, took);
  });
  const accounts = facts.accounts.map((account) => {
    const changes = account.changes.map((change) => `<li>${escapeHtml(changeLine(change))}</li>`).join('');
    return `<tr><td>${escapeHtml(plain(account.accountId))}</td><td>${escapeHtml(accountHead(account))}</td><td><ul>${changes}${account.truncated ? '<li>and more</li>' : ''}</ul></td></tr>`;
  });
  return [
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${look}<main><h1>${title}</h1>`,
    `<p>${escapeHtml(plain(facts.reason))}</p><p>${escapeHtml(`Ordered by ${plain(facts.by)}. ${summaryOf(facts)}`)}</p>`,
    `<h2>Timeline</h2><table><tr><th>When</th><th>After the first entry</th><th>What</th><th>Took</th></tr>${timeline.join('')}</table>`,
    `<h2>Affected accounts</h2><table><tr><th>Account</th><th>Why</th><th>What it changed</th></tr>${accounts.join('')}</table></main></html>`,
  ].join('\n');
}
