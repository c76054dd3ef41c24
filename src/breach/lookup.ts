import { systemClock } from '../kernel/clock.ts';
import { withDeadline } from '../kernel/deadline.ts';
import { ConfigError } from '../kernel/errors.ts';
import { harmless } from '../kernel/harmless.ts';
import { callback, list, port, readOptions, text, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import { failureReporter } from './report.ts';
import { formsOf, readVerdict, unknown, usableBudgetMs, worst, type BreachQuestion, type BreachSource, type BreachVerdict } from './verdict.ts';

export interface BreachLookupOptions {
  /**
   * At least one. Local ones are asked first and have half the budget; the others are asked all at once, and only when no
   * local one knows the password.
   */
  readonly sources: readonly BreachSource[];
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** Is this password known to attackers? `check` answers within `budgetMs` and never rejects. */
export interface BreachLookup {
  check(question: BreachQuestion): Promise<BreachVerdict>;
}

const sourceOption: OptionReader<BreachSource> = (given, name) => {
  const source = port<BreachSource>(['check'])(given, name);
  text()(source.name, `${name}.name`);
  return source;
};

/**
 * Makes one lookup out of several sources. Any source that says `breached` decides (the highest count is answered), else
 * any `unknown`, else `clean`: an outage never reads as innocence, and never as guilt. A source that hangs, throws or
 * answers nonsense is an `unknown` and an event, `breach.source-failed`. Throws ERR_CONFIG.
 * Source: ASVS 5.0 6.2.12 and 16.5.2, NIST SP 800-63B-4 section 3.1.1.2.
 */
export function createBreachLookup(options: BreachLookupOptions): BreachLookup {
  const { sources, clock, emit } = readOptions('breach', options, {
    sources: list(sourceOption),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  if (sources.length === 0) throw new ConfigError('breach.sources: expected at least one source, got an empty array');
  const locals = sources.filter(({ local }) => local === true);
  const remotes = sources.filter(({ local }) => local !== true);
  const report = failureReporter({ clock, emit: harmless(emit) });

  async function ask(source: BreachSource, question: BreachQuestion): Promise<BreachVerdict> {
    try {
      // A source that answers at once, without a promise, is as good.
      const answer = Promise.resolve(source.check(question));
      return readVerdict(await withDeadline(answer, { clock, deadlineMs: question.budgetMs, onLate: () => new LateSource() }));
    } catch (error) {
      const reason = error instanceof LateSource ? 'timeout' : 'source-failed';
      report(source.name, reason);
      return unknown(reason);
    }
  }

  async function askAll(asked: readonly BreachSource[], question: BreachQuestion): Promise<BreachVerdict> {
    return worst(await Promise.all(asked.map((source) => ask(source, question))));
  }

  return Object.freeze({
    async check({ password, budgetMs }) {
      if (formsOf(password) === undefined) return unknown('invalid-input');
      const startedMs = clock.monotonicMs();
      const wholeMs = usableBudgetMs(budgetMs);
      // Half: a disk that hangs must not take the service's time with it.
      const near = await askAll(locals, { password, budgetMs: remotes.length === 0 ? wholeMs : wholeMs / 2 });
      if (near.verdict === 'breached' || remotes.length === 0) return near;
      const leftMs = Math.max(0, wholeMs - (clock.monotonicMs() - startedMs));
      return worst([near, await askAll(remotes, { password, budgetMs: leftMs })]);
    },
  } satisfies BreachLookup);
}

class LateSource extends Error {}
