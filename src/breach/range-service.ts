import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../ports/clock.ts';
import { createBreaker } from './breaker.ts';
import { createFlights, type FlightOutcome } from './flights.ts';
import { createRangeClient, type RangeAnswer, type RangeFailure } from './range-client.ts';
import { readRangeServiceOptions, type RangeServiceOptions } from './range-options.ts';
import { countOf, type RangeRows } from './range-rows.ts';
import { failureReporter, harmless } from './report.ts';
import { breached, clean, formsOf, unknown, usableBudgetMs, worst, type BreachSource, type BreachVerdict } from './verdict.ts';

const sourceName = 'range-service';
/** How many prefixes that were answered wrongly are remembered, and how long they are left alone. */
const maxBadPrefixes = 1_000;
const badPrefixMs = 60_000;

/** What a range says about itself, not about the service: asking for another prefix may well succeed. */
const wrongAnswers: ReadonlySet<RangeFailure> = new Set(['cut-off', 'bad-status', 'not-a-range', 'too-large']);

/**
 * Asks a Pwned Passwords range service, without telling it the password: what leaves the process is the first 5 of the 40
 * hexadecimal digits of its SHA-1, and the answer is padded, so that its size does not tell the prefix to whoever
 * watches the line. `check` answers within `budgetMs`, one retry included, and never rejects; a failure is `unknown`.
 *
 * Kept in memory, for at most a day: by prefix, half of each suffix. No password, no digest of one, no answer as it came.
 * Emits: `breach.source-failed` (once a minute and kind), `breach.breaker-opened`, `breach.breaker-closed`.
 * Throws: ERR_CONFIG here, for a wrong option.
 * Source: ASVS 5.0 6.2.12, 13.1.3, 13.2.4, 15.3.2, 16.5.2; the range API of haveibeenpwned.com.
 */
export function rangeService(options: RangeServiceOptions = {}): BreachSource {
  const { breakerFailures, breakerOpenMs, cacheMaxBytes, cacheTtlMs, clock, emit: sink, ...service } = readRangeServiceOptions(options);
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

  async function lookUp(text: string, budgetMs: number): Promise<BreachVerdict> {
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
  }

  return Object.freeze({
    name: sourceName,
    async check({ password, budgetMs }) {
      const forms = formsOf(password);
      if (forms === undefined) return unknown('invalid-input');
      const [only, ...others] = forms;
      const waitMs = usableBudgetMs(budgetMs);
      if (only !== undefined && others.length === 0) return lookUp(only, waitMs);
      return worst(await Promise.all(forms.map((form) => lookUp(form, waitMs))));
    },
  } satisfies BreachSource);
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
