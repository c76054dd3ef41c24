/**
 * One rate, as numbers that a store can calculate with. A key may spend `burst` units at once; from then on it gets
 * one unit back every `intervalMs` (GCRA, the generic cell rate algorithm of ITU-T I.371).
 */
export interface CounterRule {
  /** Names the table in which the keys of this rule live. Two rules never share a name. */
  readonly name: string;
  /** Milliseconds that bring one unit back. May be fractional. */
  readonly intervalMs: number;
  /** Units that can be spent at once. */
  readonly burst: number;
  /** No business of a store: what is done in its place while it is away. Default `local`. */
  readonly onStoreFailure?: 'local' | 'deny';
}

/** `cost` units of `rule`, charged to `key`. `cost` is at least 1 and at most `rule.burst`. One call names a key of a rule once. */
export interface CounterCharge {
  readonly rule: CounterRule;
  readonly key: string;
  readonly cost: number;
}

/** The answer to a charge of several keys: all were charged, or none was. */
export interface CounterVerdict {
  readonly allowed: boolean;
  /**
   * For each charge in turn, the milliseconds until its key has its whole burst again: with the charge where it was
   * allowed, as it stood where it was refused. Everything else (what remains, when to come back) follows from it.
   */
  readonly aheadMs: readonly number[];
}

/**
 * Counters that may be lost. A store holds no policy: rates and costs are arguments. It reads its own clock (a shared
 * store must: its callers' clocks differ). Every verb is one atomic act and may answer at once, because awaiting an
 * answer that is there already costs a quarter of the speed. A rejection or a throw means that the store is broken.
 */
export interface CounterStore {
  /** Whether all processes of the app count in it together. */
  readonly shared: boolean;
  /** Whether every call is answered within a deadline of the store's own, so that no other needs to be put around it. */
  readonly inTime?: boolean;
  /** Charges every key, or none when one of them lacks the units. */
  take(charges: readonly CounterCharge[]): CounterVerdict | Promise<CounterVerdict>;
  /** Gives units back. Never raises a key above its burst. */
  giveBack(charges: readonly CounterCharge[]): void | Promise<void>;
  /** What `take` would answer, charging nothing. */
  peek(charges: readonly CounterCharge[]): CounterVerdict | Promise<CounterVerdict>;
  /** Forgets one key of one rule. */
  clear(rule: CounterRule, key: string): void | Promise<void>;
}
