import { boundedKey, detached } from '../../kernel/bounded-key.ts';
import { forEachOf } from '../../kernel/for-each.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterRule, CounterStore } from '../../ports/counter-store.ts';
import type { CaughtUp } from './outage.ts';

/** What was charged and given back here while the store was away, to be told to it when it returns. */
export interface Arrears {
  charged(charges: readonly CounterCharge[]): void;
  givenBack(charges: readonly CounterCharge[]): void;
  /** Whether the store has yet to hear of one of these keys. */
  owes(charges: readonly CounterCharge[]): boolean;
  readonly size: number;
  forget(rule: CounterRule, key: string): void;
  /** Tells the store, one key at a time. What cannot be told within a second is lost. Rejects where the store fails: what is untold stays. */
  settle(store: Told): Promise<CaughtUp>;
}

type Told = Pick<CounterStore, 'take' | 'giveBack'>;

/** One key's debt; below zero more was given back than charged. */
interface Debt {
  readonly rule: CounterRule;
  readonly key: string;
  units: number;
}

/** The most keys of one outage. Later ones are not told to the store, which then knows less than this process. */
const maxDebts = 10_000;
const settleBudgetMs = 1_000;
const batch = 256;
const concurrency = 64;

export function createArrears(clock: Clock): Arrears {
  const debts = new Map<string, Debt>();
  let lost = 0;
  let settling: Promise<CaughtUp> | undefined;

  function add(charge: CounterCharge, units: number): void {
    const { rule } = charge;
    const key = boundedKey(charge.key);
    const name = nameOf(rule, key);
    const debt = debts.get(name);
    if (debt !== undefined) debt.units += units;
    else if (debts.size < maxDebts) debts.set(detached(name), { rule, key: detached(key), units });
    else lost += 1;
  }

  async function settleAll(store: Told): Promise<CaughtUp> {
    const endMs = clock.monotonicMs() + settleBudgetMs;
    let settled = 0;
    // People go on being counted here meanwhile: what they add is told as well.
    while (debts.size > 0 && clock.monotonicMs() < endMs) {
      await forEachOf([...debts].slice(0, batch), concurrency, async ([name, debt]) => {
        const { units } = debt;
        await tell(store, debt, units);
        settled += 1;
        debt.units -= units;
        if (debt.units === 0) debts.delete(name);
      });
    }
    const caughtUp = { settled, lost: lost + debts.size };
    debts.clear();
    lost = 0;
    return caughtUp;
  }

  return {
    charged(charges) {
      for (const charge of charges) add(charge, charge.cost);
    },
    givenBack(charges) {
      for (const charge of charges) add(charge, -charge.cost);
    },
    owes: (charges) => charges.some(({ rule, key }) => debts.has(nameOf(rule, boundedKey(key)))),
    get size() {
      return debts.size;
    },
    forget(rule, key) {
      debts.delete(nameOf(rule, boundedKey(key)));
    },
    settle(store) {
      // Two at once would tell the same debts twice.
      settling ??= settleAll(store).finally(() => { settling = undefined; });
      return settling;
    },
  };
}

function nameOf(rule: CounterRule, key: string): string {
  return `${rule.name}\0${key}`;
}

async function tell(store: Told, { rule, key }: Debt, units: number): Promise<void> {
  if (units < 0) await store.giveBack([{ rule, key, cost: Math.min(-units, rule.burst) }]);
  if (units <= 0) return;
  const cost = Math.min(units, rule.burst);
  const { allowed, aheadMs } = await store.take([{ rule, key, cost }]);
  if (allowed) return;
  // It knows of other attempts: what is left of the key is spent.
  const left = Math.min(cost - 1, Math.floor(rule.burst - (aheadMs[0] ?? 0) / rule.intervalMs));
  if (left >= 1) await store.take([{ rule, key, cost: left }]);
}
