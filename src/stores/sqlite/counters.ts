import { canPay } from '../../kernel/counting.ts';
import { oncePer } from '../../kernel/once-per.ts';
import { storedKey } from '../../kernel/stored-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterRule, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';
import type { Emit } from '../../ports/events.ts';
import type { Connection } from './connection.ts';
import { createCounterPlaces, placeOf, type CounterPlaces, type Place, type Standing } from './counter-places.ts';
import { createCounterRows, type CounterRows } from './counter-rows.ts';
import { createState, type State } from './state.ts';
import type { StoreTime } from './time.ts';
import type { Turns } from './turns.ts';

const overflowEventEveryMs = 60_000;

export interface CounterOptions {
  readonly connection: Connection;
  readonly turns: Turns;
  readonly time: StoreTime;
  readonly clock: Clock;
  readonly maxKeys: number;
  readonly emit: Emit;
}

/** Counters that all processes of one file share. */
export function sqliteCounters({ connection, turns, time, clock, maxKeys, emit }: CounterOptions): CounterStore {
  const rows = createCounterRows(connection);
  const state = createState(connection, time);
  const places = createCounterPlaces({ rows, maxKeys });
  // Charges that the shared row paid. Its units must not come from keys that meanwhile lost their row.
  const overflowed = new WeakSet<CounterCharge>();
  const parts: TakeParts = { connection, rows, state, places, tell: overflowTeller({ overflowed, clock, emit }) };

  return {
    shared: true,
    take(charges) {
      const wanted = charges.map(placeOf);
      return turns.write(() => take(parts, wanted));
    },
    peek(charges) {
      const wanted = charges.map(placeOf);
      return turns.read(() => peek(parts, wanted).verdict);
    },
    giveBack(charges) {
      const wanted = charges.map(placeOf);
      return turns.write(() => {
        connection.transaction(() => {
          const nowMs = state.keptNowMs();
          for (const place of wanted) giveBack({ rows, place, nowMs, shared: overflowed.has(place.charge) });
        });
        for (const { charge } of wanted) overflowed.delete(charge);
      });
    },
    clear(rule, key) {
      const wanted = { ruleName: storedKey(rule.name), key: storedKey(key) };
      return turns.write(() => {
        clear(parts, wanted);
      });
    },
  };
}

interface TakeParts {
  readonly connection: Connection;
  readonly rows: CounterRows;
  readonly state: State;
  readonly places: CounterPlaces;
  /** Hears of charges that the shared row decided. */
  readonly tell: (rule: CounterRule, paid: CounterCharge | undefined) => void;
}

interface Look {
  readonly verdict: CounterVerdict;
  readonly standings: readonly Standing[];
}

function peek({ places, state }: TakeParts, wanted: readonly Place[]): Look {
  const nowMs = state.nowMs();
  const standings = wanted.map((place) => places.look(place, nowMs));
  const aheadMs = standings.map(({ fullAt }) => Math.max(0, fullAt - nowMs));
  return { verdict: { allowed: wanted.every((place, at) => canPay(place, aheadMs[at] as number)), aheadMs }, standings };
}

/** Looks first: a refusal writes nothing, and so it needs no lock. */
function take(parts: TakeParts, wanted: readonly Place[]): CounterVerdict {
  const { connection, rows, tell } = parts;
  const look = peek(parts, wanted);
  const decide = (): Look => {
    for (const { ruleName } of wanted) rows.makeRule(ruleName);
    return connection.transaction(() => spend(parts, wanted), ({ verdict }) => verdict.allowed);
  };
  const { verdict, standings } = look.verdict.allowed ? decide() : look;
  for (const [at, { rule, charge }] of wanted.entries()) if (standings[at]?.where === 'overflow') tell(rule, verdict.allowed ? charge : undefined);
  return verdict;
}

/** Charges one after the other; where one cannot pay, the transaction is undone. */
function spend({ rows, state, places }: TakeParts, wanted: readonly Place[]): Look {
  const nowMs = state.keptNowMs();
  const standings: Standing[] = [];
  const before: number[] = [];
  const after: number[] = [];
  let allowed = true;
  for (const place of wanted) {
    const rule = rows.ruleOf(place.ruleName) as number;
    const standing = places.claim(rule, place, nowMs);
    const aheadMs = Math.max(0, standing.fullAt - nowMs);
    const spentMs = aheadMs + place.cost * place.rule.intervalMs;
    standings.push(standing);
    before.push(aheadMs);
    after.push(spentMs);
    if (!canPay(place, aheadMs)) allowed = false;
    else if (standing.where === 'overflow') rows.setOverflow(rule, nowMs + spentMs);
    else rows.set(rule, { key: place.key, fullAt: nowMs + spentMs });
  }
  return { verdict: { allowed, aheadMs: allowed ? after : before }, standings };
}

interface Refund {
  readonly rows: CounterRows;
  readonly place: Place;
  readonly nowMs: number;
  readonly shared: boolean;
}

function giveBack({ rows, place, nowMs, shared }: Refund): void {
  const rule = rows.ruleOf(place.ruleName);
  if (rule === undefined) return;
  const ms = place.cost * place.rule.intervalMs;
  if (shared) rows.setOverflow(rule, Math.max(rows.rule(rule).overflowFullAt - ms, nowMs));
  else rows.giveBack(rule, place.key, { ms, nowMs });
}

function clear({ connection, rows }: TakeParts, { ruleName, key }: { readonly ruleName: string; readonly key: string }): void {
  const rule = rows.ruleOf(ruleName);
  if (rule === undefined) return;
  connection.transaction(() => {
    if (rows.remove(rule, key)) rows.resize(rule, -1);
  });
}

function overflowTeller({ overflowed, clock, emit }: { readonly overflowed: WeakSet<CounterCharge>; readonly clock: Clock; readonly emit: Emit }): TakeParts['tell'] {
  const mayTell = oncePer(overflowEventEveryMs, clock);
  return (rule, paid) => {
    if (paid !== undefined) overflowed.add(paid);
    if (mayTell(rule.name)) emit({ type: 'limiter.overflow', rule: rule.name });
  };
}
