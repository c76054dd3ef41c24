import { systemClock } from '../kernel/clock.ts';
import { callback, integer, oneOf, port, readOptions, text } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import { standingOf, type CounterStanding } from '../kernel/counting.ts';
import type { CounterCharge, CounterStore, CounterVerdict } from '../ports/counter-store.ts';
import type { Emit } from '../ports/events.ts';
import { headersOf, type HeaderForm } from './headers.ts';
import { createStoreCalls } from './store-calls.ts';
import { rulesOption, type LimitRule, type ParsedRule, type ParsedRules } from './rules.ts';

export interface LimiterOptions<Name extends string> {
  /** Names the limiter in events and in the store. Two limiters on one store need two names. */
  readonly name: string;
  readonly rules: Readonly<Record<Name, LimitRule>>;
  readonly store: CounterStore;
  /** `observe` lets everything through and only reports what `enforce` would have refused. Default `enforce`. */
  readonly mode?: 'observe' | 'enforce';
  /** Which RateLimit header fields `headers()` writes. Default `none`; keep it so on sign-in routes. */
  readonly headers?: HeaderForm;
  /** The store's time for one decision, ms. Default 50. Slow counts as down. */
  readonly storeDeadlineMs?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** Who a request counts against: for each rule that applies, the key. */
export type LimiterKeys<Name extends string> = { readonly [N in Name]?: string };

/** A charge that was made. Hand it to `refund` when the attempt turned out to be right. */
export interface LimiterPass {
  readonly ok: true;
  /** The rule that would have refused, in `observe` mode; else undefined. Nothing was charged then. */
  readonly observed: string | undefined;
  readonly charges: readonly CounterCharge[];
  readonly verdict: CounterVerdict;
}

export interface LimiterRefusal {
  readonly ok: false;
  /** The rule that refuses for the longest time. For logs: telling it to a client tells an attacker. */
  readonly rule: string;
  readonly retryAfterMs: number;
  readonly charges: readonly CounterCharge[];
  readonly verdict: CounterVerdict;
}

/** Where the key of one rule stands. */
export interface RuleStanding extends CounterStanding {
  readonly rule: string;
}

export type LimiterDecision = LimiterPass | LimiterRefusal;

export interface Limiter<Name extends string = string> {
  /** Charges `cost` units (default 1) to every key in one atomic step, or to none. Rejects with ERR_STORE. */
  take(keys: LimiterKeys<Name>, cost?: number): Promise<LimiterDecision>;
  /** Gives back what one pass took. A second call for the same pass does nothing. */
  refund(pass: LimiterPass): Promise<void>;
  /** What `take` would decide; charges and reports nothing. */
  peek(keys: LimiterKeys<Name>, cost?: number): Promise<LimiterDecision>;
  /** Forgets one key of one rule, for an operator's hand. */
  clear(rule: Name, key: string): Promise<void>;
  /** Where each key of a decision stands, in the order of the keys. */
  standings(decision: LimiterDecision): readonly RuleStanding[];
  /** The RateLimit header fields of a decision, in the form that `headers` names. */
  headers(decision: LimiterDecision): Readonly<Record<string, string>>;
}

/** The defaults of {@link createLimiter}. The deadline: a local Redis answers within 1 ms, so 50 ms is down. */
export const limiterDefaults = Object.freeze({ mode: 'enforce', headers: 'none', storeDeadlineMs: 50 });

/**
 * Makes a limiter: several rates over several keys, decided in one atomic step (GCRA). Charge before you look at the
 * password and refund when it was right, so that a thousand parallel guesses gain nothing (OWASP ASVS 5.0 6.3.1,
 * 15.4.2). Throws ERR_CONFIG.
 */
export function createLimiter<Name extends string>(options: LimiterOptions<Name>): Limiter<Name> {
  const { name, rules, store, mode, headers, storeDeadlineMs, clock, emit } = readOptions('limiter', options, {
    name: text(),
    rules: rulesOption(options.name),
    store: port<CounterStore>(['take', 'giveBack', 'peek', 'clear']),
    mode: oneOf(['observe', 'enforce'], limiterDefaults.mode as 'enforce'),
    headers: oneOf<HeaderForm>(['none', 'draft-11', 'draft-7'], limiterDefaults.headers as 'none'),
    storeDeadlineMs: integer({ min: 1, max: 10_000, fallback: limiterDefaults.storeDeadlineMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const refunded = new WeakSet<LimiterPass>();

  const { inTime, broken, ask } = createStoreCalls({ clock, deadlineMs: storeDeadlineMs, emit });

  async function take(keys: LimiterKeys<Name>, cost = 1): Promise<LimiterDecision> {
    const charges = chargesFor(rules, keys, cost);
    let verdict: CounterVerdict;
    try {
      const answer = store.take(charges);
      verdict = answer instanceof Promise ? await inTime(answer) : answer;
    } catch (cause) {
      throw broken(cause);
    }
    if (verdict.allowed) return { ok: true, observed: undefined, charges, verdict };
    const refusal = refusalOf(charges, verdict);
    const enforced = mode === 'enforce';
    emit({ type: 'limiter.refused', limiter: name, rule: refusal.rule, enforced, retryAfterMs: refusal.retryAfterMs });
    return enforced ? refusal : { ok: true, observed: refusal.rule, charges: [], verdict };
  }

  return Object.freeze({
    take,
    async refund(pass: LimiterPass) {
      if (refunded.has(pass) || pass.charges.length === 0) return;
      refunded.add(pass);
      await ask(() => store.giveBack(pass.charges));
    },
    async peek(keys: LimiterKeys<Name>, cost = 1) {
      const charges = chargesFor(rules, keys, cost);
      const verdict = await ask(() => store.peek(charges));
      return verdict.allowed ? { ok: true, observed: undefined, charges: [], verdict } : refusalOf(charges, verdict);
    },
    async clear(rule: Name, key: string) {
      await ask(() => store.clear(knownRule(rules, rule).counter, key));
    },
    standings: standingsOf,
    headers: (decision: LimiterDecision) => headersOf(headers, rules, standingsOf(decision)),
  } satisfies Limiter<Name>);
}

function knownRule(rules: ParsedRules, name: string): ParsedRule {
  const known = rules.get(name);
  if (known === undefined) throw new TypeError(`limiter: there is no rule "${name}"`);
  return known;
}

function chargesFor(rules: ParsedRules, keys: Readonly<Record<string, string | undefined>>, cost: number): readonly CounterCharge[] {
  let charges: CounterCharge[] | undefined;
  for (const name in keys) {
    const key = keys[name];
    if (key === undefined) continue;
    const rule = knownRule(rules, name).counter;
    if (!(cost >= 1 && cost <= rule.burst)) throw new RangeError(`limiter: a cost of ${cost} can never pass the burst of ${rule.burst} of "${name}"`);
    // Not `[]` and `push`: the first push makes room for seventeen.
    if (charges === undefined) charges = [{ rule, key, cost }];
    else charges.push({ rule, key, cost });
  }
  // A decision about nobody would let everybody through.
  if (charges === undefined) throw new TypeError('limiter: expected a key for at least one rule');
  return charges;
}

function refusalOf(charges: readonly CounterCharge[], verdict: CounterVerdict): LimiterRefusal {
  let rule = '';
  let retryAfterMs = 0;
  for (const [at, charge] of charges.entries()) {
    const standing = standingAt(charge, verdict, at);
    if (standing.retryAfterMs <= retryAfterMs) continue;
    ({ retryAfterMs } = standing);
    rule = ruleName(charge);
  }
  return { ok: false, rule, retryAfterMs, charges, verdict };
}

function standingAt(charge: CounterCharge, { allowed, aheadMs }: CounterVerdict, at: number): CounterStanding {
  return standingOf(charge, { allowed, aheadMs: aheadMs[at] ?? 0 });
}

/** The store knows a rule as `limiter/rule`. */
function ruleName({ rule }: CounterCharge): string {
  return rule.name.slice(rule.name.indexOf('/') + 1);
}

function standingsOf({ charges, verdict }: LimiterDecision): readonly RuleStanding[] {
  return charges.map((charge, at) => ({ rule: ruleName(charge), ...standingAt(charge, verdict, at) }));
}
