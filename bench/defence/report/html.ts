import type { RunResult } from '../result.ts';
import { targetRows, type TargetRow } from '../targets.ts';
import { chartPanel, chartStyle, darkColors, lightColors, panel } from './chart.ts';
import { betterTable } from './better.ts';
import { glanceTable } from './glance.ts';
import { partTables } from './parts.ts';
import { chartsOf } from './points.ts';
import { standardTables, variantTables, type ReportTable } from './tables.ts';
import { escaped } from './text.ts';
import { assumptions, attackerNotes, method, policyNotes } from './words.ts';

const style = `
:root { ${lightColors}; --good:#1a7f4b; --bad:#b3261e; --card:#f6f8fb; }
@media (prefers-color-scheme: dark) { :root { ${darkColors}; --good:#4cc38a; --bad:#ff8a80; --card:#1a202a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .5rem; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.25rem; }
p, li { max-width: 78ch; color: var(--soft); }
code { font-size: .9em; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 1rem; }
.charts svg { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; }
.legend { display: flex; flex-wrap: wrap; gap: 1.25rem; color: var(--soft); padding: 0; list-style: none; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 50%; margin-right: .4rem; background: var(--peer); }
.legend .ours { background: var(--ours); } .legend .list { background: var(--ground); border: 2px solid var(--peer); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0 1rem; }
table { border-collapse: collapse; font-size: 13px; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { white-space: normal; vertical-align: bottom; min-width: 6.5rem; } td.long { white-space: normal; min-width: 15rem; }
thead th { background: var(--card); position: sticky; top: 0; } tr:last-child td { border-bottom: 0; }
tbody th { font-weight: 600; position: sticky; left: 0; background: var(--ground); }
@media (max-width: 640px) { tbody th { white-space: normal; min-width: 7rem; max-width: 9rem; } main { padding: 1.25rem .75rem 3rem; } }
tr.own th { color: var(--ours-ink); }
td.good { color: var(--good); } td.bad { color: var(--bad); font-weight: 600; }
.yes { color: var(--good); font-weight: 600; } .no { color: var(--bad); font-weight: 600; }
details { margin: .6rem 0; } summary { cursor: pointer; font-weight: 600; }
${chartStyle}`;

/** Characters of a cell that is broken into lines. */
const longFrom = 40;

/** The report as one page that needs nothing else: no script, no font, no request. */
export function defenseHtml(results: readonly RunResult[], own: readonly string[]): string {
  const targets = targetRows(results);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Login defenses against the same traffic</title><style>${style}</style></head><body><main>
<h1>Login defenses against the same traffic</h1>
${method.join(' ').split('  ').map((text) => `<p>${code(text)}</p>`).join('\n')}
${[glanceTable(results), betterTable(results, own)].map((table) => (table === undefined ? '' : `<h2>${escaped(table.title)}</h2>\n<p>${code(table.note)}</p>${tableOf(table, own)}`)).join('\n')}
<h2>Accounts taken over, against ordinary users harmed</h2>
<p>One picture per attack, one point per policy; medians of the seeds. Down is fewer accounts taken over, left is less harm to ordinary users: even steps up to 0.1 %, powers of ten beyond. Rest on a point to read it.</p>
<ul class="legend"><li><i class="ours"></i>portcullis</li><li><i></i>peers</li><li><i class="list"></i>peers, with "leaked password means step-up"</li></ul>
<div class="charts">${chartsOf(results, own).map((chart) => `<svg viewBox="0 0 ${panel.width} ${panel.height}" role="img">${chartPanel(chart)}</svg>`).join('\n')}</div>
<h2>Targets</h2>
${targetTable(targets)}
${section('What each part is worth', partTables(results), own, 1)}
${section('Measured', standardTables(results), own, 1)}
${section('Variants', variantTables(results), own, 0)}
<h2>Attackers</h2>
${folded({ title: 'What each does', note: '', head: ['attacker', 'what it does'], rows: attackerNotes.map(({ name, text }) => [name, text]) }, own, false)}
<h2>Policies</h2>
${folded({ title: 'Names', note: '', head: ['policy', 'what it is'], rows: policyNotes.map(({ name, text }) => [name, text]) }, own, false)}
<h2>Assumptions, and whom they flatter</h2>
<ul>${assumptions.map((text) => `<li>${code(text)}</li>`).join('\n')}</ul>
</main></body></html>
`;
}

function targetTable(targets: readonly TargetRow[]): string {
  const rows = targets.map(({ what, policy, goal, measured, met }) => `<tr>${[what, policy, goal, measured].map((text) => `<td>${escaped(text)}</td>`).join('')}<td class="${met === null ? '' : met ? 'yes' : 'no'}">${met === null ? '' : met ? 'met' : 'missed'}</td></tr>`);
  const said = `${targets.filter(({ met }) => met === true).length} of ${targets.filter(({ met }) => met !== null).length} met.`;
  return `<p>${said}</p><div class="scroll"><table><thead><tr>${['target', 'policy', 'goal', 'measured', ''].map((text) => `<th>${text}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** The first so many of its tables are open. */
function section(title: string, tables: readonly ReportTable[], own: readonly string[], open: number): string {
  return tables.length === 0 ? '' : `<h2>${title}</h2>\n${tables.map((table, place) => folded(table, own, place < open)).join('\n')}`;
}

function folded(table: ReportTable, own: readonly string[], open: boolean): string {
  return `<details${open ? ' open' : ''}><summary>${escaped(table.title)}</summary><p>${code(table.note)}</p>${tableOf(table, own)}</details>`;
}

function tableOf({ head, rows, names, marks }: ReportTable, own: readonly string[]): string {
  const cell = (text: string, mark: string): string => {
    const className = text.length > longFrom ? 'long' : mark;
    return `<td${className === '' ? '' : ` class="${className}"`}>${code(text)}</td>`;
  };
  const lines = rows.map(([name = '', ...cells], row) => `<tr${own.includes(name) ? ' class="own"' : ''}><th>${code(names?.[row] ?? name)}</th>${cells.map((text, column) => cell(text, marks?.[row]?.[column] ?? '')).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head.map((text) => `<th>${escaped(text)}</th>`).join('')}</tr></thead><tbody>${lines.join('\n')}</tbody></table></div>`;
}

function code(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}
