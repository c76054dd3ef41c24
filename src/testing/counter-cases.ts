import { deepEqual, equal, ok } from 'node:assert/strict';
import type { CounterCharge, CounterRule, CounterStore } from '../ports/counter-store.ts';
import type { StoreCase, StoreUnderTest } from './contract.ts';

export type CounterSubject = StoreUnderTest<CounterStore>;
export type CounterCase = StoreCase<CounterStore>;

export const hourMs = 3_600_000;
/** How much time a slow store may need for one case, where hours are measured. */
const leaveMs = 60_000;

/** A rule that gives nothing back while a case runs, unless the case says otherwise. */
export function ruleOf(burst: number, rest: Partial<CounterRule> = {}): CounterRule {
  return { name: 'contract/rule', intervalMs: hourMs, burst, ...rest };
}

export function charge(rule: CounterRule, key: string, cost = 1): CounterCharge {
  return { rule, key, cost };
}

/** Whether one charge after the other was allowed. */
export async function takeInTurn({ store }: CounterSubject, count: number, charges: readonly CounterCharge[]): Promise<readonly boolean[]> {
  const answers: boolean[] = [];
  for (let turn = 0; turn < count; turn += 1) answers.push((await store.take(charges)).allowed);
  return answers;
}

export function countOf(answers: readonly boolean[]): number {
  return answers.filter(Boolean).length;
}

/** That a key is `units` of an hourly rule away from its burst. */
export async function spent({ store }: CounterSubject, rule: CounterRule, key: string, units: number): Promise<void> {
  const { aheadMs } = await store.peek([charge(rule, key)]);
  near(aheadMs[0], units * rule.intervalMs);
}

export function near(actual: number | undefined, expectedMs: number): void {
  ok(actual !== undefined && actual <= expectedMs + 1 && actual >= Math.max(0, expectedMs - leaveMs), `expected about ${expectedMs} ms ahead, got ${actual ?? 'nothing'}`);
}

/** What each verb does, one call after the other. */
export const counterVerbCases: readonly CounterCase[] = [
  {
    name: 'lets a key spend its burst at once and then no more',
    async try(subject) {
      deepEqual(await takeInTurn(subject, 5, [charge(ruleOf(3), 'a')]), [true, true, true, false, false]);
    },
  },
  {
    name: 'says how far a key is from its whole burst: with the charge where it was allowed, as it stood where not',
    async try({ store }) {
      const charges = [charge(ruleOf(2), 'a')];
      for (const [allowed, units] of [[true, 1], [true, 2], [false, 2]] as const) {
        const verdict = await store.take(charges);
        equal(verdict.allowed, allowed);
        equal(verdict.aheadMs.length, 1);
        near(verdict.aheadMs[0], units * hourMs);
      }
    },
  },
  {
    name: 'charges as many units as the cost says',
    async try(subject) {
      const rule = ruleOf(10);
      deepEqual(await takeInTurn(subject, 3, [charge(rule, 'a', 4)]), [true, true, false]);
      deepEqual(await takeInTurn(subject, 2, [charge(rule, 'a', 2)]), [true, false]);
      deepEqual(await takeInTurn(subject, 2, [charge(rule, 'b', 10)]), [true, false]);
    },
  },
  {
    name: 'answers a peek as it would a take, and charges nothing for it',
    async try(subject) {
      const charges = [charge(ruleOf(2), 'a', 2)];
      for (let turn = 0; turn < 5; turn += 1) deepEqual(await subject.store.peek(charges), { allowed: true, aheadMs: [0] });
      equal((await subject.store.take(charges)).allowed, true);
      equal((await subject.store.peek(charges)).allowed, false);
      await spent(subject, ruleOf(2), 'a', 2);
    },
  },
  {
    name: 'gives units back, and never more than the burst',
    async try(subject) {
      const charges = [charge(ruleOf(3), 'a')];
      await takeInTurn(subject, 3, charges);
      await subject.store.giveBack(charges);
      equal(countOf(await takeInTurn(subject, 3, charges)), 1);
      for (let turn = 0; turn < 20; turn += 1) await subject.store.giveBack(charges);
      await subject.store.giveBack([charge(ruleOf(3), 'a', 3)]);
      equal(countOf(await takeInTurn(subject, 6, charges)), 3);
    },
  },
  {
    name: 'gives a key that never spent anything no credit',
    async try(subject) {
      const charges = [charge(ruleOf(2), 'never-seen', 2)];
      await subject.store.giveBack(charges);
      deepEqual(await subject.store.peek(charges), { allowed: true, aheadMs: [0] });
      equal(countOf(await takeInTurn(subject, 4, [charge(ruleOf(2), 'never-seen')])), 2);
    },
  },
  {
    name: 'clears one key of one rule and nothing else',
    async try(subject) {
      const [one, other] = [ruleOf(1), ruleOf(1, { name: 'contract/other' })];
      await subject.store.take([charge(one, 'a'), charge(one, 'b'), charge(other, 'a')]);
      await subject.store.clear(one, 'a');
      await subject.store.clear(one, 'never-seen');
      equal((await subject.store.peek([charge(one, 'a')])).allowed, true);
      equal((await subject.store.peek([charge(one, 'b')])).allowed, false);
      equal((await subject.store.peek([charge(other, 'a')])).allowed, false);
    },
  },
  {
    name: 'knows a rule by its name, whichever object brings it, and keeps none of the objects it is given',
    async try(subject) {
      const rule = { ...ruleOf(2) };
      const charges = [{ rule, key: 'a', cost: 1 }];
      const first = await subject.store.take(charges);
      const seen = { ...first, aheadMs: [...first.aheadMs] };
      Object.assign(charges[0] as object, { key: 'b', cost: 2 });
      charges.length = 0;
      await spent(subject, ruleOf(2), 'a', 1);
      await spent(subject, ruleOf(2), 'b', 0);
      equal((await subject.store.take(Object.freeze([Object.freeze(charge(Object.freeze(ruleOf(2)), 'a'))]))).allowed, true);
      equal((await subject.store.take([charge(ruleOf(2), 'a')])).allowed, false);
      deepEqual(first, seen, 'an answer that was given must not change any more');
    },
  },
];

/** Several keys in one step. */
export const counterAtomicCases: readonly CounterCase[] = [
  {
    name: 'charges all keys of a call or none of them',
    async try(subject) {
      const [narrow, wide] = [ruleOf(1, { name: 'contract/narrow' }), ruleOf(9, { name: 'contract/wide' })];
      const both = [charge(wide, 'a'), charge(narrow, 'b'), charge(wide, 'c')];
      const first = await subject.store.take(both);
      equal(first.allowed, true);
      for (const ms of first.aheadMs) near(ms, hourMs);
      const refused = await subject.store.take(both);
      equal(refused.allowed, false);
      equal(refused.aheadMs.length, 3);
      for (const ms of refused.aheadMs) near(ms, hourMs);
      for (const [rule, key] of [[wide, 'a'], [narrow, 'b'], [wide, 'c']] as const) await spent(subject, rule, key, 1);
    },
  },
  {
    name: 'leaves the other keys alone whichever of eight refuses',
    async try(subject) {
      const rules = Array.from({ length: 8 }, (_, index) => ruleOf(2, { name: `contract/rule-${index}` }));
      for (const blocked of rules) {
        const key = blocked.name;
        await subject.store.take([charge(blocked, key, 2)]);
        equal((await subject.store.take(rules.map((rule) => charge(rule, key)))).allowed, false);
        for (const rule of rules) await spent(subject, rule, key, rule === blocked ? 2 : 0);
      }
    },
  },
  {
    name: 'peeks at several keys, gives back to several keys',
    async try(subject) {
      const [one, two] = [ruleOf(3, { name: 'contract/one' }), ruleOf(5, { name: 'contract/two' })];
      const both = [charge(one, 'a', 2), charge(two, 'a', 4)];
      await subject.store.take(both);
      const verdict = await subject.store.peek(both);
      equal(verdict.allowed, false);
      near(verdict.aheadMs[0], 2 * hourMs);
      near(verdict.aheadMs[1], 4 * hourMs);
      await subject.store.giveBack(both);
      equal((await subject.store.peek(both)).allowed, true);
      await spent(subject, one, 'a', 0);
      await spent(subject, two, 'a', 0);
    },
  },
];
