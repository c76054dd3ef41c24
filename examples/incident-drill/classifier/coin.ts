import { hypergeometricTail } from './statistics.ts';

/** What the attacker said of addresses whose truth the drill knows. */
export interface Score {
  /** Addresses with an account, and how many of them were called so. */
  readonly registered: number;
  readonly foundRegistered: number;
  /** Addresses without an account, and how many of them were called registered nevertheless. */
  readonly unregistered: number;
  readonly mistakenRegistered: number;
}

/** How seldom a coin may do as well for the score to count. */
const coinChance = 0.001;

/**
 * How many registered addresses the attacker knows, beyond what a coin would give: one that says "registered" as often as
 * the attacker does where there is no account. Whoever knows `k` of `n` and tosses that coin for the rest finds
 * `k + (n - k) * q`, where `q` is the share called registered wrongly; this solves for `k`. Calling all registered scores 0,
 * and so does a score that a coin reaches once in a thousand times.
 */
export function learntBeyondCoin({ registered, foundRegistered, unregistered, mistakenRegistered }: Score): number {
  if (registered === 0 || unregistered === 0 || mistakenRegistered === unregistered) return 0;
  const chance = hypergeometricTail({ atLeast: foundRegistered, n: registered, m: unregistered, having: foundRegistered + mistakenRegistered });
  if (chance >= coinChance) return 0;
  const coin = mistakenRegistered / unregistered;
  return Math.max(0, Math.round((foundRegistered - registered * coin) / (1 - coin)));
}
