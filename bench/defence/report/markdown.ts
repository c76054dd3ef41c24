import { markdownLines, type Machine } from '../../render.ts';
import { ownPolicies } from '../policies/index.ts';
import type { RunResult } from '../result.ts';
import { targetRows } from '../targets.ts';
import { betterTable } from './better.ts';
import { glanceTable } from './glance.ts';
import { partTables } from './parts.ts';
import { assumptions, attackerNotes, method, policyNotes } from './words.ts';
import { standardTables, variantTables, type ReportTable } from './tables.ts';

/** bench/DEFENCE.md of a whole run. The charts are a picture beside it. */
export function defenseMarkdown(results: readonly RunResult[], { node, date, versions }: Pick<Machine, 'node' | 'date' | 'versions'>): string {
  const peers = versions.filter(({ name }) => ['express-rate-limit', 'rate-limiter-flexible'].includes(name)).map(({ name, version }) => `${name} ${version}`);
  return [
    '# Login defenses against the same traffic',
    '',
    'Written by `npm run bench:defence`; do not edit.',
    '',
    ...method,
    '',
    `Node ${node}, ${date}${peers.length === 0 ? '' : `, with ${peers.join(', ')}`}. ${new Set(results.map(({ seed }) => seed)).size} seeds.`,
    '',
    ...[glanceTable(results), betterTable(results, ownPolicies)].flatMap((table) => (table === undefined ? [] : tableLines(table, '##'))),
    '## Accounts taken over, against ordinary users harmed',
    '',
    '![One picture per attack, one point per policy: down is fewer accounts taken over, left is less harm](DEFENCE.svg)',
    '',
    '## Targets',
    '',
    ...targetTable(results),
    '',
    ...section('What each part is worth', partTables(results)),
    ...section('Measured', standardTables(results)),
    ...section('Variants', variantTables(results)),
    '## Attackers',
    '',
    ...markdownLines([['attacker', 'what it does'], ...attackerNotes.map(({ name, text }) => [name, text])]),
    '',
    '## Policies',
    '',
    ...markdownLines([['policy', 'what it is'], ...policyNotes.map(({ name, text }) => [name, text])]),
    '',
    '## Assumptions, and whom they flatter',
    '',
    ...assumptions.map((text) => `- ${text}`),
    '',
  ].join('\n');
}

function targetTable(results: readonly RunResult[]): readonly string[] {
  const rows = targetRows(results);
  const met = rows.filter((row) => row.met === true).length;
  return [
    `${met} of ${rows.filter((row) => row.met !== null).length} met.`,
    '',
    ...markdownLines([['target', 'policy', 'goal', 'measured', 'met'], ...rows.map((row) => [row.what, row.policy, row.goal, row.measured, row.met === null ? '' : row.met ? 'yes' : '**no**'])]),
  ];
}

function section(title: string, tables: readonly ReportTable[]): readonly string[] {
  return tables.length === 0 ? [] : [`## ${title}`, '', ...tables.flatMap((table) => tableLines(table, '###'))];
}

function tableLines({ title, note, head, rows, names, marks }: ReportTable, level: '##' | '###'): readonly string[] {
  const shown = rows.map(([name = '', ...cells], row) => [names?.[row] ?? name, ...cells.map((text, column) => (marks?.[row]?.[column] === 'bad' ? `**${text}**` : text))]);
  return [`${level} ${title}`, '', note, '', ...markdownLines([head, ...shown]), ''];
}
