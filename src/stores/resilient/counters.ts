import { systemClock } from '../../kernel/clock.ts';
import { isVerdict } from '../../kernel/counting.ts';
import { isThenable, withDeadline } from '../../kernel/deadline.ts';
import { StoreError } from '../../kernel/errors.ts';
import { callback, integer, port, readOptions } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import { memoryCounters } from '../memory/counters.ts';
import { createArrears, type Arrears } from './arrears.ts';
import { createLine, type StoreLine } from './line.ts';
import type { StoreHealth } from './outage.ts';
import { createShadow, type Shadow } from './shadow.ts';

export interface ResilientCountersOptions {
  /** How many processes count in the store. While it is away each of them gives out its share of every limit. Default 1. */
  readonly processes?: number;
  /** The store's time for one decision, ms. Slow counts as down. Default 50. */
  readonly deadlineMs?: number;
  /** How many keys of each rule are remembered in this process. Default 20,000. */
  readonly maxKeys?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** A counter store that answers also while the one behind it is away. */
export interface ResilientCounters extends CounterStore {
  health(): StoreHealth;
  /** Ends the probes of a store that is away. */
  close(): void;
}

/** The defaults of {@link resilientCounters}. */
export const resilientCountersDefaults = Object.freeze({ processes: 1, deadlineMs: 50, maxKeys: 20_000 });

/** Its name is no limiter's: theirs hold one slash between two names. */
const probeCharge: CounterCharge = Object.freeze({ rule: Object.freeze({ name: 'portcullis/probe', intervalMs: 1, burst: 1_000 }), key: 'probe', cost: 1 });

const settleAfterMs = 500;

/**
 * Puts a deadline and a circuit breaker before a counter store. While the store is away, each process counts for itself: every
 * limit divided by `processes`, beginning where the store's answers left off, so that an outage gives nobody a fresh start
 * (OWASP ASVS 5.0 16.5.2). A rule with `onStoreFailure: 'deny'` rejects with ERR_STORE instead. When the store returns, it is
 * told what was charged meanwhile. Throws ERR_CONFIG.
 */
export function resilientCounters(store: CounterStore, options: ResilientCountersOptions = {}): ResilientCounters {
  port<CounterStore>(['take', 'giveBack', 'peek', 'clear'])(store, 'resilientCounters.store');
  const { processes, deadlineMs, maxKeys, clock, emit } = readOptions('resilientCounters', options, {
    processes: integer({ min: 1, max: 100_000, fallback: resilientCountersDefaults.processes }),
    deadlineMs: integer({ min: 1, max: 10_000, fallback: resilientCountersDefaults.deadlineMs }),
    maxKeys: integer({ min: 8, max: 10_000_000, fallback: resilientCountersDefaults.maxKeys }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const shadow = createShadow({ counters: memoryCounters({ maxKeys, clock, emit }), processes });
  const arrears = createArrears(clock);
  const timed = inTime(store, { clock, deadlineMs });
  const line = createLine({
    store: 'counters', clock, emit, deadlineMs,
    probe: async () => checked([probeCharge], await timed.take([probeCharge])),
    catchUp: () => arrears.settle(timed),
  });
  const settleSoon = createSettling({ timed, line, arrears, clock });
  return Object.freeze({
    shared: store.shared,
    inTime: true,
    ...verbsOf({ store, line, shadow, arrears, settleSoon }),
    health: () => line.health(),
    close() {
      line.close();
    },
  } satisfies ResilientCounters);
}

interface Parts {
  readonly store: CounterStore;
  readonly line: StoreLine;
  readonly shadow: Shadow;
  readonly arrears: Arrears;
  readonly settleSoon: () => void;
}

function verbsOf({ store, line, shadow, arrears, settleSoon }: Parts): Pick<CounterStore, 'take' | 'peek' | 'giveBack' | 'clear'> {
  const takeHere = (charges: readonly CounterCharge[]): CounterVerdict => {
    const verdict = shadow.take(charges);
    if (verdict.allowed) arrears.charged(charges);
    settleSoon();
    return verdict;
  };

  return {
    take: (charges) => orHere({
      charges,
      ask: () => line.ask(() => asked(charges, store.take(charges))),
      learn(verdict) {
        shadow.learn(charges, verdict);
        return verdict;
      },
      here: takeHere,
    }),
    peek: (charges) => orHere({
      charges,
      ask: () => line.ask(() => asked(charges, store.peek(charges))),
      learn: (verdict) => verdict,
      here: (all) => shadow.peek(all),
    }),
    async giveBack(charges) {
      const takenHere = shadow.giveBack(charges);
      try {
        // What was taken here and is not settled yet, the store has never heard of.
        if (!(takenHere && arrears.owes(charges))) {
          await line.ask(() => store.giveBack(charges));
          return;
        }
      } catch {
        // Whoever was right must not be short of an attempt because the store was away for a moment.
      }
      arrears.givenBack(charges);
      settleSoon();
    },
    async clear(rule, key) {
      shadow.clear(rule, key);
      arrears.forget(rule, key);
      await line.ask(() => store.clear(rule, key));
    },
  };
}

/** After a call that failed alone, and opened no breaker, nobody else would tell the store. */
function createSettling({ timed, line, arrears, clock }: Pick<Parts, 'line' | 'arrears'> & { readonly timed: Pick<CounterStore, 'take' | 'giveBack'>; readonly clock: Clock }): () => void {
  let waiting = false;
  return () => {
    if (waiting || arrears.size === 0) return;
    waiting = true;
    clock.after(settleAfterMs, () => {
      waiting = false;
      // A store that is away is told when it returns.
      if (!line.isAway()) arrears.settle(timed).catch(() => undefined);
    }, true);
  };
}

/** The verbs of a store that may never answer. */
function inTime(store: CounterStore, { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number }): { take(charges: readonly CounterCharge[]): Promise<CounterVerdict>; giveBack(charges: readonly CounterCharge[]): Promise<void> } {
  const onLate = (): Error => new StoreError(`counters: no answer within ${deadlineMs} ms`);
  return {
    take: async (charges) => withDeadline(Promise.resolve(store.take(charges)), { clock, deadlineMs, onLate }),
    giveBack: async (charges) => withDeadline(Promise.resolve(store.giveBack(charges)), { clock, deadlineMs, onLate }),
  };
}

interface Asked {
  readonly charges: readonly CounterCharge[];
  readonly ask: () => CounterVerdict | Promise<CounterVerdict>;
  readonly learn: (verdict: CounterVerdict) => CounterVerdict;
  readonly here: (charges: readonly CounterCharge[]) => CounterVerdict;
}

/** What the store says, or else this process. No async function: a store that answers at once keeps its speed. */
function orHere({ charges, ask, learn, here }: Asked): CounterVerdict | Promise<CounterVerdict> {
  const instead = (error: unknown): CounterVerdict => {
    if (charges.some(({ rule }) => rule.onStoreFailure === 'deny')) throw error;
    return here(charges);
  };
  let answer: CounterVerdict | Promise<CounterVerdict>;
  try {
    answer = ask();
  } catch (error) {
    return instead(error);
  }
  return isThenable(answer) ? answer.then(learn, instead) : learn(answer);
}

/** A store that lies is a broken one. */
function asked(charges: readonly CounterCharge[], answer: CounterVerdict | Promise<CounterVerdict>): CounterVerdict | Promise<CounterVerdict> {
  return isThenable(answer) ? Promise.resolve(answer).then((verdict) => checked(charges, verdict)) : checked(charges, answer);
}

function checked(charges: readonly CounterCharge[], verdict: unknown): CounterVerdict {
  if (!isVerdict(verdict, charges)) throw new StoreError('counters: the store answered nonsense');
  return verdict;
}
