import { accountScores, sourceScores } from '../kernel/evidence.ts';
import type { EvidenceCharge } from '../ports/evidence-store.ts';

/**
 * What is left of a charge: scores fade, and whoever is given back a day later what was charged then would be given the marks of others as well.
 * A receipt without a time, or of a time to come, is given back whole.
 */
export function leftOf({ charged, atMs }: { readonly charged: EvidenceCharge; readonly atMs?: number }, nowMs: number): EvidenceCharge {
  const ageMs = atMs === undefined ? 0 : Math.max(0, nowMs - atMs);
  const { source, account } = charged;
  return { ...charged, source: source * 2 ** (-ageMs / sourceScores.halfLifeMs), account: account * 2 ** (-ageMs / accountScores.halfLifeMs) };
}
