import { ConfigError } from '../kernel/errors.ts';
import { integer, optional, readOptions, wrong, type OptionReader } from '../kernel/options.ts';
import type { CounterRule } from '../ports/counter-store.ts';

/** One limit: at most `burst` at once, and in the long run `limit` per `windowMs`. */
export interface LimitRule {
  /** Units that come back in `windowMs`, evenly. 1 to 1,000,000. */
  readonly limit: number;
  /** Milliseconds, 100 to 34,560,000,000 (400 days). */
  readonly windowMs: number;
  /**
   * Units that can be spent at once after idling. Default: `limit`. The window that begins with such a burst sees at most
   * `burst + limit` units; every later one at most `limit`.
   */
  readonly burst?: number;
}

export interface ParsedRule {
  readonly counter: CounterRule;
  readonly limit: number;
  readonly windowMs: number;
}

export type ParsedRules = ReadonlyMap<string, ParsedRule>;

const maxWindowMs = 400 * 24 * 3_600_000;
const ruleNames = /^[a-z][\w-]{0,31}$/;

/** Reads `{ address: { limit, windowMs, burst? }, ... }`: at least one and at most eight rules. */
export function rulesOption(limiter: string): OptionReader<ParsedRules> {
  return (given, name) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong(name, 'an object of rules by name', given);
    const entries = Object.entries(given);
    if (entries.length < 1 || entries.length > 8) throw new ConfigError(`${name}: expected 1 to 8 rules, got ${entries.length}`);
    return new Map(entries.map(([rule, value]) => [rule, readRule({ limiter, rule, value, name: `${name}.${rule}` })]));
  };
}

function readRule({ limiter, rule, value, name }: { readonly limiter: string; readonly rule: string; readonly value: unknown; readonly name: string }): ParsedRule {
  if (!ruleNames.test(rule)) throw new ConfigError(`${name}: expected a name of up to 32 letters, digits, "-" and "_" that begins with a small letter`);
  const { limit, windowMs, burst } = readOptions(name, value, {
    limit: integer({ min: 1, max: 1_000_000 }),
    windowMs: integer({ min: 100, max: maxWindowMs }),
    burst: optional(integer({ min: 1, max: 1_000_000 })),
  });
  return { counter: { name: `${limiter}/${rule}`, intervalMs: windowMs / limit, burst: burst ?? limit }, limit, windowMs };
}
