import { standingOf } from '../../kernel/counting.ts';
import type { CounterCharge, CounterVerdict } from '../../ports/counter-store.ts';

/** How often others may charge the key in between. Each time they do, there is less of it left to charge. */
const maxTries = 8;

type Take = (charges: readonly CounterCharge[]) => Promise<CounterVerdict>;

/**
 * Charges a key for what a store does not know of, or all that is left of it. `missing` answers how many units it lacks where the
 * key stands at `aheadMs`; it is asked again where others charged the key meanwhile.
 */
export async function chargeMissing(take: Take, { rule, key }: Pick<CounterCharge, 'rule' | 'key'>, aheadMs: number, missing: (aheadMs: number) => number): Promise<void> {
  let nowAheadMs = aheadMs;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const { remaining } = standingOf({ rule, key, cost: 1 }, { allowed: false, aheadMs: nowAheadMs });
    const cost = Math.min(missing(nowAheadMs), remaining);
    if (cost < 1) return;
    const verdict = await take([{ rule, key, cost }]);
    if (verdict.allowed) return;
    nowAheadMs = verdict.aheadMs[0] ?? 0;
  }
}
