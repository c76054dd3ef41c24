import { median } from '../../measure.ts';
import { attackerIds } from '../attackers/attack.ts';
import type { RunResult } from '../result.ts';
import { percent, span } from '../summary.ts';
import { shareOf } from '../tally.ts';
import type { ReportTable } from './tables.ts';

type Runs = readonly RunResult[];

interface Measure {
  readonly what: string;
  readonly value: (run: RunResult) => number | null;
  readonly of: (attacker: RunResult['attacker']) => boolean;
  readonly say: (value: number) => string;
  /** One row for each attacker, or one for the worst of them. */
  readonly each: boolean;
}

const isLegit = (attacker: RunResult['attacker']): boolean => attacker === 'legit';
const isAttack = (attacker: RunResult['attacker']): boolean => attacker !== 'legit' && attacker !== 'A10';
const size = (bytes: number): string => (bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`);

/** Of all of them less is better. */
const measures: readonly Measure[] = [
  { what: 'quiet: right password denied', of: isLegit, each: true, value: (run) => run.ordinaryDeniedShare, say: percent },
  { what: 'quiet: session failed', of: isLegit, each: true, value: (run) => run.ordinaryFailedShare, say: percent },
  { what: 'quiet: stepped up', of: isLegit, each: true, value: (run) => run.stepUpShare, say: percent },
  { what: 'quiet: false alarms in 28 days', of: isLegit, each: true, value: (run) => Object.values(run.falseAlarms).reduce((sum, count) => sum + count, 0), say: (value) => String(Number(value.toFixed(1))) },
  { what: 'meanwhile, worst attack: right password denied', of: isAttack, each: false, value: (run) => run.ordinaryDeniedShare, say: percent },
  { what: 'meanwhile, worst attack: session failed', of: isAttack, each: false, value: (run) => run.ordinaryFailedShare, say: percent },
  { what: 'meanwhile, worst attack: stepped up', of: isAttack, each: false, value: (run) => run.stepUpShare, say: percent },
  { what: 'A2: sessions of its victims that failed', of: (attacker) => attacker === 'A2', each: true, value: ({ victims }) => (victims === null ? null : shareOf(victims.all.failed, victims.all)), say: percent },
  { what: 'taken over', of: isAttack, each: true, value: (run) => run.takeoverShare, say: percent },
  { what: 'first alarm', of: (attacker) => isAttack(attacker) && attacker !== 'A9', each: true, value: (run) => run.detectionMs ?? Infinity, say: (ms) => (Number.isFinite(ms) ? span(ms) : 'never') },
  { what: 'memory after 28 quiet days', of: isLegit, each: true, value: (run) => run.bytes, say: size },
];

/** Where a peer has less of something bad than portcullis. `none` is no peer: whoever refuses nobody denies nobody. */
export function betterTable(all: Runs, own: readonly string[]): ReportTable | undefined {
  const results = all.filter(({ scenario, policy }) => scenario === 'standard' && policy !== 'none');
  const ours = ['default', 'leaked'].filter((name) => results.some(({ policy }) => policy === name));
  const peers = [...new Set(results.map(({ policy }) => policy))].filter((name) => !own.includes(name));
  const rows = measures.flatMap((measure) => rowsOf(results, measure, { ours, peers }));
  if (ours.length === 0 || peers.length === 0) return undefined;
  return {
    title: 'Where a peer is better',
    note: 'Every measure of which a peer has less than portcullis, medians. `default` is set beside peers as they are, `leaked` beside those with the list as well. A defense that refuses little also denies little: read it beside what was taken over. A peer\'s alarm is its first refusal, which nobody need look at.',
    head: ['less is better', ...ours.flatMap((name) => [name, `better than ${name}`])],
    rows: rows.length === 0 ? [['nothing', ...ours.flatMap(() => ['', ''])]] : rows,
  };
}

function rowsOf(results: Runs, measure: Measure, { ours, peers }: { readonly ours: readonly string[]; readonly peers: readonly string[] }): readonly (readonly string[])[] {
  const ids = (['legit', ...attackerIds] as const).filter(measure.of);
  const groups = measure.each ? ids.map((id) => [id]) : [ids];
  return groups.flatMap((group) => {
    const valueOf = (policy: string) => worstOf(results.filter((run) => run.policy === policy), group, measure);
    const cells = ours.map((name) => {
      const whole = valueOf(name);
      if (whole === undefined) return ['', ''];
      const beside = peers.filter((peer) => name === 'leaked' || !peer.endsWith('+leaked'));
      const less = beside.flatMap((peer) => {
        const value = valueOf(peer);
        return value !== undefined && value < whole && measure.say(value) !== measure.say(whole) ? [{ peer, value, said: measure.say(value) }] : [];
      });
      return [measure.say(whole), grouped(less, beside.length) || '-'];
    });
    const [id] = group;
    const what = measure.each && id !== 'legit' && !measure.what.startsWith(`${id}:`) ? `${id}: ${measure.what}` : measure.what;
    return cells.every(([, less]) => less === '-' || less === '') ? [] : [[what, ...cells.flat()]];
  });
}

/** The median of the seeds, of the attack where it is most. */
function worstOf(runs: Runs, attackers: readonly RunResult['attacker'][], { value }: Measure): number | undefined {
  const medians = attackers.flatMap((id) => {
    const values = runs.filter(({ attacker }) => attacker === id).map(value).filter((each) => each !== null);
    return values.length === 0 ? [] : [median(values)];
  });
  return medians.length === 0 ? undefined : Math.max(...medians);
}

/** `0 %: erl, rlf; 0.01 %: f2b` */
function grouped(less: readonly { readonly peer: string; readonly value: number; readonly said: string }[], all: number): string {
  const groups = [...Map.groupBy(less.toSorted((one, other) => one.value - other.value), ({ said }) => said)];
  return groups.map(([said, list]) => `${said}: ${list.length === all && all > 2 ? 'every peer' : list.map(({ peer }) => peer).join(', ')}`).join('; ');
}
