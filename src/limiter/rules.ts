import { ConfigError } from '../kernel/errors.ts';
import { integer, oneOf, optional, readOptions, wrong, type OptionReader } from '../kernel/options.ts';
import type { CounterRule } from '../ports/counter-store.ts';

/** One limit: at most `burst` at once, and in the long run `limit` per `windowMs`. */
export interface LimitRule {
  /** Units that come back in `windowMs`, evenly. 1 to 1,000,000, and at most 100 per ms of the window. */
  readonly limit: number;
  /** Milliseconds, 100 to 34,560,000,000 (400 days). */
  readonly windowMs: number;
  /**
   * Units that can be spent at once after idling. Default: `limit`. The window that begins with such a burst sees at most
   * `burst + limit` units; every later one at most `limit`.
   */
  readonly burst?: number;
  /**
   * While the store is away: `local` lets each process count its share of the limit, `deny` rejects with ERR_STORE. Say `deny`
   * for what must not be had without a count that all processes share, such as an export. Takes a store by `resilientCounters`
   * (`createPortcullis` wraps its own); with a bare store the answer is ERR_STORE in any case. Default `local`.
   */
  readonly onStoreFailure?: 'local' | 'deny';
}

/** The rules of one limiter by their own names; a store knows them as `limiter/rule`. */
export type ParsedRules = readonly { readonly name: string; readonly counter: CounterRule }[];

const maxWindowMs = 400 * 24 * 3_600_000;
const maxUnitsPerMs = 100;
const ruleNames = /^[a-z][\w-]{0,31}$/;

type Rates = Readonly<Record<string, Omit<CounterRule, 'name'>>>;

/** Reads `{ address: { limit, windowMs, burst? }, ... }`: at least one and at most eight rules. */
export const rulesOption: OptionReader<Rates> = (given, name) => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong(name, 'an object of rules by name', given);
  const entries = Object.entries(given);
  if (entries.length < 1 || entries.length > 8) throw new ConfigError(`${name}: expected 1 to 8 rules, got ${entries.length}`);
  for (const [rule] of entries) {
    if (!ruleNames.test(rule)) throw new ConfigError(`${name}: expected names of up to 32 letters, digits, "-" and "_" that begin with a small letter`);
  }
  return Object.fromEntries(entries.map(([rule, value]) => [rule, readRate(value, `${name}.${rule}`)]));
};

/** Reads one limit. Throws ERR_CONFIG. */
export function readRate(value: unknown, name: string): Omit<CounterRule, 'name'> {
  const { limit, windowMs, burst, onStoreFailure } = readOptions(name, value, {
    limit: integer({ min: 1, max: 1_000_000 }),
    windowMs: integer({ min: 100, max: maxWindowMs }),
    burst: optional(integer({ min: 1, max: 1_000_000 })),
    onStoreFailure: oneOf(['local', 'deny'], 'local'),
  });
  // Beyond it the clock's grain decides, and not the rule.
  if (limit / windowMs > maxUnitsPerMs) throw new ConfigError(`${name}: expected at most ${maxUnitsPerMs} units per ms, got ${limit} in ${windowMs} ms`);
  return { intervalMs: windowMs / limit, burst: burst ?? limit, onStoreFailure };
}

/** The rules as a store counts them, each with a table of its own. */
export function rulesOf(limiter: string, rates: Rates): ParsedRules {
  return Object.entries(rates).map(([name, rate]) => ({ name, counter: Object.freeze({ name: `${limiter}/${name}`, ...rate }) }));
}

/** The rule of that name. There are few, and comparing names is faster than asking a Map. */
export function ruleNamed(rules: ParsedRules, name: string): CounterRule | undefined {
  for (const rule of rules) if (rule.name === name) return rule.counter;
  return undefined;
}
