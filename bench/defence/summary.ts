import { median } from '../measure.ts';
import type { RunResult } from './result.ts';

/** The runs of one policy against one attacker in one scenario. */
export interface Cell {
  readonly scenario: string;
  readonly attacker: RunResult['attacker'];
  readonly policy: string;
  readonly runs: readonly RunResult[];
}

/** The runs, all seeds of a kind together, in the order they came. */
export function cellsOf(results: readonly RunResult[]): readonly Cell[] {
  const cells = new Map<string, Cell & { readonly runs: RunResult[] }>();
  for (const result of results) {
    const { scenario, attacker, policy } = result;
    const key = `${scenario} ${attacker} ${policy}`;
    const cell = cells.get(key) ?? { scenario, attacker, policy, runs: [] };
    cell.runs.push(result);
    cells.set(key, cell);
  }
  return [...cells.values()];
}

/** Median and range of what some of the runs have. */
export interface Middle {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

export function middleOf(runs: readonly RunResult[], value: (run: RunResult) => number | null | undefined): Middle | undefined {
  const values = runs.map(value).filter((each) => each !== null && each !== undefined);
  if (values.length === 0) return undefined;
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), count: values.length };
}

/** `0.96 %`; two digits behind the point below 10 %. */
export function percent(share: number): string {
  const value = share * 100;
  return `${Number(value.toFixed(value >= 10 ? 1 : 2))} %`;
}

/** `12 [0-50] %`, without the range where there is none. */
export function percentRange(middle: Middle | undefined): string {
  if (middle === undefined) return '-';
  const { least, most } = middle;
  return least === most ? percent(middle.median) : `${percent(middle.median)} [${percent(least).slice(0, -2)} to ${percent(most).slice(0, -2)}]`;
}

/** A span in the unit that suits it: `18 s`, `1.5 h`, `3.7 d`. */
export function span(ms: number): string {
  if (ms < 120_000) return `${Number((ms / 1000).toPrecision(3))} s`;
  if (ms < 7_200_000) return `${Number((ms / 60_000).toPrecision(3))} min`;
  return ms < 172_800_000 ? `${Number((ms / 3_600_000).toPrecision(3))} h` : `${Number((ms / 86_400_000).toPrecision(3))} d`;
}

/** For a terminal: one line a cell. */
export function summaryTable(results: readonly RunResult[]): string {
  const lines = cellsOf(results).map(({ scenario, attacker, policy, runs }) => [
    scenario, attacker, policy,
    percentRange(middleOf(runs, ({ takeoverShare }) => takeoverShare)),
    detectionText(runs),
    ...[percentRange(middleOf(runs, (run) => run.ordinaryDeniedShare)), percentRange(middleOf(runs, (run) => run.ordinaryFailedShare)), percentRange(middleOf(runs, (run) => run.stepUpShare))],
    String(middleOf(runs, ({ bytes }) => bytes)?.median ?? ''),
  ]);
  const rows = [['scenario', 'attacker', 'policy', 'taken over', 'detected', 'denied', 'failed', 'stepped up', 'bytes'], ...lines];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}

/** The median over the seeds, where those without a detection count as never. */
export function detectionText(runs: readonly RunResult[]): string {
  const times = runs.map(({ detectionMs }) => detectionMs ?? Infinity);
  const middle = median(times);
  const found = times.filter(Number.isFinite).length;
  const seen = found === runs.length ? '' : ` (${found} of ${runs.length})`;
  return Number.isFinite(middle) ? `${span(middle)}${seen}` : `never${seen}`;
}
