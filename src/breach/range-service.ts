import { readRangeServiceOptions, type RangeServiceOptions } from './range-options.ts';
import type { RangeLookup } from './range-lookup.ts';
import { formsOf, unknown, usableBudgetMs, worst, type BreachSource } from './verdict.ts';

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
  const parsed = readRangeServiceOptions(options);
  let lookUp: RangeLookup | undefined;

  /** An app that starts should not wait for what only a password needs. Undefined where a bundler has lost the file. */
  async function load(): Promise<RangeLookup | undefined> {
    try {
      const { createRangeLookup } = await import('./range-lookup.ts');
      return (lookUp ??= createRangeLookup(parsed));
    } catch {
      return undefined;
    }
  }

  return Object.freeze({
    name: 'range-service',
    async check({ password, budgetMs }) {
      const forms = formsOf(password);
      if (forms === undefined) return unknown('invalid-input');
      const [only, ...others] = forms;
      const waitMs = usableBudgetMs(budgetMs);
      const look = lookUp ?? (await load());
      if (look === undefined) return unknown('source-failed');
      if (only !== undefined && others.length === 0) return look(only, waitMs);
      return worst(await Promise.all(forms.map((form) => look(form, waitMs))));
    },
  } satisfies BreachSource);
}
