import { offerAtOnce } from '../kernel/at-once.ts';
import { systemClock } from '../kernel/clock.ts';
import { isVerdict } from '../kernel/counting.ts';
import { ConfigError, StoreError } from '../kernel/errors.ts';
import { callback, integer, oneOf, port, readOptions, text, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { CounterCharge, CounterStore, CounterVerdict } from '../ports/counter-store.ts';
import type { Emit, EventSubject } from '../ports/events.ts';
import { chargesFor, knownRule } from './charges.ts';
import { refusalOf, ruleName, standingsOf, type LimiterDecision, type LimiterPass, type RuleStanding } from './decision.ts';
import { headersOf, type HeaderForm } from './headers.ts';
import { ruleNamed, rulesOption, rulesOf, type LimitRule } from './rules.ts';
import { createStoreCalls, type StoreCalls } from './store-calls.ts';

export interface LimiterOptions<Name extends string> {
  /** Names the limiter in events and in the store: 1 to 64 letters, digits, `.`, `-`, `_`. Two limiters on one store need two names. */
  readonly name: string;
  readonly rules: Readonly<Record<Name, LimitRule>>;
  readonly store: CounterStore;
  /** `observe` lets everything through and only reports what `enforce` would have refused. Default `enforce`. */
  readonly mode?: 'observe' | 'enforce';
  /** Which RateLimit header fields `headers()` writes. Default `none`; keep it so on sign-in routes. */
  readonly headers?: HeaderForm;
  /** The store's time for one decision, ms. Default 50. Slow counts as down. A store by `resilientCounters` keeps its own time. */
  readonly storeDeadlineMs?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** Who a request counts against: for each rule that applies, the key. A rule without a key does not count. */
export type LimiterKeys<Name extends string> = { readonly [N in Name]?: string | undefined };

export interface LimiterCharge {
  /** Whole units to charge to each key; at most the burst of each rule. Default 1. */
  readonly cost?: number;
  /** Who the event of a refusal is about. */
  readonly about?: EventSubject;
}

/** `take` for who can go on at once: throws what `take` rejects with. */
export type TakeAtOnce<Name extends string> = (keys: LimiterKeys<Name>) => LimiterDecision | Promise<LimiterDecision>;

export interface Limiter<Name extends string = string> {
  /** Charges every key in one atomic step, or none. Rejects with ERR_STORE; TypeError or RangeError for a call that is wrong. */
  take(keys: LimiterKeys<Name>, charge?: LimiterCharge): Promise<LimiterDecision>;
  /** Gives back what one pass took. A second call for the same pass does nothing. Rejects with ERR_STORE. */
  refund(pass: LimiterPass): Promise<void>;
  /** What `take` would decide in `enforce` mode; charges and reports nothing. */
  peek(keys: LimiterKeys<Name>, charge?: LimiterCharge): Promise<LimiterDecision>;
  /** Forgets one key of one rule, for an operator's hand. */
  clear(rule: Name, key: string): Promise<void>;
  /** Where each key of a decision stands, in the order of the keys. */
  standings(decision: LimiterDecision): readonly RuleStanding[];
  /** The RateLimit header fields of a decision, in the form that `headers` names. */
  headers(decision: LimiterDecision): Readonly<Record<string, string>>;
}

/** The defaults of {@link createLimiter}. The deadline: a local Redis answers within 1 ms, so 50 ms is down. */
export const limiterDefaults = Object.freeze({ mode: 'enforce', headers: 'none', storeDeadlineMs: 50 });

const nameOption: OptionReader<string> = (given, name) => {
  const value = text()(given, name);
  // A slash would let two limiters mean one table.
  if (!/^[\w.-]{1,64}$/.test(value)) throw new ConfigError(`${name}: expected 1 to 64 letters, digits, ".", "-" or "_"`);
  return value;
};

/**
 * Makes a limiter: several rates over several keys, decided in one atomic step (GCRA). Charge before you look at the
 * password and refund when it was right, so that a thousand parallel guesses gain nothing (OWASP ASVS 5.0 6.3.1,
 * 15.4.2). Throws ERR_CONFIG.
 */
export function createLimiter<Name extends string>(options: LimiterOptions<Name>): Limiter<Name> {
  const parsed = readOptions('limiter', options, {
    name: nameOption,
    rules: rulesOption,
    store: port<CounterStore>(['take', 'giveBack', 'peek', 'clear']),
    mode: oneOf(['observe', 'enforce'], limiterDefaults.mode as 'enforce'),
    headers: oneOf<HeaderForm>(['none', 'draft-11', 'draft-7'], limiterDefaults.headers as 'none'),
    storeDeadlineMs: integer({ min: 1, max: 10_000, fallback: limiterDefaults.storeDeadlineMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const { name, store, headers, clock, emit } = parsed;
  const rules = rulesOf(name, parsed.rules);
  const calls = createStoreCalls({ clock, deadlineMs: parsed.storeDeadlineMs, emit, watched: store.inTime === true });
  const { decide, decideLater } = createDecide({ name, enforced: parsed.mode === 'enforce', emit, calls });
  // By the list of charges, which a copy of the pass shares.
  const refunded = new WeakSet<readonly CounterCharge[]>();

  const takeAtOnce: TakeAtOnce<Name> = (keys) => {
    const charges = chargesFor(rules, keys, 1);
    const answer = calls.now(store, charges);
    return isVerdict(answer, charges) ? decide(charges, answer, undefined) : decideLater(charges, answer, undefined);
  };

  const limiter = {
    // No async function: of an answer that is there already, each costs half as much as the store itself.
    take(keys: LimiterKeys<Name>, { cost = 1, about }: LimiterCharge = noCharge) {
      try {
        const charges = chargesFor(rules, keys, cost);
        const answer = calls.now(store, charges);
        return isVerdict(answer, charges) ? Promise.resolve(decide(charges, answer, about)) : decideLater(charges, answer, about);
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new TypeError('limiter: something threw without an Error', { cause: error }));
      }
    },
    async refund(pass: LimiterPass) {
      if (!isCharged(pass) || refunded.has(pass.charges)) return;
      if (pass.charges.some((charge) => ruleNamed(rules, ruleName(charge)) !== charge.rule)) throw new TypeError('limiter: this pass is another limiter\'s');
      refunded.add(pass.charges);
      await calls.ask(() => store.giveBack(pass.charges));
    },
    async peek(keys: LimiterKeys<Name>, { cost = 1 }: LimiterCharge = noCharge) {
      const charges = chargesFor(rules, keys, cost);
      const verdict = await calls.ask(async () => {
        const answer = await store.peek(charges);
        if (!isVerdict(answer, charges)) throw nonsense();
        return answer;
      });
      return verdict.allowed ? { ok: true, charged: false, observed: undefined, charges, verdict } : refusalOf(charges, verdict);
    },
    async clear(rule: Name, key: string) {
      const known = knownRule(rules, rule);
      await calls.ask(() => store.clear(known, key));
    },
    standings: standingsOf,
    headers: (decision: LimiterDecision) => headersOf(headers, rules, decision),
  } satisfies Limiter<Name>;
  return Object.freeze(offerAtOnce(limiter, takeAtOnce));
}

interface Decide {
  readonly decide: (charges: readonly CounterCharge[], verdict: CounterVerdict, about: EventSubject | undefined) => LimiterDecision;
  /** The same for what is no verdict yet: the promise of one, or nonsense. */
  readonly decideLater: (charges: readonly CounterCharge[], answer: unknown, about: EventSubject | undefined) => Promise<LimiterDecision>;
}

function createDecide({ name, enforced, emit, calls }: { readonly name: string; readonly enforced: boolean; readonly emit: Emit; readonly calls: StoreCalls }): Decide {
  const decide: Decide['decide'] = (charges, verdict, about) => {
    if (verdict.allowed) return { ok: true, charged: true, observed: undefined, charges, verdict };
    const refusal = refusalOf(charges, verdict);
    const { rule, retryAfterMs } = refusal;
    emit({ type: 'limiter.refused', limiter: name, rule, enforced, retryAfterMs: Math.ceil(retryAfterMs), ...about });
    return enforced ? refusal : { ok: true, charged: false, observed: rule, charges, verdict };
  };

  return {
    decide,
    async decideLater(charges, answer, about) {
      const verdict = await calls.ask(() => answer);
      if (isVerdict(verdict, charges)) return decide(charges, verdict, about);
      throw calls.broken(nonsense());
    },
  };
}

const noCharge: LimiterCharge = Object.freeze({});

function nonsense(): StoreError {
  return new StoreError('limiter: the counter store answered nonsense');
}

/** Also where no type checker looked: a refusal took nothing that could be given back. */
function isCharged(decision: LimiterDecision): decision is LimiterPass {
  return decision.ok && decision.charged;
}
