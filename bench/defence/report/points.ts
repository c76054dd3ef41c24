import { median } from '../../measure.ts';
import type { RunResult } from '../result.ts';

/** One policy in the picture of one attack. */
export interface ChartPoint {
  readonly policy: string;
  readonly kind: 'ours' | 'peer' | 'peer with list';
  /** Share of the sessions in the window whose right password was denied or that were stepped up; median. */
  readonly harmed: number;
  readonly taken: number;
}

export interface ChartData {
  readonly attacker: RunResult['attacker'];
  readonly points: readonly ChartPoint[];
}

const titles: Readonly<Partial<Record<RunResult['attacker'], string>>> = {
  A1: 'A1: 500 passwords on each of 20 accounts',
  A3: 'A3: fast spray from 5 addresses',
  A4: 'A4: slow spray from 5,000 addresses',
  A5: 'A5: stuffing from 20 addresses',
  A5s: 'A5s: stuffing, washed with own accounts',
  A6: 'A6: stuffing, one attempt per address',
  A6s: 'A6s: the same, one in 5 minutes',
  A6u: 'A6u: the same, 25 a day',
  A7: 'A7: stuffing through one IPv6 /48',
  A8: 'A8: the replay of 2019',
};

export function titleOf(attacker: RunResult['attacker']): string {
  return titles[attacker] ?? attacker;
}

/** A picture for every attack of the standard world that takes accounts. */
export function chartsOf(results: readonly RunResult[], own: readonly string[]): readonly ChartData[] {
  return (Object.keys(titles) as RunResult['attacker'][]).map((attacker) => {
    const runs = results.filter((run) => run.scenario === 'standard' && run.attacker === attacker && run.takeoverShare !== null);
    const policies = [...new Set(runs.map(({ policy }) => policy))];
    return { attacker, points: policies.map((policy) => pointOf(policy, runs.filter((run) => run.policy === policy), own)) };
  }).filter(({ points }) => points.length > 0);
}

function pointOf(policy: string, runs: readonly RunResult[], own: readonly string[]): ChartPoint {
  return {
    policy,
    kind: own.includes(policy) ? 'ours' : policy.endsWith('+leaked') ? 'peer with list' : 'peer',
    harmed: median(runs.map(({ ordinaryDeniedShare, stepUpShare }) => ordinaryDeniedShare + stepUpShare)),
    taken: median(runs.map(({ takeoverShare }) => takeoverShare ?? 0)),
  };
}
