import { median } from '../../measure.ts';
import { attackerIds } from '../attackers/attack.ts';
import { ablations } from '../policies/ours/ablations.ts';
import type { RunResult } from '../result.ts';
import { dayMs } from '../scenario.ts';
import { detectionText, percent, span } from '../summary.ts';
import { shareOf } from '../tally.ts';
import type { ReportTable } from './tables.ts';

type Runs = readonly RunResult[];

/** One way to be worse or better than ours whole: a figure of each run, and from which difference on it is seen. */
interface Measure {
  /** Of runs under attack, of those without one, or of one attacker. */
  readonly of: 'attack' | 'legit' | 'A2';
  readonly value: (run: RunResult) => number;
  readonly isSeen: (value: number, whole: number) => boolean;
  /** The mean of all seeds is compared, and not one seed after the other: of what happens in some of them. */
  readonly together?: true;
  readonly say: (value: number) => string;
  readonly what: string;
}

const more = (by: number) => (value: number, whole: number): boolean => value - whole >= by;
const late = (ms: number): string => (Number.isFinite(ms) ? span(ms) : 'never');
const shared = ['cgnat', 'mobile-cgnat', 'mobile-ipv6'] as const;

function deniedBehindShared({ inWindow }: RunResult): number {
  const sum = (of: 'denied' | 'sessions'): number => shared.reduce((total, group) => total + (inWindow?.[group][of] ?? 0), 0);
  return sum('denied') / Math.max(1, sum('sessions'));
}

/** A difference that is smaller than these is nothing that anybody would see: they are tenths to halves of what the targets allow. */
const measures: readonly Measure[] = [
  { what: 'taken over', of: 'attack', value: (run) => run.takeoverShare ?? 0, isSeen: more(0.005), say: percent },
  { what: 'first alarm', of: 'attack', value: (run) => run.detectionMs ?? Infinity, isSeen: (value, whole) => value > whole && value >= Math.max(whole * 2, whole + 60_000), say: late },
  { what: 'not found within 3 days, of the seeds', of: 'attack', value: ({ detectionMs }) => Number((detectionMs ?? Infinity) > 3 * dayMs), isSeen: more(0.2), together: true, say: percent },
  { what: 'guesses verified an address and day', of: 'attack', value: (run) => run.verifiedPerIpDay ?? 0, isSeen: (value, whole) => value >= Math.max(whole * 2, whole + 10), say: (value) => String(Math.round(value)) },
  { what: 'quiet, right password denied', of: 'legit', value: (run) => run.ordinaryDeniedShare, isSeen: more(0.0002), say: percent },
  { what: 'quiet, stepped up', of: 'legit', value: (run) => run.stepUpShare, isSeen: more(0.001), say: percent },
  { what: 'false alarms in 28 days', of: 'legit', value: (run) => Object.values(run.falseAlarms).reduce((sum, count) => sum + count, 0), isSeen: more(0.5), say: (value) => String(Number(value.toFixed(1))) },
  { what: 'victims\' sessions failed', of: 'A2', value: ({ victims }) => (victims === null ? 0 : shareOf(victims.all.failed, victims.all)), isSeen: more(0.002), say: percent },
  { what: 'right password denied meanwhile', of: 'attack', value: (run) => run.ordinaryDeniedShare, isSeen: more(0.001), say: percent },
  { what: 'denied meanwhile behind shared addresses', of: 'attack', value: deniedBehindShared, isSeen: more(0.002), say: percent },
  { what: 'stepped up meanwhile', of: 'attack', value: (run) => run.stepUpShare, isSeen: more(0.005), say: percent },
];

const bases = [{ base: 'default', as: 'without a list', suffix: '' }, { base: 'leaked', as: 'with the list', suffix: '+leaked' }] as const;

const specialWorlds = [
  { scenario: 'ablation-cgnat', where: 'where all homes share addresses' },
  { scenario: 'ablation-slow', where: 'ten seeds of 25 attempts a day' },
  { scenario: 'ablation-typos', where: 'where five times as many mistype and 30 % of the sessions are in new browsers' },
] as const;

/** What each part of ours is worth: what is worse and what is better without it, then the figures. Nothing where it was not run. */
export function partTables(all: Runs): readonly ReportTable[] {
  const results = all.filter(({ scenario }) => scenario === 'ablation');
  const special = specialWorlds.map(({ scenario: id, where }) => ({ where, runs: all.filter(({ scenario }) => scenario === id) }));
  const present = bases.filter(({ base, suffix }) => results.some(({ policy }) => policy === base) && results.some(({ policy }) => policy.startsWith('without-') && policy.endsWith('+leaked') === (suffix !== '')));
  if (present.length === 0) return [];
  return [verdictTable({ results, special }, present), ...present.map((each) => figureTable(results, each))];
}

type Base = (typeof bases)[number];

/** The standard world, and those that show what a part is for that few sites need. */
interface Worlds {
  readonly results: Runs;
  readonly special: readonly { readonly where: string; readonly runs: Runs }[];
}

function verdictTable({ results, special }: Worlds, present: readonly Base[]): ReportTable {
  const rows = ablations.filter(({ name }) => results.some(({ policy }) => policy === name || policy === `${name}+leaked`)).map(({ name, part, pair }) => {
    const compared = { name, ...(pair !== undefined && { other: pair.other }) };
    const elsewhere = special.map(({ where, runs }) => ({ where, found: differencesOf(runs, present, compared) }));
    const also = (at: number, of: keyof Differences) => elsewhere.flatMap(({ where, found }) => (found[at]?.[of] ?? []).map((each) => `${where}, ${each}`));
    const both = differencesOf(results, present, compared).map(({ worse, better }, at) => ({ worse: [...worse, ...also(at, 'worse')], better: [...better, ...also(at, 'better')] }));
    const isIdle = both.every(({ worse }) => worse.length === 0);
    const pairs = ablations.filter((each) => each.pair?.part === name && differencesOf(results, present, { name: each.name, other: each.pair.other }).some(({ worse }) => worse.length > 0));
    const idle = pairs.length > 0 ? `nothing alone: see ${pairs.map((each) => each.name).join(', ')}` : pair === undefined ? 'nothing: it should go' : 'nothing';
    const what = pair === undefined ? part : `${part}; set beside ${pair.other}`;
    return [name, what, ...both.map(({ better }) => better.join('; ') || '-'), ...both.map(({ worse }) => worse.join('; ') || (isIdle ? idle : 'nothing'))];
  });
  return {
    title: 'What gets worse without it',
    note: 'portcullis without one part each, on the same traffic. Each figure is the median of the seeds without the part, and in brackets that of the whole; shown where in more than half of the seeds the difference is one that anybody would see. Rules that nobody in this model meets have no row, but tests that fail without them (`test/login-guard`, `test/flows/login-guard-requests`): the charge at the forms without a password, what an entry inherits from the one that it displaces, the first two days of learning, and the two weeks after which a surge is how the site is.',
    head: ['policy', 'the part that is missing', ...present.map(({ as }) => `better without it, ${as}`), ...present.map(({ as }) => `worse without it, ${as}`)],
    rows,
  };
}

/** Without the part, beside the whole or beside ours without another part. */
function differencesOf(results: Runs, present: readonly Base[], { name, other }: { readonly name: string; readonly other?: string }): readonly Differences[] {
  return present.map(({ base, suffix }) => differences(results, other === undefined ? base : `${other}${suffix}`, `${name}${suffix}`));
}

interface Differences {
  readonly worse: readonly string[];
  readonly better: readonly string[];
}

function differences(results: Runs, base: string, policy: string): Differences {
  const worse: string[] = [];
  const better: string[] = [];
  for (const measure of measures) {
    const pairs = (['legit', ...attackerIds] as const).filter((id) => (measure.of === 'attack' ? id !== 'legit' : id === measure.of)).map((id) => pairOf(results, { id, base, policy, measure })).filter((pair) => pair !== undefined);
    const said = (list: readonly Pair[]): string => `${measure.what}: ${list.map(({ id, value, whole }) => `${measure.of === 'attack' ? `${id} ` : ''}${measure.say(value)} (${measure.say(whole)})`).join(', ')}`;
    const [up, down] = [pairs.filter(({ isWorse }) => isWorse), pairs.filter(({ isBetter }) => isBetter)];
    if (up.length > 0) worse.push(said(up));
    if (down.length > 0) better.push(said(down));
  }
  return { worse, better };
}

interface Pair {
  readonly id: RunResult['attacker'];
  readonly value: number;
  readonly whole: number;
  readonly isWorse: boolean;
  readonly isBetter: boolean;
}

/** Compared seed by seed: both met the same traffic. */
function pairOf(results: Runs, { id, base, policy, measure }: { readonly id: RunResult['attacker']; readonly base: string; readonly policy: string; readonly measure: Measure }): Pair | undefined {
  const valuesOf = (name: string) => new Map(results.filter((run) => run.attacker === id && run.policy === name).map((run) => [run.seed, measure.value(run)]));
  const wholes = valuesOf(base);
  const both = [...valuesOf(policy)].flatMap(([seed, value]) => (wholes.has(seed) ? [{ value, whole: wholes.get(seed) as number }] : []));
  if (both.length === 0) return undefined;
  const { isSeen, together = false } = measure;
  const middle = (all: readonly number[]): number => (together ? all.reduce((sum, each) => sum + each, 0) / all.length : median(all));
  const [value, whole] = [middle(both.map((each) => each.value)), middle(both.map((each) => each.whole))];
  const compared = together ? [{ value, whole }] : both;
  const most = (seen: (pair: { value: number; whole: number }) => boolean): boolean => compared.filter(seen).length > compared.length / 2;
  return { id, value, whole, isWorse: most((each) => isSeen(each.value, each.whole)), isBetter: most((each) => isSeen(each.whole, each.value)) };
}

function figureTable(results: Runs, { base, as, suffix }: Base): ReportTable {
  const taking = attackerIds.filter((id) => results.some(({ attacker, takeoverShare }) => attacker === id && takeoverShare !== null));
  const names = [base, ...ablations.map(({ name }) => `${name}${suffix}`)].filter((name) => results.some(({ policy }) => policy === name));
  return {
    title: `The figures, ${as}`,
    note: 'Medians of the seeds. Harm meanwhile is that of the attack with the most of it. First alarms are those that differ from the whole by half or more.',
    head: ['policy', ...taking.map((id) => `${id} taken over`), 'quiet: denied / stepped up', 'meanwhile, worst: denied / stepped up', 'first alarm, where it differs'],
    rows: names.map((name) => {
      const runs = results.filter(({ policy }) => policy === name);
      const quiet = runs.filter(({ attacker }) => attacker === 'legit');
      return [name, ...taking.map((id) => sharesOf(runs.filter(({ attacker }) => attacker === id), (run) => run.takeoverShare ?? 0)), harmOf(quiet), worstOf(runs), alarmsOf(results, base, name)];
    }),
  };
}

function sharesOf(runs: Runs, value: (run: RunResult) => number): string {
  return runs.length === 0 ? '' : percent(median(runs.map(value)));
}

function harmOf(runs: Runs): string {
  return runs.length === 0 ? '' : `${sharesOf(runs, (run) => run.ordinaryDeniedShare)} / ${sharesOf(runs, (run) => run.stepUpShare)}`;
}

function worstOf(runs: Runs): string {
  const attacked = attackerIds.map((id) => runs.filter(({ attacker }) => attacker === id)).filter((each) => each.length > 0);
  if (attacked.length === 0) return '';
  const worst = (value: (run: RunResult) => number): string => percent(Math.max(...attacked.map((each) => median(each.map(value)))));
  return `${worst((run) => run.ordinaryDeniedShare)} / ${worst((run) => run.stepUpShare)}`;
}

function alarmsOf(results: Runs, base: string, policy: string): string {
  const timeOf = (runs: Runs): number => median(runs.map(({ detectionMs }) => detectionMs ?? Infinity));
  return attackerIds.flatMap((id) => {
    const runsOf = (name: string): Runs => results.filter((run) => run.attacker === id && run.policy === name);
    const [whole, runs] = [runsOf(base), runsOf(policy)];
    if (whole.length === 0 || runs.length === 0) return [];
    const [before, now] = [timeOf(whole), timeOf(runs)];
    const ratio = now === before ? 1 : now / before;
    return ratio >= 1.5 || ratio <= 1 / 1.5 ? [`${id} ${detectionText(runs)}`] : [];
  }).join(', ');
}
