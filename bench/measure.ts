import type { BenchRow } from './row.ts';

/** A floor or a ceiling. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** What a goal speaks of: the row's own value, or its ratio to the peer's. */
export type RowGoal = Goal & { readonly of: 'value' | 'ratio' };

/** The middle of the rounds, and where all but the outer tenths of them lie. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
  readonly rounds: number;
}

/** The value below which the share `q` (0 to 1) of the values lies, between two of them by proportion. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new RangeError('quantile: expected at least one value');
  return below === above ? below : below + (above - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Median with the 10th and the 90th percentile. */
export function spreadOf(values: readonly number[]): Spread {
  return { low: quantile(values, 0.1), median: median(values), high: quantile(values, 0.9), rounds: values.length };
}

/** Round by round, one side divided by the other: what both sides felt alike in a round falls out. */
export function paired(values: readonly number[], peerValues: readonly number[]): readonly number[] {
  return pairs(values, peerValues).map(([value, peerValue]) => value / peerValue);
}

/** Round by round, what one side has more than the other. */
export function added(values: readonly number[], baseValues: readonly number[]): readonly number[] {
  return pairs(values, baseValues).map(([value, baseValue]) => value - baseValue);
}

function pairs(left: readonly number[], right: readonly number[]): readonly (readonly [number, number])[] {
  if (left.length !== right.length) throw new RangeError(`expected as many rounds on both sides, got ${left.length} and ${right.length}`);
  return left.map((value, round) => [value, right[round] ?? Number.NaN]);
}

/**
 * Whether the rounds reach the goal: true or false where their spread lies on one side of it, 'not shown' where it
 * covers it. One value alone (a count, a size) has no spread and is simply compared.
 */
export function judge(goal: Goal, values: readonly number[]): boolean | 'not shown' {
  const { low, high } = spreadOf(values);
  if (Number.isNaN(low) || Number.isNaN(high)) return 'not shown';
  if ('atLeast' in goal) return low >= goal.atLeast ? true : high < goal.atLeast ? false : 'not shown';
  return high <= goal.atMost ? true : low > goal.atMost ? false : 'not shown';
}

/** `>= 3x`, `<= 15 ms`. */
export function goalText(goal: RowGoal, unit: string): string {
  const of = goal.of === 'ratio' ? 'x' : ` ${unit}`;
  return 'atLeast' in goal ? `>= ${goal.atLeast}${of}` : `<= ${goal.atMost}${of}`;
}

export interface RowFacts {
  readonly id: string;
  readonly subject: string;
  readonly unit: string;
  /** One value per round. */
  readonly values: readonly number[];
  /** The peer's values of the same rounds. */
  readonly peer?: { readonly name: string; readonly values: readonly number[] };
  readonly goal?: RowGoal;
}

/** The row of a measurement: medians of the rounds, the ratio paired by round, judged against the goal. */
export function rowOf({ id, subject, unit, values, peer, goal }: RowFacts): BenchRow {
  const ratios = peer === undefined ? undefined : paired(values, peer.values);
  const of = goal?.of ?? (ratios === undefined ? 'value' : 'ratio');
  const judged = of === 'ratio' ? ratios : values;
  if (judged === undefined) throw new TypeError(`${id}: a goal for the ratio needs a peer`);
  const { low, high, rounds } = spreadOf(judged);
  return {
    id,
    subject,
    peer: peer?.name ?? null,
    value: median(values),
    unit,
    ratioToPeer: ratios === undefined ? null : median(ratios),
    goal: goal === undefined ? null : goalText(goal, unit),
    met: goal === undefined ? null : judge(goal, judged),
    spread: { of, low, high, rounds },
  };
}
