import type { ClaimedGoal } from './goals.ts';
import { figure, markdownLines, verdictText } from './render.ts';
import type { BenchRow } from './row.ts';

/** What stands around the table in README.md. */
const begin = '<!-- measured: written by `npm run bench` -->';
const end = '<!-- /measured -->';

const heads = ['what', 'portcullis', 'peer', 'ratio', 'goal', 'met'];

/** The README with its table of goals filled from the rows of a whole run. A goal without a row says that it was not measured. */
export function withMeasured(readme: string, rows: readonly BenchRow[], goals: readonly ClaimedGoal[]): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from === -1 || to < from) throw new Error(`README.md: expected ${begin} and, after it, ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${measuredTable(rows, goals)}\n\n${readme.slice(to)}`;
}

/** The table itself: one line for every goal. */
export function measuredTable(rows: readonly BenchRow[], goals: readonly ClaimedGoal[]): string {
  const lines = goals.map(({ id, goal, what }) => {
    const row = rows.find((candidate) => candidate.id === id);
    if (row === undefined) return [what, 'not measured yet', '', '', goal, ''];
    return [what, `${figure(row.value)} ${row.unit}`, row.peer ?? '', row.ratioToPeer === null ? '' : `${figure(row.ratioToPeer)}x`, goal, verdictText(row)];
  });
  return markdownLines([heads, ...lines]).join('\n');
}
