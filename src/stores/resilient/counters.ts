import { systemClock } from '../../kernel/clock.ts';
import { roundingMs } from '../../kernel/counting.ts';
import { isThenable } from '../../kernel/deadline.ts';
import { callback, integer, port, readOptions } from '../../kernel/options.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import { memoryCounters } from '../memory/counters.ts';
import { createArrears, type Arrears } from './arrears.ts';
import { createLine, type StoreLine } from './line.ts';
import type { StoreHealth } from './outage.ts';
import { createReminder, type Reminder } from './reminder.ts';
import { createShadow, type Shadow } from './shadow.ts';
import { checkedVerdict, timedStore, type TimedStore } from './timed.ts';

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

/** Its name is no limiter's: theirs hold no space. */
const probeCharge: CounterCharge = Object.freeze({ rule: Object.freeze({ name: 'portcullis probe', intervalMs: 1, burst: 1_000 }), key: 'probe', cost: 1 });

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
  const arrears = createArrears({ clock, onLost: () => { reminder.forgotten(); } });
  const timed = timedStore(store, { clock, deadlineMs });
  const line: StoreLine = createLine({
    store: 'counters', clock, emit, deadlineMs,
    probe: () => timed.take([probeCharge]),
    async catchUp() {
      await reminder.look();
      return arrears.settle(timed);
    },
  });
  const reminder = createReminder({ timed, line, shadow, clock });
  const settling = createSettling({ timed, line, arrears, clock });
  return Object.freeze({
    shared: store.shared,
    inTime: true,
    ...verbsOf({ store, line, shadow, arrears, reminder, settleSoon: settling.soon }),
    health: () => line.health(),
    close() {
      line.close();
      settling.close();
    },
  } satisfies ResilientCounters);
}

interface Parts {
  readonly store: CounterStore;
  readonly line: StoreLine;
  readonly shadow: Shadow;
  readonly arrears: Arrears;
  readonly reminder: Reminder;
  readonly settleSoon: () => void;
}

function verbsOf({ store, line, shadow, arrears, reminder, settleSoon }: Parts): Pick<CounterStore, 'take' | 'peek' | 'giveBack' | 'clear'> {
  const takeHere = (charges: readonly CounterCharge[]): CounterVerdict => {
    const verdict = shadow.take(charges);
    if (verdict.allowed) arrears.charged(charges);
    settleSoon();
    return verdict;
  };

  const take: CounterStore['take'] = (charges) => orHere(charges, takeHere, () => line.ask(() => store.take(charges), (answer) => {
    const verdict = checkedVerdict(charges, answer);
    shadow.learn(charges, verdict, arrears.owed);
    return arrears.size === 0 ? verdict : withDebts(charges, verdict, arrears.owed);
  }));

  /**
   * Whether it was sent, answered or not: what may have been given back is not given back again, or whoever makes answers late would
   * have units for nothing. What was not sent is told later, so that whoever was right is not short of an attempt.
   */
  async function isSent(question: () => void | Promise<void>): Promise<boolean> {
    let sent = false;
    try {
      await line.ask(() => {
        sent = true;
        return question();
      }, nothing);
    } catch {
      // The line tells of it.
    }
    return sent;
  }

  return {
    take(charges) {
      const reminded = reminder.before(charges);
      return reminded === undefined ? take(charges) : reminded.then(() => take(charges), (error: unknown) => insteadOf(error, charges, takeHere));
    },
    peek: (charges) => orHere(charges, (all) => shadow.peek(all), () => line.ask(() => store.peek(charges), (answer) => checkedVerdict(charges, answer))),
    async giveBack(charges) {
      const takenHere = shadow.giveBack(charges);
      // What was taken here and is not settled yet, the store has never heard of; of what was lost it never will.
      if (takenHere && !arrears.knows(charges)) return;
      if (!(takenHere && arrears.owes(charges)) && (await isSent(() => store.giveBack(charges)))) return;
      arrears.givenBack(charges);
      settleSoon();
    },
    async clear(rule, key) {
      shadow.clear(rule, key);
      arrears.forget(rule, key);
      await line.ask(() => store.clear(rule, key), nothing);
    },
  };
}

/**
 * The store's verdict together with what it has not heard of yet: else whoever makes every other call fail is let through by both. What
 * the store charged for a refusal stays with it.
 */
function withDebts(charges: readonly CounterCharge[], { allowed, aheadMs }: CounterVerdict, owed: Arrears['owed']): CounterVerdict {
  const wholeMs = charges.map((charge, at) => (aheadMs[at] as number) + Math.max(0, owed(charge)) * charge.rule.intervalMs);
  const isWithin = ({ rule }: CounterCharge, at: number): boolean => (wholeMs[at] as number) <= rule.burst * rule.intervalMs + roundingMs(rule) || wholeMs[at] === aheadMs[at];
  return { allowed: allowed && charges.every(isWithin), aheadMs: wholeMs };
}

const nothing = (): void => undefined;

/** After a call that failed alone, and opened no breaker, nobody else would tell the store. */
function createSettling({ timed, line, arrears, clock }: Pick<Parts, 'line' | 'arrears'> & { readonly timed: TimedStore; readonly clock: Clock }): { readonly soon: () => void; readonly close: () => void } {
  let cancel: (() => void) | undefined;
  let closed = false;

  function soon(): void {
    if (cancel !== undefined || closed || arrears.size === 0) return;
    cancel = clock.after(settleAfterMs, () => {
      cancel = undefined;
      // A store that is away is told when it returns. What it is not told would count here for ever.
      if (!line.isAway()) arrears.settle(timed).catch(soon);
    }, true);
  }

  return {
    soon,
    close() {
      closed = true;
      cancel?.();
    },
  };
}

type Here = (charges: readonly CounterCharge[]) => CounterVerdict;

/** What the store says, or else this process. No async function: a store that answers at once keeps its speed. */
function orHere(charges: readonly CounterCharge[], here: Here, ask: () => CounterVerdict | Promise<CounterVerdict>): CounterVerdict | Promise<CounterVerdict> {
  try {
    const answer = ask();
    return isThenable(answer) ? answer.catch((error: unknown) => insteadOf(error, charges, here)) : answer;
  } catch (error) {
    return insteadOf(error, charges, here);
  }
}

/** Decides here, but for a rule that is not to be had without the store. */
function insteadOf(error: unknown, charges: readonly CounterCharge[], here: Here): CounterVerdict {
  if (charges.some(({ rule }) => rule.onStoreFailure === 'deny')) throw error;
  return here(charges);
}
