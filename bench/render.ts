import type { BenchRow } from './row.ts';
import type { Outcome } from './run.ts';

/** What the figures were measured on and with. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Day of the run, `2026-11-25`. */
  readonly date: string;
  readonly versions: readonly { readonly name: string; readonly version: string }[];
}

const heads = ['row', 'measured', 'value', 'beside', 'ratio', 'goal', 'met', 'spread'] as const;

/** The rows of one bench for a terminal: columns in line, no colour. */
export function textTable(rows: readonly BenchRow[]): string {
  const lines = [[...heads], ...rows.map(cells)];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}

/** bench/RESULTS.md of a whole run. */
export function resultsMarkdown(outcomes: readonly Outcome[], machine: Machine): string {
  return [
    '# Measured',
    'Written by `npm run bench`; do not edit. Medians of interleaved rounds, peers in the same run. The spread is the 10th to the 90th percentile of the',
    'rounds, of the value or of the ratio; a goal that it covers is "not shown".',
    '',
    ...machineLines(machine),
    '',
    ...outcomes.flatMap(benchLines),
  ].join('\n');
}

function machineLines({ cpu, cores, memoryGiB, system, node, date, versions }: Machine): readonly string[] {
  return [
    `- Machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB of memory, ${system}`,
    `- Node ${node}, ${date}`,
    `- With ${versions.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
  ];
}

function benchLines({ bench, rows, failure }: Outcome): readonly string[] {
  return [
    `## ${bench.title}`,
    '',
    ...(bench.method === undefined ? [] : [bench.method, '']),
    ...(failure === undefined ? [] : [`**Did not finish:** ${failure.split('\n')[0] ?? ''}`, '']),
    ...(rows.length === 0 ? [] : [...markdownTable(rows), '']),
    ...(rows.length === 0 || bench.chart === undefined ? [] : [...bench.chart(rows), '']),
  ];
}

function markdownTable(rows: readonly BenchRow[]): readonly string[] {
  return markdownLines([heads, ...rows.map(cells)]);
}

/** A bar for each value, in a fence: every reader of Markdown shows it alike. */
export function barChart(title: string, bars: readonly { readonly name: string; readonly value: number; readonly said: string }[]): readonly string[] {
  const most = Math.max(...bars.map(({ value }) => value));
  const width = Math.max(...bars.map(({ name }) => name.length));
  return ['```text', title, ...bars.map(({ name, value, said }) => `${name.padEnd(width)} ${'█'.repeat(Math.max(1, Math.round((value / most) * 40)))} ${said}`), '```'];
}

/** The lines of a Markdown table, the first with its heads. */
export function markdownLines([head = [], ...lines]: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...lines].map((texts) => `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`);
}

function cells(row: BenchRow): readonly string[] {
  return [
    row.id,
    row.subject,
    `${figure(row.value)} ${row.unit}`,
    row.peer ?? '',
    row.ratioToPeer === null ? '' : `${figure(row.ratioToPeer)}x`,
    row.goal ?? '',
    verdictText(row),
    spreadText(row),
  ];
}

/** The verdict in a word; nothing for a row that only informs. */
export function verdictText({ met }: BenchRow): string {
  if (met === null) return '';
  return met === true ? 'yes' : met === false ? '**no**' : met;
}

function spreadText({ spread, unit }: BenchRow): string {
  if (spread === undefined || spread.rounds < 2) return '';
  const of = spread.of === 'ratio' ? 'x' : ` ${unit}`;
  return `${figure(spread.low)} to ${figure(spread.high)}${of}, ${spread.rounds} rounds`;
}

/** Three significant digits; whole numbers from 100 on, in groups of three. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 99.95) return Math.round(value).toLocaleString('en-GB');
  return String(Number(value.toPrecision(3)));
}

/** The rows as `--json` writes them: these eight fields and no more. */
export function rowsJson(rows: readonly BenchRow[]): string {
  const plain = rows.map(({ id, subject, peer, value, unit, ratioToPeer, goal, met }) => ({ id, subject, peer, value, unit, ratioToPeer, goal, met }));
  return `${JSON.stringify(plain, null, 2)}\n`;
}
