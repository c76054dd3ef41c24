import { median } from '../../measure.ts';
import type { RunResult } from '../result.ts';
import { detectionText, percent } from '../summary.ts';
import { shareOf } from '../tally.ts';
import type { ReportTable } from './tables.ts';
import { policyNotes } from './words.ts';

type Runs = readonly RunResult[];
type Mark = 'good' | 'bad' | '';

interface Column {
  readonly head: string;
  readonly attacker: RunResult['attacker'];
  readonly value: (run: RunResult) => number;
  /** Up to here it is good, and from there on bad. */
  readonly good: number;
  readonly bad: number;
  readonly say?: (runs: Runs) => string;
}

const taken = (attacker: RunResult['attacker'], head: string): Column => ({ head: `taken over by ${attacker}, ${head}`, attacker, value: (run) => run.takeoverShare ?? 0, good: 0.02, bad: 0.1 });

/** A few columns of the tables below, side by side; none is made of several. */
const columns: readonly Column[] = [
  taken('A4', 'one popular password a day'),
  taken('A5', 'leaked pairs from 20 addresses'),
  taken('A6', 'leaked pairs, an address each'),
  taken('A8', 'the replay of 2019'),
  { head: 'first alarm of A6', attacker: 'A6', value: (run) => run.detectionMs ?? Infinity, good: 30 * 60_000, bad: Infinity, say: detectionText },
  { head: 'quiet: right password denied', attacker: 'legit', value: (run) => run.ordinaryDeniedShare, good: 0.0005, bad: 0.005 },
  { head: 'quiet: stepped up', attacker: 'legit', value: (run) => run.stepUpShare, good: 0.01, bad: 0.05 },
  { head: 'locked out by A2: sessions of its victims', attacker: 'A2', value: ({ victims }) => (victims === null ? 0 : shareOf(victims.all.failed, victims.all)), good: 0.005, bad: 0.05 },
];

/** What a newcomer looks at first: who was taken over, and who was harmed. Peers with the list stand in the tables below. */
export function glanceTable(all: Runs): ReportTable | undefined {
  const results = all.filter(({ scenario, policy }) => scenario === 'standard' && !policy.endsWith('+leaked'));
  const shown = columns.filter(({ attacker }) => results.some((run) => run.attacker === attacker));
  const policies = [...new Set(results.map(({ policy }) => policy))];
  if (shown.length === 0) return undefined;
  const cells = policies.map((policy) => shown.map((column) => cellOf(results.filter((run) => run.policy === policy && run.attacker === column.attacker), column)));
  return {
    title: 'In short',
    note: 'Medians, of vulnerable accounts and of ordinary users\' sessions. Bold is what nobody would want. At the end stands what A1 to A10 do, and what the policies are.',
    head: ['defense', ...shown.map(({ head }) => head)],
    rows: policies.map((policy, place) => [policy, ...(cells[place] ?? []).map(({ text }) => text)]),
    names: policies.map(longName),
    marks: cells.map((row) => row.map(({ mark }) => mark)),
  };
}

function cellOf(runs: Runs, { value, good, bad, say }: Column): { readonly text: string; readonly mark: Mark } {
  if (runs.length === 0) return { text: '', mark: '' };
  const middle = median(runs.map(value));
  return { text: say?.(runs) ?? percent(middle), mark: middle <= good ? 'good' : middle >= bad ? 'bad' : '' };
}

function longName(policy: string): string {
  const title = policyNotes.find(({ name }) => name === policy)?.title;
  return title === undefined ? policy : `${title} (\`${policy}\`)`;
}
