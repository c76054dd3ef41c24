import { boundedKey, detached } from '../../kernel/bounded-key.ts';
import { forEachOf } from '../../kernel/for-each.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterRule } from '../../ports/counter-store.ts';
import { chargeMissing } from './catching-up.ts';
import type { CaughtUp } from './outage.ts';
import type { TimedStore } from './timed.ts';

/** What was charged and given back here while the store was away, to be told to it when it returns. */
export interface Arrears {
  charged(charges: readonly CounterCharge[]): void;
  givenBack(charges: readonly CounterCharge[]): void;
  /** Whether the store has heard of these charges, which were made here, or will hear of them. */
  knows(charges: readonly CounterCharge[]): boolean;
  /** Whether the store has yet to hear of one of these keys. */
  owes(charges: readonly CounterCharge[]): boolean;
  /** Units of the key that the store has yet to hear of; below zero more were given back than charged. */
  readonly owed: (charge: CounterCharge) => number;
  readonly size: number;
  forget(rule: CounterRule, key: string): void;
  /** Tells the store, one key at a time. What cannot be told within a second is lost. Rejects where the store fails: charges that are untold stay. */
  settle(store: Told): Promise<CaughtUp>;
}

export interface ArrearsOptions {
  readonly clock: Clock;
  /** Charges of which the store will not be told. */
  readonly onLost: () => void;
}

type Told = Pick<TimedStore, 'take' | 'giveBack'>;

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

export function createArrears({ clock, onLost }: ArrearsOptions): Arrears {
  const debts = new Map<string, Debt>();
  /** In which turn charges were noted, all of them. A turn ends where debts are lost. */
  const noted = new WeakMap<readonly CounterCharge[], number>();
  let turn = 0;
  let lost = 0;
  let settling: Promise<CaughtUp> | undefined;

  function add(charge: CounterCharge, units: number): boolean {
    const { rule } = charge;
    const key = boundedKey(charge.key);
    const name = nameOf(rule, key);
    const debt = debts.get(name);
    if (debt === undefined && debts.size >= maxDebts) {
      lost += 1;
      return false;
    }
    if (debt === undefined) debts.set(detached(name), { rule, key: detached(key), units });
    else debt.units += units;
    return true;
  }

  async function settle(store: Told): Promise<CaughtUp> {
    const settled = await settleDebts(debts, store, clock);
    const untold = debts.size;
    const caughtUp = { settled, lost: lost + untold };
    debts.clear();
    lost = 0;
    if (untold > 0) {
      turn += 1;
      onLost();
    }
    return caughtUp;
  }

  return {
    charged(charges) {
      const whole = charges.map((charge) => add(charge, charge.cost));
      if (whole.every(Boolean)) noted.set(charges, turn);
      else onLost();
    },
    givenBack(charges) {
      for (const charge of charges) add(charge, -charge.cost);
    },
    knows: (charges) => noted.get(charges) === turn,
    owes: (charges) => charges.some(({ rule, key }) => debts.has(nameOf(rule, boundedKey(key)))),
    owed: ({ rule, key }) => (debts.size === 0 ? 0 : (debts.get(nameOf(rule, boundedKey(key)))?.units ?? 0)),
    get size() {
      return debts.size;
    },
    forget(rule, key) {
      debts.delete(nameOf(rule, boundedKey(key)));
    },
    settle(store) {
      // Two at once would tell the same debts twice.
      settling ??= settle(store).finally(() => { settling = undefined; });
      return settling;
    },
  };
}

/** Tells the store for as long as there is something to tell and time. Answers how much was told. */
async function settleDebts(debts: Map<string, Debt>, store: Told, clock: Clock): Promise<number> {
  const endMs = clock.monotonicMs() + settleBudgetMs;
  let settled = 0;
  // People go on being counted here meanwhile: what they add is told as well.
  while (debts.size > 0 && clock.monotonicMs() < endMs) {
    await forEachOf([...debts].slice(0, batch), concurrency, async ([name, debt]) => {
      await (debt.units > 0 ? settleCharges(debts, store, name, debt) : settleRefunds(debts, store, name, debt));
      settled += 1;
    });
  }
  return settled;
}

/** Told until the store answers: twice is too much, and never too little. */
async function settleCharges(debts: Map<string, Debt>, store: Told, name: string, debt: Debt): Promise<void> {
  const { rule, units } = debt;
  await chargeMissing((charges) => store.take(charges), debt, 0, () => Math.min(units, rule.burst));
  debt.units -= units;
  if (debt.units === 0) debts.delete(name);
}

/** Told once at most: whoever makes answers late would have units for nothing. */
async function settleRefunds(debts: Map<string, Debt>, store: Told, name: string, { rule, key, units }: Debt): Promise<void> {
  debts.delete(name);
  if (units < 0) await store.giveBack([{ rule, key, cost: Math.min(-units, rule.burst) }]);
}

function nameOf(rule: CounterRule, key: string): string {
  return `${rule.name}\0${key}`;
}
