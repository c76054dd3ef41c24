import { createHash } from 'node:crypto';
import type { EvidenceAttempt, EvidenceNews, EvidenceOutcome, EvidenceStanding, MemoryEvidence } from 'portcullis';
import { loginGuardDefaults } from 'portcullis/login-guard';
import type { PolicyFactory } from '../../policy.ts';
import { ours } from './index.ts';
import type { Without } from './pieces.ts';

type Wrap = (inner: MemoryEvidence) => MemoryEvidence;

/** One part of ours, by what is missing where it is taken out. */
export interface Ablation {
  readonly name: `without-${string}`;
  /** The part, in words for the report. */
  readonly part: string;
  readonly without: Without;
  /** Two parts that cover for each other: set beside ours without the other one, it says what the first is worth before that decides anything. */
  readonly pair?: { readonly part: string; readonly other: string };
}

const noSurge: Wrap = standing((now) => ({ ...now, surge: false }));
const noAccount: Wrap = standing((now) => ({ ...now, account: 0 }));
const noSprayed: Wrap = attempting((given) => ({ ...given, password: tagOf(`${given.password} at ${given.account}`) }));

/** Each part is taken out through the port of the evidence, as an app could do it, or by not handing it in. */
export const ablations: readonly Ablation[] = [
  { name: 'without-source', part: 'the score of a network', without: { evidence: standing((now) => ({ ...now, source: 0 })) } },
  { name: 'without-refusal', part: 'a network of a high score is refused, and not only asked', without: { evidence: standing((now) => ({ ...now, source: Math.min(now.source, loginGuardDefaults.refuseFrom - 1) })) } },
  { name: 'without-shared', part: 'a network that known browsers share is asked, and not refused', without: { evidence: standing((now) => ({ ...now, sharedSource: false })) } },
  { name: 'without-account', part: 'the score of an account', without: { evidence: noAccount } },
  { name: 'without-guesses', part: 'a wrong password that comes again at its account is no new guess', without: { evidence: settling((outcome) => (outcome.as === 'failed' ? { ...outcome, attempt: { ...outcome.attempt, exists: false } } : outcome)) } },
  { name: 'without-sprayed', part: 'names at which a password has failed today', without: { evidence: noSprayed } },
  { name: 'without-surge', part: 'strangers are asked while they fail more often than is usual', without: { evidence: noSurge } },
  { name: 'without-surge-and-sprayed', part: 'both: a surge asks nobody in the first two days', pair: { part: 'without-sprayed', other: 'without-surge' }, without: { evidence: (inner) => noSurge(noSprayed(inner)) } },
  { name: 'without-surge-and-account', part: 'both: at a larger site a surge does not see guesses at one account', pair: { part: 'without-account', other: 'without-surge' }, without: { evidence: (inner) => noSurge(noAccount(inner)) } },
  { name: 'without-slow-surge', part: 'the slow test for a surge, which only tells', without: { evidence: telling(({ surge }) => ({ ...(surge !== undefined && { surge }) })) } },
  { name: 'without-pairs', part: 'a network that fails at one name all day is one event of the surge', without: { evidence: countingEach } },
  { name: 'without-made-good', part: 'a failure that is made good from where it was made counts for no surge', without: { evidence: madeGoodNowhere } },
  { name: 'without-again', part: 'a known browser counts once in six hours for what is usual', without: { evidence: settling((outcome) => (outcome.as === 'known' ? { as: 'known', source: outcome.source } : outcome)) } },
  { name: 'without-familiar', part: 'a surge asks nobody in a neighborhood that the account was entered from', without: { familiar: false } },
  { name: 'without-refund', part: 'what a sign-in was charged is given back when it was right', without: { evidence: settling((outcome) => (outcome.as === 'entered' ? { ...outcome, as: 'held' } : outcome)) } },
  { name: 'without-limits', part: 'the limits in front of the guard', without: { limits: false } },
];

/** Each without one part, without a list and (`+leaked`) with the list. */
export const ablationPolicies: readonly (readonly [string, PolicyFactory])[] = ablations.flatMap(({ name, without }) =>
  [false, true].map((list) => {
    const named = list ? `${name}+leaked` : name;
    return [named, ours({ name: named, list, stepUp: true, cookies: true, without })] as const;
  }),
);

function standing(change: (now: EvidenceStanding) => EvidenceStanding): Wrap {
  return (inner) => ({ ...inner, reserve: (attempt) => change(inner.reserve(attempt)) });
}

function settling(change: (outcome: EvidenceOutcome) => EvidenceOutcome): Wrap {
  return (inner) => ({ ...inner, settle: (outcome) => inner.settle(change(outcome)) });
}

function attempting(change: (attempt: EvidenceAttempt) => EvidenceAttempt): Wrap {
  return (inner) => ({
    ...inner,
    reserve: (attempt) => inner.reserve(change(attempt)),
    settle: (outcome) => inner.settle(outcome.as === 'known' ? outcome : { ...outcome, attempt: change(outcome.attempt) }),
  });
}

function telling(change: (news: EvidenceNews) => EvidenceNews): Wrap {
  return (inner) => ({ ...inner, settle: (outcome) => change(inner.settle(outcome)) });
}

/** A failure is settled as one of a network that was never seen, so that each is an event. */
function countingEach(inner: MemoryEvidence): MemoryEvidence {
  let failures = 0;
  return settling((outcome) => (outcome.as === 'failed' ? { ...outcome, attempt: { ...outcome.attempt, source: tagOf(`failure ${(failures += 1)}`) } } : outcome))(inner);
}

/** Who comes in is given back what was charged to the network and to the account apart from one another, so that no pair of them is known. */
function madeGoodNowhere(inner: MemoryEvidence): MemoryEvidence {
  return {
    ...inner,
    settle(outcome) {
      if (outcome.as !== 'entered') return inner.settle(outcome);
      const { attempt, charged } = outcome;
      inner.settle({ ...outcome, attempt: { ...attempt, account: tagOf('nobody') }, charged: { ...charged, account: 0 } });
      return inner.settle({ ...outcome, attempt: { ...attempt, source: undefined }, charged: { ...charged, source: 0 } });
    },
  };
}

function tagOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}
