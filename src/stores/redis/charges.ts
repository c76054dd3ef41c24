import { roundingMs } from '../../kernel/counting.ts';
import { StoreError } from '../../kernel/errors.ts';
import type { CounterCharge, CounterRule, CounterVerdict } from '../../ports/counter-store.ts';
import { wrongAnswer } from './faults.ts';
import { grainsPerMs } from './scripts.ts';
import { answeredNumber, type Names } from './text.ts';

/** Charges as they were when the store was called: the key of each in the server, and two arguments of each for the scripts. */
export interface Wanted {
  readonly keys: string[];
  readonly args: string[];
}

/** No window of a limit is a thousandth of it. Beyond it numbers of the server overflow, which would be a fresh start. */
const maxMs = 1e14;

/** What a charge comes to, ms, as text for the server. */
interface Price {
  readonly costMs: string;
  /** The most that a key may be away from its whole burst to pay for it: `canPay`, solved for `aheadMs`. */
  readonly mostMs: string;
}

interface Tariff {
  readonly intervalMs: number;
  readonly burst: number;
  readonly prices: Map<number, Price>;
}

const maxPrices = 100;

function boundedText(ms: number): string {
  // NaN, too.
  if (!(Math.abs(ms) <= maxMs)) throw new StoreError('redis store: a charge is out of bounds');
  return String(ms);
}

/** Reads charges; throws ERR_STORE for one that no server could count. What a rule's units come to is kept with the rule, since writing numbers as text takes longer than the rest. */
export function createChargeReader(names: Names): (charges: readonly CounterCharge[]) => Wanted {
  const tariffs = new WeakMap<CounterRule, Tariff>();

  function tariffOf(rule: CounterRule): Tariff {
    const known = tariffs.get(rule);
    // Whoever made the rule may have changed it since.
    if (known !== undefined && known.intervalMs === rule.intervalMs && known.burst === rule.burst) return known;
    const tariff = { intervalMs: rule.intervalMs, burst: rule.burst, prices: new Map<number, Price>() };
    tariffs.set(rule, tariff);
    return tariff;
  }

  function priceOf({ rule, cost }: CounterCharge): Price {
    const { prices } = tariffOf(rule);
    const known = prices.get(cost);
    if (known !== undefined) return known;
    if (prices.size >= maxPrices) prices.clear();
    const price = { costMs: boundedText(cost * rule.intervalMs), mostMs: boundedText(roundingMs(rule) + (rule.burst - cost) * rule.intervalMs) };
    prices.set(cost, price);
    return price;
  }

  return (charges) => {
    const keys: string[] = [];
    const args: string[] = [];
    for (const charge of charges) {
      const { costMs, mostMs } = priceOf(charge);
      keys.push(names.counter(charge.rule, charge.key));
      args.push(costMs, mostMs);
    }
    return { keys, args };
  };
}

/** Reads what `take` and `peek` answer for so many keys, in a list from `from` on. Throws ERR_STORE for anything else. */
export function verdictOf(answer: readonly unknown[], count: number, from = 0): CounterVerdict {
  const aheadMs = new Array<number>(count);
  for (let at = 0; at < count; at += 1) aheadMs[at] = answeredNumber(answer[from + 1 + at]) / grainsPerMs;
  const allowed = answeredNumber(answer[from]);
  if (allowed > 1) throw wrongAnswer();
  return { allowed: allowed === 1, aheadMs };
}

/** The list that a script answered, which must have so many entries. Throws ERR_STORE. */
export function answeredList(answer: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(answer) || answer.length !== length) throw wrongAnswer();
  return answer;
}
