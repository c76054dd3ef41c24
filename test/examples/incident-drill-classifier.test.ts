import { describe, expect, it } from 'vitest';
import { calibrate, falseLearningChance, type Classifier } from '../../examples/incident-drill/classifier/calibrate.ts';
import type { FeatureKind, Observation, ProbedAddress } from '../../examples/incident-drill/classifier/features.ts';
import { fisherExact, hypergeometricTail, median, quantile, rankSum } from '../../examples/incident-drill/classifier/statistics.ts';
import { createRandom, type SeededRandom } from '../../examples/incident-drill/random.ts';

const size = 14;

/** What a busy server answers to anybody: jitter in everything that can jitter. */
function noise(random: SeededRandom, variant: string): Observation {
  const share = (): number => random.integer(1000) / 1000;
  return {
    variant,
    status: random.integer(10) === 0 ? 429 : 200,
    headers: { date: `Wed, ${random.integer(40)}`, 'x-request-id': String(random.integer(1e9)), ...(random.integer(2) === 0 && { vary: 'Accept' }) },
    body: `Check your mail ${['now', 'soon', 'today'][random.integer(3)] ?? ''} nonce-${random.integer(1e9)} ${'x'.repeat(random.integer(6))}`,
    // A long tail, as real times have.
    ms: 20 + 10 * share() + (random.integer(8) === 0 ? 400 * share() : 0),
  };
}

function probed(random: SeededRandom, name: string, change: (observation: Observation) => Observation): ProbedAddress {
  const address = `${name}.${random.integer(1e6)}@list.example`;
  const observations = ['json', 'html', 'json'].map((variant) => change(noise(random, variant)));
  return { address, observations: observations.map((observation) => ({ ...observation, body: observation.body.replace('{echo}', address) })) };
}

function group(random: SeededRandom, name: string, change: (observation: Observation) => Observation = (same) => same): ProbedAddress[] {
  return Array.from({ length: size }, () => probed(random, name, change));
}

/** Learns where the change marks registered addresses, and says how many of sixty others it judges right. */
function trial(seed: number, change: (observation: Observation) => Observation): { readonly classifier: Classifier; readonly right: number } {
  const random = createRandom(seed, 'classifier');
  const classifier = calibrate({ registered: group(random, 'a', change), unregistered: group(random, 'b') });
  const registered = [...group(random, 'c', change), ...group(random, 'd', change)];
  const unregistered = [...group(random, 'e'), ...group(random, 'f')];
  const right = registered.filter((each) => classifier.weigh(each) > 0).length + unregistered.filter((each) => classifier.weigh(each) < 0).length;
  return { classifier, right: right / (registered.length + unregistered.length) };
}

const tells: readonly [kind: FeatureKind, change: (observation: Observation) => Observation][] = [
  ['status', (observation) => ({ ...observation, status: 409 })],
  ['body', (observation) => ({ ...observation, body: observation.body.replace('Check', 'Found') })],
  ['headers', (observation) => ({ ...observation, headers: { ...observation.headers, 'set-cookie': 'a=b' } })],
  ['length', (observation) => ({ ...observation, body: `${observation.body} ${'y'.repeat(40)}`.replace(/ (x*) y/, ' $1y') })],
  ['time', (observation) => ({ ...observation, ms: observation.ms + 30 })],
];

describe('the classifier', () => {
  it.each(tells)('learns from %s alone', (kind, change) => {
    const { classifier, right } = trial(7, change);
    expect(classifier.evidence.map((each) => each.kind)).toContain(kind);
    if (kind === 'status' || kind === 'headers' || kind === 'time') expect(classifier.evidence.map((each) => each.kind)).toEqual([kind]);
    expect(right).toBeGreaterThan(0.95);
  });

  it('learns from the order of the headers', () => {
    const reordered = (observation: Observation): Observation => ({ ...observation, headers: Object.fromEntries(Object.entries(observation.headers).reverse()) });
    expect(trial(3, reordered).classifier.evidence.map((each) => each.kind)).toEqual(['headers']);
  });

  it('learns from an answer that differs for one way of asking only', () => {
    const onlyPages = (observation: Observation): Observation => (observation.variant === 'html' ? { ...observation, status: 404 } : observation);
    expect(trial(5, onlyPages)).toMatchObject({ right: 1, classifier: { evidence: [{ kind: 'status', what: 'status html 404' }] } });
  });

  it('learns nothing from an address that is echoed, however long it is', () => {
    const random = createRandom(1, 'echo');
    const echo = (name: string): ProbedAddress[] => Array.from({ length: size }, () => probed(random, name, () => ({ variant: 'json', status: 200, headers: {}, body: 'Sent to {echo}', ms: 5 })));
    expect(calibrate({ registered: echo('a'), unregistered: echo('somebody.with.a.longer.name') }).evidence).toEqual([]);
  });

  it('learns nothing from noise, whatever the seed', () => {
    const seeds = 250;
    const fooled = Array.from({ length: seeds }, (_, seed) => trial(seed, (same) => same)).filter(({ classifier }) => classifier.evidence.length > 0);
    expect(falseLearningChance).toBe(0.001);
    expect(fooled.length).toBeLessThanOrEqual(2);
  });

  it('has no opinion where it has learnt nothing', () => {
    const { classifier } = trial(1, (same) => same);
    expect(classifier.weigh(probed(createRandom(1, 'x'), 'x', (same) => same))).toBe(0);
  });

  it('takes a few slow answers for what they are', () => {
    const random = createRandom(11, 'hiccups');
    const hiccups = group(random, 'a').map((each, index) => (index < 3 ? { ...each, observations: each.observations.map((observation) => ({ ...observation, ms: 9_000 })) } : each));
    expect(calibrate({ registered: hiccups, unregistered: group(random, 'b') }).evidence).toEqual([]);
  });

  it('does not learn from too few addresses', () => {
    const random = createRandom(2, 'few');
    const few = { registered: group(random, 'a', (each) => ({ ...each, status: 409 })).slice(0, 4), unregistered: group(random, 'b').slice(0, 4) };
    expect(calibrate(few).evidence).toEqual([]);
  });
});

describe('the statistics', () => {
  it('agree with Fisher on his tea', () => {
    expect(fisherExact({ a: 3, n: 4, b: 1, m: 4 })).toBeCloseTo(0.4857, 4);
    expect(fisherExact({ a: 4, n: 4, b: 0, m: 4 })).toBeCloseTo(0.0286, 4);
    expect(fisherExact({ a: 2, n: 4, b: 2, m: 4 })).toBeCloseTo(1, 9);
  });

  it('agree with the tail of the hypergeometric distribution', () => {
    expect(hypergeometricTail({ atLeast: 4, n: 4, m: 4, having: 4 })).toBeCloseTo(1 / 70, 9);
    expect(hypergeometricTail({ atLeast: 0, n: 4, m: 4, having: 4 })).toBeCloseTo(1, 9);
  });

  it('agree with the rank-sum test worked out by hand', () => {
    // Hollander and Wolfe's example: U = 35, z = (35 - 25 - 0.5) / sqrt(10 * 5 * 16 / 12) = 1.1635.
    expect(rankSum([0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46], [1.15, 0.88, 0.9, 0.74, 1.21])).toBeCloseTo(0.2446, 4);
    // Two ties of two and three among six: variance 9 / 12 * (7 - 30 / 30) = 4.5, z = (4.5 - 0.5) / sqrt(4.5).
    expect(rankSum([1, 1, 2], [2, 2, 3])).toBeCloseTo(0.1573, 3);
    expect(rankSum([1, 1, 1], [1, 1, 1])).toBe(1);
    expect(rankSum([], [1])).toBe(1);
  });

  it('find medians and quantiles', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), quantile([5, 1, 4, 2, 3], 0.99), quantile([1, 2], 0.01)]).toEqual([2, 2.5, 5, 1]);
  });
});
