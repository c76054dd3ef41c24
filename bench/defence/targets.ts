import { enumerationAfterMs } from './attackers/replay.ts';
import { median } from '../measure.ts';
import type { RunResult } from './result.ts';
import { dayMs, hourMs, minuteMs, scenarios } from './scenario.ts';
import { percent, span } from './summary.ts';
import type { Group, Harm } from './tally.ts';

/** One thing our guard is to do, and whether it did. */
export interface TargetRow {
  readonly what: string;
  readonly policy: string;
  readonly goal: string;
  readonly measured: string;
  /** `null` where the run does not hold what is asked for. */
  readonly met: boolean | null;
}

interface Target {
  readonly what: string;
  readonly policy: string;
  readonly goal: string;
  readonly attacker: RunResult['attacker'];
  readonly scenario?: string;
  /** What was measured, in words, and whether it is enough. `undefined` where it cannot be said. */
  readonly judge: (runs: readonly RunResult[]) => { readonly measured: string; readonly met: boolean } | undefined;
}

/** Each target with what the runs say of it. Without runs of our own policies there is none. */
export function targetRows(results: readonly RunResult[]): readonly TargetRow[] {
  const rows = targets.map(({ judge, attacker, scenario = 'standard', ...named }): TargetRow => {
    const runs = results.filter((run) => run.scenario === scenario && run.attacker === attacker && run.policy === named.policy);
    const { measured, met } = (runs.length === 0 ? undefined : judge(runs)) ?? { measured: 'not measured', met: null };
    return { ...named, measured, met };
  });
  return [...rows, overRedis(results.filter(({ scenario }) => scenario === 'redis'))];
}

/** Against whom the decisions over Redis are compared with those in memory. */
export const redisAttackers = ['A5', 'A8', 'A9', 'A10'] as const;

function overRedis(results: readonly RunResult[]): TargetRow {
  const [same, other] = [[], []] as [string[], string[]];
  for (const attacker of redisAttackers) {
    const [redis, memory] = ['leaked-redis', 'leaked'].map((policy) => results.find((run) => run.attacker === attacker && run.policy === policy)?.decisions);
    if (redis !== undefined && memory !== undefined) (redis === memory ? same : other).push(attacker);
  }
  const parts = [...(other.length === 0 ? [] : [`${other.join(', ')} differ`]), ...(same.length === 0 ? [] : [`${same.join(', ')} equal`])];
  return {
    what: 'Redis: decisions equal to memory', policy: 'leaked-redis', goal: `each one and each alarm, against ${redisAttackers.join(', ')}`,
    measured: parts.join('; ') || 'not measured',
    met: other.length > 0 ? false : same.length === redisAttackers.length || null,
  };
}

const directAttacks = ['A1', 'A3', 'A4', 'A5', 'A5s', 'A7', 'A8'] as const;
const spreadAttacks = ['A6', 'A6s'] as const;

/** Beside the cost of a decision, which another bench shows. */
export const targets: readonly Target[] = [
  ...directAttacks.map((attacker) => takeover(attacker, 'leaked', 0.005)),
  ...spreadAttacks.map((attacker) => takeover(attacker, 'leaked', 0.01, { eachAtMost: 0.02 })),
  ...[...directAttacks, ...spreadAttacks].map((attacker) => takeover(attacker, 'default', 0.02)),
  ...([['A1', 5_000], ['A3', 10_000], ['A5', 30_000], ['A4', 2 * minuteMs], ['A7', 2 * minuteMs], ['A6', 30 * minuteMs], ['A6s', 2.5 * hourMs], ['A6u', 5 * dayMs]] as const).map(([attacker, atMost]) => detection(attacker, atMost)),
  enumeration(minuteMs),
  ...['default', 'leaked'].flatMap((policy) => [
    share('Quiet: right password denied, of sessions', policy, 'legit', 0.0005, ({ ordinaryDeniedShare }) => ordinaryDeniedShare),
    share('Quiet: stepped up, of sessions', policy, 'legit', 0.01, ({ stepUpShare }) => stepUpShare),
    noKnownDevice(policy),
    falseAlarms(policy),
  ]),
  ...[...directAttacks, ...spreadAttacks, 'A2' as const, 'A6u' as const, 'A9' as const].flatMap((attacker) => [
    share(`${attacker}, its window: stepped up`, 'leaked', attacker, 0.04, ({ stepUpShare }) => stepUpShare),
    share(`${attacker}, its window: right password denied`, 'leaked', attacker, 0.003, ({ ordinaryDeniedShare }) => ordinaryDeniedShare),
    fairness(attacker),
  ]),
  share('A2: sessions of victims in their own browser that failed', 'leaked', 'A2', 0, ({ victims }) => shareIn(victims, 'known')),
  share('A2: sessions of all victims that failed', 'leaked', 'A2', 0.005, ({ victims }) => shareIn(victims, 'all')),
  { what: 'A9: bytes before and after a million fresh keys', policy: 'leaked', goal: 'equal, at most 12 MiB', attacker: 'A9', judge: sameBytes },
  { what: 'A9: blocked sources that still are', policy: 'leaked', goal: 'at least 95 %', attacker: 'A9', judge: stillBlocked },
  { what: 'A10: guesses verified beyond the limit', policy: 'leaked', goal: '0', attacker: 'A10', judge: overshoot },
  ...directAttacks.map((attacker) => takeover(attacker, 'leaked', 0.005, { scenario: 'typo-x5-cookies-70' })),
  ...spreadAttacks.map((attacker) => takeover(attacker, 'leaked', 0.01, { scenario: 'typo-x5-cookies-70', eachAtMost: 0.02 })),
  { ...share('Typos x5, cookies 0.70: stepped up, of sessions', 'leaked', 'legit', 0.04, ({ stepUpShare }) => stepUpShare), scenario: 'typo-x5-cookies-70' },
  ...[...directAttacks, ...spreadAttacks].map((attacker): Target => ({ ...share(`Typos x5, cookies 0.70: ${attacker}, its window: stepped up`, 'leaked', attacker, 0.04, ({ stepUpShare }) => stepUpShare), scenario: 'typo-x5-cookies-70' })),
];

function takeover(attacker: RunResult['attacker'], policy: string, atMost: number, { scenario, eachAtMost }: { readonly scenario?: string; readonly eachAtMost?: number } = {}): Target {
  const where = scenario === undefined ? '' : ', typos x5, cookies 0.70';
  const goal = `median at most ${percent(atMost)}${eachAtMost === undefined ? '' : `, no seed above ${percent(eachAtMost)}`}`;
  return {
    what: `${attacker}: takeover share${where}`, policy, goal, attacker, ...(scenario === undefined ? {} : { scenario }),
    judge(runs) {
      const shares = runs.flatMap(({ takeoverShare }) => (takeoverShare === null ? [] : [takeoverShare]));
      if (shares.length === 0) return undefined;
      const worst = Math.max(...shares);
      const of = shares.length < runs.length ? `; in ${shares.length} of ${runs.length} seeds anything could be taken over` : '';
      return { measured: `${percent(median(shares))}, worst ${percent(worst)}${of}`, met: median(shares) <= atMost && worst <= (eachAtMost ?? 1) };
    },
  };
}

function detection(attacker: RunResult['attacker'], atMostMs: number): Target {
  return { what: `${attacker}: first alarm`, policy: 'leaked', goal: `median at most ${span(atMostMs)}`, attacker, judge: (runs) => timed(runs.map(({ detectionMs }) => detectionMs ?? Infinity), atMostMs) };
}

function enumeration(atMostMs: number): Target {
  const judge: Target['judge'] = (runs) => timed(runs.map(({ detectionByKind }) => (detectionByKind['enumeration'] ?? Infinity) - enumerationAfterMs), atMostMs);
  return { what: 'A8: enumeration found, from its first probe', policy: 'leaked', goal: `median at most ${span(atMostMs)}`, attacker: 'A8', judge };
}

function timed(times: readonly number[], atMostMs: number): { readonly measured: string; readonly met: boolean } {
  const middle = median(times);
  return { measured: Number.isFinite(middle) ? span(middle) : 'never', met: middle <= atMostMs };
}

function share(what: string, policy: string, attacker: RunResult['attacker'], atMost: number, value: (run: RunResult) => number): Target {
  const judge: Target['judge'] = (runs) => ({ measured: percent(median(runs.map(value))), met: median(runs.map(value)) <= atMost });
  return { what, policy, goal: atMost === 0 ? '0' : `median at most ${percent(atMost)}`, attacker, judge };
}

function shareIn(victims: RunResult['victims'], group: Group): number {
  const harm = victims?.[group];
  return harm === undefined || harm.sessions === 0 ? 0 : harm.failed / harm.sessions;
}

/** Sums over all seeds: where nothing may happen, a median hides what does. */
function noKnownDevice(policy: string): Target {
  return {
    what: 'Quiet: known browsers denied or stepped up, all seeds', policy, goal: '0', attacker: 'legit',
    judge(runs) {
      const hurt = runs.reduce((sum, { overall }) => sum + overall.known.denied + overall.known.stepUps, 0);
      return { measured: `${hurt} sessions`, met: hurt === 0 };
    },
  };
}

function falseAlarms(policy: string): Target {
  return {
    what: 'False alarms in 28 days and 10,000 users, mean of the seeds', policy, goal: 'at most 1', attacker: 'legit',
    judge(runs) {
      const mean = runs.reduce((sum, { falseAlarms: kinds, scenario }) => sum + Object.values(kinds).reduce((all, count) => all + count, 0) / ((scenarios.get(scenario)?.accounts ?? 10_000) / 10_000), 0) / runs.length;
      return { measured: String(Number(mean.toFixed(2))), met: mean <= 1 };
    },
  };
}

const shared: readonly Group[] = ['cgnat', 'mobile-cgnat', 'mobile-ipv6'];

/** Users behind shared addresses beside all: how much more often they are denied or stepped up. */
function fairness(attacker: RunResult['attacker']): Target {
  return {
    what: `${attacker}, its window: CGNAT and mobile users hurt, beside the average`, policy: 'leaked', goal: 'at most 2x', attacker,
    judge(runs) {
      const sum = (groups: readonly Group[], of: (harm: Harm) => number): number => runs.reduce((total, { inWindow }) => total + groups.reduce((all, group) => all + (inWindow === null ? 0 : of(inWindow[group])), 0), 0);
      const rate = (groups: readonly Group[]): number => sum(groups, ({ denied, stepUps }) => denied + stepUps) / Math.max(1, sum(groups, ({ sessions }) => sessions));
      const ratio = rate(['all']) === 0 ? 0 : rate(shared) / rate(['all']);
      return { measured: `${ratio.toFixed(2)}x`, met: ratio <= 2 };
    },
  };
}

function sameBytes(runs: readonly RunResult[]): { readonly measured: string; readonly met: boolean } {
  const [most, grown] = [Math.max(...runs.map(({ bytes }) => bytes)), Math.max(...runs.map(({ bytes, bytesBefore }) => bytes - bytesBefore))];
  return { measured: `${(most / 2 ** 20).toFixed(2)} MiB, ${grown} B more than before`, met: grown === 0 && most <= 12 * 2 ** 20 };
}

function stillBlocked(runs: readonly RunResult[]): { readonly measured: string; readonly met: boolean } | undefined {
  const shares = runs.flatMap(({ stillBlocked: kept }) => (kept === null ? [] : [kept]));
  if (shares.length === 0) return undefined;
  return { measured: `${percent(median(shares))}, worst ${percent(Math.min(...shares))}`, met: median(shares) >= 0.95 };
}

function overshoot(runs: readonly RunResult[]): { readonly measured: string; readonly met: boolean } | undefined {
  const beyond = runs.flatMap(({ overshoot: each }) => (each === null ? [] : [each]));
  if (beyond.length === 0) return undefined;
  return { measured: String(Math.max(...beyond)), met: Math.max(...beyond) === 0 };
}
