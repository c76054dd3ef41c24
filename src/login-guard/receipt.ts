import { accountScores, sourceScores } from '../kernel/evidence.ts';
import type { EvidenceAttempt, EvidenceCharge, EvidenceOutcome } from '../ports/evidence-store.ts';

/** Plain data, for whoever must wait for the second half of a sign-in. It holds digests, and no name and no password. */
export interface GuardReceipt {
  readonly attempt: EvidenceAttempt;
  readonly charged: EvidenceCharge;
  /** Of the reservation, wall-clock ms: what was charged has faded since. */
  readonly atMs?: number;
  /** Nobody looks at the password: however it is settled, it was no guess at the account. */
  readonly refused?: boolean;
}

/** What the store is told. */
export function outcomeOf(receipt: GuardReceipt, as: Exclude<EvidenceOutcome['as'], 'known'>, nowMs: number): EvidenceOutcome {
  const { attempt, charged, refused = false } = receipt;
  // Nobody looked at the password, so that it was no guess at the account: else a flood from networks that are refused would have its owner asked for more.
  if (refused) return { as: 'refunded', attempt: { ...attempt, source: undefined }, charged: { ...leftOf(receipt, nowMs), source: 0 } };
  return { as, attempt, charged: as === 'entered' || as === 'refunded' ? leftOf(receipt, nowMs) : charged };
}

/**
 * What is left of a charge: scores fade, and whoever is given back a day later what was charged then would be given the marks of others as well.
 * A receipt without a time, or of a time to come, is given back whole.
 */
function leftOf({ charged, atMs }: GuardReceipt, nowMs: number): EvidenceCharge {
  const ageMs = atMs === undefined ? 0 : Math.max(0, nowMs - atMs);
  const { source, account } = charged;
  return { ...charged, source: source * 2 ** (-ageMs / sourceScores.halfLifeMs), account: account * 2 ** (-ageMs / accountScores.halfLifeMs) };
}
