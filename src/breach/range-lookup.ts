import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { harmless } from '../kernel/harmless.ts';
import type { Clock } from '../ports/clock.ts';
import { createBreaker } from './breaker.ts';
import { createFlights, type FlightOutcome } from './flights.ts';
import { createRangeClient, type RangeAnswer, type RangeFailure } from './range-client.ts';
import type { ParsedRangeServiceOptions } from './range-options.ts';
import { countOf, type RangeRows } from './range-rows.ts';
import { failureReporter } from './report.ts';
import { breached, clean, unknown, type BreachVerdict } from './verdict.ts';

const sourceName = 'range-service';
/** How many prefixes that were answered wrongly are remembered, and how long they are left alone. */
const maxBadPrefixes = 1_000;
const badPrefixMs = 60_000;

/** What a range says about itself, not about the service: asking for another prefix may well succeed. */
const wrongAnswers: ReadonlySet<RangeFailure> = new Set(['cut-off', 'bad-status', 'not-a-range', 'too-large']);

/** Looks one form of a password up. Never rejects. */
export type RangeLookup = (text: string, budgetMs: number) => Promise<BreachVerdict>;

/** Makes the lookup: cache, breaker, one flight for each prefix. This file is loaded by the first lookup, and lru-cache with it. */
export function createRangeLookup(options: ParsedRangeServiceOptions): RangeLookup {
  const { breakerFailures, breakerOpenMs, cacheMaxBytes, cacheTtlMs, clock, emit: sink, ...service } = options;
  const emit = harmless(sink);
  const ranges = new LRUCache<string, RangeRows>({
    maxSize: cacheMaxBytes,
    sizeCalculation: (rows) => rows.byteLength + entryOverheadBytes,
    ttl: cacheTtlMs,
    ...timeOf(clock),
  });
  const badPrefixes = new LRUCache<string, true>({ max: maxBadPrefixes, ttl: badPrefixMs, ...timeOf(clock) });
  const breaker = createBreaker({ failures: breakerFailures, openMs: breakerOpenMs, clock, emit });
  const report = failureReporter({ clock, emit });
  const flights = createFlights({ client: createRangeClient(service), clock, landed });

  function landed(prefix: string, answer: RangeAnswer, beganMs: number): void {
    if (answer.ok) {
      ranges.set(prefix, answer.rows);
      breaker.succeeded();
      return;
    }
    const wrong = wrongAnswers.has(answer.reason);
    if (wrong) badPrefixes.set(prefix, true);
    breaker.failed({ beganMs, wronglyAnsweredPrefix: wrong ? prefix : undefined });
    report(sourceName, answer.reason);
  }

  return async function lookUp(text: string, budgetMs: number): Promise<BreachVerdict> {
    const { prefix, high, low } = addressOf(text);
    const known = ranges.get(prefix);
    if (known !== undefined) return verdictOf(known, high, low);
    if (!flights.has(prefix)) {
      if (badPrefixes.has(prefix)) return unknown('known-bad-prefix');
      if (budgetMs === 0) return unknown('timeout');
      if (!breaker.admit()) return unknown('breaker-open');
    }
    const outcome = await flights.wait(prefix, budgetMs);
    return isRange(outcome) ? verdictOf(outcome.rows, high, low) : unknown(reasonOf(outcome));
  };
}

/** Key, pointers and the array's own header, roughly. */
const entryOverheadBytes = 256;

/** Time for a cache, from the port, without lru-cache's own timer. It takes a start at 0 for "no start". */
function timeOf(clock: Clock) {
  return { perf: { now: () => clock.monotonicMs() + 1 }, ttlResolution: 0 };
}

/** Where a password would be in the corpus: the 5-digit prefix, and the first 64 bits of the suffix as two words. */
function addressOf(text: string): { readonly prefix: string; readonly high: number; readonly low: number } {
  // SHA-1 is the corpus's index here, no protection: ASVS 5.0 11.4.1 is about the latter.
  const digest = hash('sha1', text, 'hex');
  return {
    prefix: digest.slice(0, 5).toUpperCase(),
    high: Number.parseInt(digest.slice(5, 13), 16),
    low: Number.parseInt(digest.slice(13, 21), 16),
  };
}

function verdictOf(rows: RangeRows, high: number, low: number): BreachVerdict {
  const count = countOf(rows, high, low);
  return count > 0 ? breached(count) : clean;
}

function isRange(outcome: FlightOutcome): outcome is Extract<RangeAnswer, { ok: true }> {
  return typeof outcome === 'object' && outcome.ok;
}

function reasonOf(outcome: Exclude<FlightOutcome, { ok: true }>) {
  if (outcome === 'late') return 'timeout';
  return outcome === 'overloaded' ? 'overloaded' : outcome.reason;
}
