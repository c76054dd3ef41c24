/**
 * Fisher's exact test, two-sided: how likely a table at least as lopsided as this one is when there is no difference.
 * `a` of `n` in one group have a property, `b` of `m` in the other.
 */
export function fisherExact({ a, n, b, m }: { readonly a: number; readonly n: number; readonly b: number; readonly m: number }): number {
  const having = a + b;
  const chance = (inFirst: number): number => Math.exp(logChoose(n, inFirst) + logChoose(m, having - inFirst) - logChoose(n + m, having));
  // A hair more than equal: the same chance, computed in another order, must not fall out of the sum.
  const observed = chance(a) * (1 + 1e-9);
  let sum = 0;
  for (let inFirst = Math.max(0, having - m); inFirst <= Math.min(n, having); inFirst += 1) {
    const each = chance(inFirst);
    if (each <= observed) sum += each;
  }
  return Math.min(1, sum);
}

/** How likely it is that `n` draws from a group hold at least `atLeast` of the `having` when `m` others were drawn from too. One-sided. */
export function hypergeometricTail({ atLeast, n, m, having }: { readonly atLeast: number; readonly n: number; readonly m: number; readonly having: number }): number {
  let sum = 0;
  for (let hits = Math.max(atLeast, having - m, 0); hits <= Math.min(n, having); hits += 1) {
    sum += Math.exp(logChoose(n, hits) + logChoose(m, having - hits) - logChoose(n + m, having));
  }
  return Math.min(1, sum);
}

/**
 * The rank-sum test of Mann, Whitney and Wilcoxon, two-sided, by its normal approximation with the correction for ties:
 * outliers count for no more than their rank. The approximation errs towards "no difference" for groups below twenty.
 */
export function rankSum(first: readonly number[], second: readonly number[]): number {
  const total = first.length + second.length;
  if (first.length === 0 || second.length === 0) return 1;
  const { ranks, ties } = rank([...first, ...second]);
  const sum = ranks.slice(0, first.length).reduce((all, value) => all + value, 0);
  const expected = (first.length * (total + 1)) / 2;
  const variance = ((first.length * second.length) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance <= 0) return 1;
  // Half a rank towards the middle: ranks are whole, the normal curve is not.
  const distance = Math.max(0, Math.abs(sum - expected) - 0.5);
  return Math.min(1, 2 * normalTail(distance / Math.sqrt(variance)));
}

/** Ranks from 1, the mean rank for equal values, and the sum of t^3 - t over the ties. */
function rank(values: readonly number[]): { readonly ranks: readonly number[]; readonly ties: number } {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const ranks = new Array<number>(values.length).fill(0);
  let ties = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && order[to]?.value === order[from]?.value) to += 1;
    for (const { index } of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  return { ranks, ties };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The quantile by nearest rank, but the mean of the two in the middle for the median of an even number. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (share === 0.5 && sorted.length % 2 === 0) return ((sorted[sorted.length / 2 - 1] ?? NaN) + (sorted[sorted.length / 2] ?? NaN)) / 2;
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** Upper tail of the standard normal curve; Abramowitz and Stegun 26.2.17, wrong by less than 7.5e-8. */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * z);
  const polynomial = t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

const logFactorials: number[] = [0];

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

function logFactorial(n: number): number {
  for (let next = logFactorials.length; next <= n; next += 1) logFactorials.push((logFactorials[next - 1] ?? 0) + Math.log(next));
  return logFactorials[n] ?? 0;
}
