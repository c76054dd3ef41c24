import { attackerIds } from './attackers/attack.ts';
import { ownPolicies, policies } from './policies/index.ts';
import type { Job } from './work.ts';

const everyone = ['legit', ...attackerIds] as const;

/**
 * Worlds beside the standard one: who attacks there, who defends, on how many seeds. Peers stand for their kind. The outage is
 * run by its name only: most policies here have no store that could be gone.
 */
interface Variant {
  readonly scenario: string;
  readonly attackers: readonly Job['attacker'][];
  readonly seeds: number;
  readonly peers: readonly string[];
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

/** The flood takes nothing over and is long: only who differs in what is kept. */
const floodable = [...policies.keys()].filter((name) => !name.endsWith('+leaked') && !name.startsWith('no-'));

/** A whole run: everybody against everybody in the standard world on `seeds` seeds, then the variants. */
export function wholeRun(seeds = 10): readonly Job[] {
  const numbers = Array.from({ length: seeds }, (_, index) => index + 1);
  const standard = numbers.flatMap((seed) => everyone.map((attacker): Job => ({ scenario: 'standard', seed, attacker, policies: attacker === 'A9' ? floodable : [...policies.keys()] })));
  return [...standard, ...variants.flatMap((variant) => jobsOf(variant, seeds))];
}

function jobsOf({ scenario, attackers, seeds, peers }: Variant, most: number): readonly Job[] {
  const names = [...ownPolicies, ...peers];
  if (names.length === 0) return [];
  return Array.from({ length: Math.min(seeds, most) }, (_, index) => index + 1).flatMap((seed) => attackers.map((attacker) => ({ scenario, seed, attacker, policies: names })));
}
