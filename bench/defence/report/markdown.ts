import { markdownLines, type Machine } from '../../render.ts';
import type { RunResult } from '../result.ts';
import { targetRows } from '../targets.ts';
import { assumptions, method, policyNotes } from './words.ts';
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
    '## Targets',
    '',
    ...targetTable(results),
    '',
    '## Accounts taken over, against ordinary users harmed',
    '',
    '![One picture per attack, one point per policy: down is fewer accounts taken over, left is less harm](DEFENCE.svg)',
    '',
    '## Measured',
    '',
    ...standardTables(results).flatMap(tableLines),
    '## Variants',
    '',
    ...variantTables(results).flatMap(tableLines),
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

function tableLines({ title, note, head, rows }: ReportTable): readonly string[] {
  return [`### ${title}`, '', note, '', ...markdownLines([head, ...rows]), ''];
}
