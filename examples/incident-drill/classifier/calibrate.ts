import { featureKinds, featuresOf, type FeatureKind, type Features, type ProbedAddress } from './features.ts';
import { fisherExact, rankSum } from './statistics.ts';

/** One thing by which a door tells who has an account. */
export interface Evidence {
  readonly kind: FeatureKind;
  /** The mark or number that tells, for people. */
  readonly what: string;
  /** How likely calibration was to look like this if it told nothing. */
  readonly pValue: number;
}

/** What calibration has learnt of one door. */
export interface Classifier {
  /** At most one of each kind: the strongest. Empty where the door tells nothing. */
  readonly evidence: readonly Evidence[];
  /** Log odds that the address has an account; 0 where nothing speaks for either. */
  weigh(probed: ProbedAddress): number;
}

/** Chance of learning something from a door that tells nothing. */
export const falseLearningChance = 0.001;

interface Candidate extends Evidence {
  readonly weigh: (features: Features) => number;
}

interface Groups {
  readonly registered: readonly Features[];
  readonly unregistered: readonly Features[];
}

/**
 * Learns from addresses whose truth is known what a door's answers say about the others. A feature counts only where the
 * two groups differ with significance (Fisher's exact test for marks, the rank-sum test for length and time; Bonferroni
 * over all that were looked at), so that noise teaches nothing. Needs about twelve addresses in each group.
 */
export function calibrate({ registered, unregistered }: { readonly registered: readonly ProbedAddress[]; readonly unregistered: readonly ProbedAddress[] }): Classifier {
  const groups: Groups = { registered: registered.map(featuresOf), unregistered: unregistered.map(featuresOf) };
  const learnt = featureKinds.flatMap((kind) => strongest([...markCandidates(groups, kind), ...numberCandidates(groups, kind)]));
  return {
    evidence: learnt.map(({ kind, what, pValue }) => ({ kind, what, pValue })),
    weigh(probed) {
      const features = featuresOf(probed);
      return learnt.reduce((sum, { weigh }) => sum + weigh(features), 0);
    },
  };
}

/** The most significant of the candidates of one kind, if it is significant among so many. */
function strongest(candidates: readonly Candidate[]): readonly Candidate[] {
  const [best] = [...candidates].sort((a, b) => a.pValue - b.pValue);
  return best !== undefined && best.pValue * candidates.length < falseLearningChance / featureKinds.length ? [best] : [];
}

function markCandidates({ registered, unregistered }: Groups, kind: FeatureKind): readonly Candidate[] {
  const all = [...registered, ...unregistered];
  const names = new Set(all.flatMap(({ marks }) => [...marks].filter(([, ofKind]) => ofKind === kind).map(([name]) => name)));
  const byPattern = new Map<string, Candidate>();
  for (const name of names) {
    const pattern = all.map(({ marks }) => (marks.has(name) ? '1' : '0')).join('');
    // Marks that go together are one candidate, and what all or hardly any show cannot tell them apart. Neither looks at the truth.
    const count = pattern.replaceAll('0', '').length;
    if (count < 3 || count > all.length - 3 || byPattern.has(pattern)) continue;
    byPattern.set(pattern, markCandidate({ registered, unregistered }, kind, name));
  }
  return [...byPattern.values()];
}

function markCandidate({ registered, unregistered }: Groups, kind: FeatureKind, name: string): Candidate {
  const has = ({ marks }: Features): boolean => marks.has(name);
  return { kind, what: name, ...splitBy(has, { registered, unregistered }) };
}

function splitBy(has: (features: Features) => boolean, { registered, unregistered }: Groups): Pick<Candidate, 'pValue' | 'weigh'> {
  const n = registered.length;
  const m = unregistered.length;
  const a = registered.filter(has).length;
  const b = unregistered.filter(has).length;
  const present = Math.log((a + 0.5) / (n + 1)) - Math.log((b + 0.5) / (m + 1));
  const absent = Math.log((n - a + 0.5) / (n + 1)) - Math.log((m - b + 0.5) / (m + 1));
  return { pValue: fisherExact({ a, n, b, m }), weigh: (features) => (has(features) ? present : absent) };
}

function numberCandidates({ registered, unregistered }: Groups, kind: FeatureKind): readonly Candidate[] {
  const names = new Set([...registered, ...unregistered].flatMap(({ numbers }) => [...numbers].filter(([, number]) => number.kind === kind).map(([name]) => name)));
  return [...names].map((name) => {
    const valueOf = ({ numbers }: Features): number => numbers.get(name)?.value ?? NaN;
    const first = registered.map(valueOf).filter((value) => !Number.isNaN(value));
    const second = unregistered.map(valueOf).filter((value) => !Number.isNaN(value));
    const border = bestBorder(first, second);
    const { weigh } = splitBy((features) => valueOf(features) > border, { registered, unregistered });
    return { kind, what: `${name} over ${border.toFixed(1)}`, pValue: rankSum(first, second), weigh };
  });
}

/** The border that parts the two groups best, in the middle of its gap. */
function bestBorder(first: readonly number[], second: readonly number[]): number {
  const values = [...new Set([...first, ...second])].sort((a, b) => a - b);
  let best = { border: values[0] ?? 0, parted: -1 };
  for (const [index, value] of values.slice(0, -1).entries()) {
    const border = (value + (values[index + 1] ?? value)) / 2;
    const above = first.filter((each) => each > border).length / first.length - second.filter((each) => each > border).length / second.length;
    if (Math.abs(above) > best.parted) best = { border, parted: Math.abs(above) };
  }
  return best.border;
}
