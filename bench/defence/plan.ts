import { attackerIds } from './attackers/attack.ts';
import { ownPolicies, partPolicies, policies, redisPolicies } from './policies/index.ts';
import { redisAttackers } from './targets.ts';
import type { Job } from './work.ts';

/** Each made for one rule, and attacking where that is taken out. */
const forOneRule: readonly Job['attacker'][] = ['A6w', 'A11'];
const everyone = ['legit' as const, ...attackerIds.filter((id) => !forOneRule.includes(id))];

/**
 * Worlds beside the standard one: who attacks there, who defends, on how many seeds. Peers stand for their kind.
 */
interface Variant extends Runs {
  readonly peers: readonly string[];
}

interface Runs {
  readonly scenario: string;
  readonly attackers: readonly Job['attacker'][];
  readonly seeds: number;
}

const fewPeers = ['none', 'rlf', 'axes1h', 'auth0', 'stopg'];
const asking = ['none', 'none+leaked', 'auth0+leaked', 'rlf+leaked'];

const variants: readonly Variant[] = [
  { scenario: 'n-1k', attackers: ['legit', 'A5', 'A6', 'A8'], seeds: 5, peers: fewPeers },
  { scenario: 'n-100k', attackers: ['legit', 'A5', 'A6'], seeds: 1, peers: fewPeers },
  { scenario: 'typo-x5', attackers: ['legit', 'A5', 'A6'], seeds: 3, peers: fewPeers },
  { scenario: 'cookies-70', attackers: ['legit', 'A5', 'A6'], seeds: 3, peers: fewPeers },
  { scenario: 'typo-x5-cookies-70', attackers: ['legit', 'A1', 'A3', 'A4', 'A5', 'A5s', 'A6', 'A6s', 'A7', 'A8'], seeds: 5, peers: ['none'] },
  { scenario: 'cgnat-x5', attackers: ['legit', 'A2', 'A5', 'A6'], seeds: 3, peers: fewPeers },
  { scenario: 'no-leaked-list', attackers: ['legit', 'A5', 'A6', 'A6s'], seeds: 3, peers: ['none', 'none+leaked'] },
  { scenario: 'mailbox-7', attackers: ['A5', 'A6', 'A8'], seeds: 5, peers: asking },
  { scenario: 'mailbox-25', attackers: ['A5', 'A6', 'A8'], seeds: 5, peers: asking },
  { scenario: 'first-hour', attackers: ['A5', 'A6', 'A6s'], seeds: 5, peers: fewPeers },
  { scenario: 'forced-reset', attackers: ['legit'], seeds: 5, peers: fewPeers },
];

interface NamedRuns extends Runs {
  readonly policies: readonly string[];
}

/** The standard world, for ours without one part each; then the worlds that show what a part is for that few sites need, or that few seeds do not show. */
const ablation: readonly NamedRuns[] = [
  { scenario: 'ablation', attackers: ['legit', 'A1', 'A2', 'A3', 'A4', 'A5', 'A5s', 'A6', 'A6s', 'A6u', 'A7', 'A8', 'A10', ...forOneRule], seeds: 2, policies: ['default', 'leaked', ...partPolicies.filter((name) => !name.endsWith('+leaked'))] },
  { scenario: 'ablation-cgnat', attackers: ['legit', 'A2'], seeds: 2, policies: ['default', 'without-refund', 'without-shared'] },
  { scenario: 'ablation-slow', attackers: ['A6u'], seeds: 10, policies: ['default', 'without-slow-surge'] },
  { scenario: 'ablation-typos', attackers: ['legit', 'A6s'], seeds: 2, policies: ['default', 'without-made-good'] },
];

/** The standard world, for ours in memory and over Redis, which are to decide alike each time. */
const overRedis: NamedRuns = { scenario: 'redis', attackers: redisAttackers, seeds: 1, policies: ['leaked', ...redisPolicies] };

/** Most peers here have no store that could be gone. */
const outage: NamedRuns = { scenario: 'outage', attackers: ['A5', 'A6'], seeds: 2, policies: ownPolicies };

const apart = [...ablation, overRedis, outage];

/** Whether a policy takes part where nobody names it: these worlds are for ours alone, and ours without a part or over Redis for these. */
export function takesPart(policy: string, scenario: string): boolean {
  const named = apart.find((runs) => runs.scenario === scenario);
  return named === undefined ? ![...partPolicies, ...redisPolicies].includes(policy) : named.policies.includes(policy);
}

const standing = [...policies.keys()].filter((name) => takesPart(name, 'standard'));

/** The flood takes nothing over and is long: only who differs in what is kept. */
const floodable = standing.filter((name) => !name.endsWith('+leaked') && !name.startsWith('no-'));

/** A whole run: everybody against everybody in the standard world on `seeds` seeds, then the variants. */
export function wholeRun(seeds = 10): readonly Job[] {
  const numbers = Array.from({ length: seeds }, (_, index) => index + 1);
  const standard = numbers.flatMap((seed) => everyone.map((attacker): Job => ({ scenario: 'standard', seed, attacker, policies: attacker === 'A9' ? floodable : standing })));
  return [...standard, ...variants.flatMap(({ peers, ...variant }) => jobsOf({ ...variant, policies: [...ownPolicies, ...peers] }, seeds)), ...apart.flatMap((runs) => jobsOf(runs, seeds))];
}

function jobsOf({ scenario, attackers, seeds, policies: names }: NamedRuns, most: number): readonly Job[] {
  return Array.from({ length: Math.min(seeds, most) }, (_, index) => index + 1).flatMap((seed) => attackers.map((attacker) => ({ scenario, seed, attacker, policies: names })));
}
