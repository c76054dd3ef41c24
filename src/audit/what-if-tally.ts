import type { ObservedDecision, Where, WhatIfAttempt, WhatIfOutcome, WhatIfVerdict } from './what-if-attempts.ts';
import { count, createTop, noCounts, type MutableCounts, type WhatIfCounts } from './what-if-top.ts';

/** A rule of a limiter, or a reason of the login guard. */
export interface WhatIfRule {
  readonly guard: 'limiter' | 'login-guard';
  /** The limiter's name. */
  readonly limiter?: string;
  readonly reason: string;
  readonly verdict: WhatIfVerdict;
  /** Decisions that were only observed, and those that were carried out. */
  readonly observed: number;
  readonly enforced: number;
  /** The attempts to sign in among those observed. One with several reasons is counted at each. */
  readonly signIns: WhatIfCounts;
}

/** One day, UTC. */
export interface WhatIfDay {
  readonly day: string;
  /** All attempts to sign in, decided on or not. */
  readonly signIns: WhatIfCounts;
  readonly refuse: WhatIfCounts;
  readonly stepUp: WhatIfCounts;
}

/** Somebody who got in and would have been asked for more, or turned away. */
export interface EnteredAttempt {
  readonly attempt: WhatIfAttempt;
  readonly outcome: 'entered' | 'asked-anyway';
  readonly verdict: WhatIfVerdict;
}

type Mutable<T> = { -readonly [N in keyof T]: T[N] extends WhatIfCounts ? MutableCounts : T[N] };

/** Texts of a log are anybody's: more rules and days than these are counted together, or not apart. */
const maxRules = 200;
const maxDays = 4_000;

/** Counts attempts as they end. Memory is bounded. */
export function createTally({ maxEntries }: { readonly maxEntries: number }) {
  const signIns = noCounts();
  const verdicts = { refuse: noCounts(), 'step-up': noCounts() };
  const rules = createRules();
  const days = new Map<string, Mutable<WhatIfDay>>();
  const networks = createTop();
  const accounts = createTop();
  const entered: EnteredAttempt[] = [];

  function day({ time }: WhatIfAttempt): Mutable<WhatIfDay> {
    const name = days.size >= maxDays && !days.has(dayOf(time)) ? 'others' : dayOf(time);
    const made = days.get(name) ?? { day: name, signIns: noCounts(), refuse: noCounts(), stepUp: noCounts() };
    days.set(name, made);
    return made;
  }

  function judged(attempt: WhatIfAttempt, verdict: WhatIfVerdict, outcome: WhatIfOutcome): void {
    const { where, account, decisions } = attempt;
    count(verdicts[verdict], outcome);
    for (const decision of decisions) for (const reason of decision.reasons) count(rules.of(decision, reason).signIns, outcome);
    if (account !== undefined) accounts.add(account, { outcome, verdict, other: where?.key });
    if (entered.length < maxEntries && (outcome === 'entered' || outcome === 'asked-anyway')) entered.push({ attempt, outcome, verdict });
  }

  return {
    decided(decision: ObservedDecision, enforced: boolean): void {
      for (const reason of decision.reasons) rules.of(decision, reason)[enforced ? 'enforced' : 'observed'] += 1;
    },
    ended(attempt: WhatIfAttempt, outcome: WhatIfOutcome): void {
      const row = day(attempt);
      const verdict = verdictOf(attempt);
      count(signIns, outcome);
      count(row.signIns, outcome);
      const { where, account } = attempt;
      // All of them: a network is known by what else comes from it.
      if (where !== undefined) networks.add(where.key, { outcome, verdict, other: account, where });
      if (verdict === undefined) return;
      count(verdict === 'refuse' ? row.refuse : row.stepUp, outcome);
      judged(attempt, verdict, outcome);
    },
    all: () => ({
      signIns,
      verdicts,
      rules: rules.all(),
      days: [...days.values()].sort((one, other) => (one.day < other.day ? -1 : 1)),
      networks,
      accounts,
      entered,
    }),
  };
}

function createRules() {
  const rules = new Map<string, Mutable<WhatIfRule>>();

  function of({ guard, limiter, verdict }: Omit<ObservedDecision, 'reasons'>, reason: string): Mutable<WhatIfRule> {
    const key = JSON.stringify([guard, limiter, verdict, reason]);
    const known = rules.get(key);
    if (known !== undefined) return known;
    if (rules.size >= maxRules && (limiter !== undefined || reason !== 'others')) return of({ guard, verdict }, 'others');
    const made = { guard, ...(limiter !== undefined && { limiter }), reason, verdict, observed: 0, enforced: 0, signIns: noCounts() };
    rules.set(key, made);
    return made;
  }

  return { of, all: (): readonly WhatIfRule[] => [...rules.values()].sort((one, other) => other.observed + other.enforced - one.observed - one.enforced) };
}

/** Whoever is turned away is asked for nothing. */
function verdictOf({ decisions }: WhatIfAttempt): WhatIfVerdict | undefined {
  return decisions.some(({ verdict }) => verdict === 'refuse') ? 'refuse' : decisions[0]?.verdict;
}

function dayOf(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** A network as it is told: whole only where that is asked for. */
export function shownNetwork({ key, masked, exact }: Where, inFull: boolean): string {
  return inFull && exact ? key : masked;
}
