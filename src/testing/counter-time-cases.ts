import { deepEqual, equal, ok } from 'node:assert/strict';
import { atOnce } from './contract.ts';
import { charge, countOf, hourMs, near, ruleOf, spent, takeInTurn, type CounterCase, type CounterSubject } from './counter-cases.ts';

const dayMs = 24 * hourMs;

/** How many of `tries` charges pass now, and when. */
async function rush(subject: CounterSubject, tries: number, key: string): Promise<{ readonly passed: number; readonly fromMs: number; readonly toMs: number }> {
  const fromMs = subject.nowMs();
  const passed = countOf(await takeInTurn(subject, tries, [charge(edgeRule, key)]));
  return { passed, fromMs, toMs: subject.nowMs() };
}

/** Ten in 400 ms. */
const edgeRule = ruleOf(10, { intervalMs: 40 });
const edgeWindowMs = 400;

/** Time that passes, long and short, and time that is set back. */
export const counterTimeCases: readonly CounterCase[] = [
  {
    name: 'brings one unit back every interval, also of a window below a second',
    async try(subject) {
      const rule = ruleOf(2, { intervalMs: 250 });
      equal((await subject.store.take([charge(rule, 'a', 2)])).allowed, true);
      await subject.letTimePass(250);
      equal((await subject.store.take([charge(rule, 'a')])).allowed, true);
      await subject.letTimePass(500);
      equal((await subject.store.take([charge(rule, 'a', 2)])).allowed, true);
    },
  },
  {
    name: 'lets no more through in a window of 100 ms than burst and time allow',
    async try(subject) {
      const rule = ruleOf(5, { intervalMs: 20 });
      const fromMs = subject.nowMs();
      const answers = await atOnce(50, async () => (await subject.store.take([charge(rule, 'a')])).allowed);
      const mostly = 5 + (subject.nowMs() - fromMs) / rule.intervalMs;
      ok(countOf(answers) >= 5 && countOf(answers) <= mostly, `${countOf(answers)} of 50 passed where ${mostly} may`);
      await subject.letTimePass(100);
      equal((await subject.store.take([charge(rule, 'a', 5)])).allowed, true);
    },
  },
  {
    name: 'never lets twice the burst through around the edge of a window',
    async try(subject) {
      for (const phase of [0, 1, 2, 3, 4]) {
        const key = `phase-${phase}`;
        await subject.letTimePass((phase * edgeWindowMs) / 5);
        await rush(subject, 1, key);
        await subject.letTimePass(0.85 * edgeWindowMs);
        const before = await rush(subject, 12, key);
        await subject.letTimePass(0.25 * edgeWindowMs);
        const after = await rush(subject, 12, key);
        const mostly = edgeRule.burst + (after.toMs - before.fromMs) / edgeRule.intervalMs;
        ok(before.passed + after.passed <= mostly, `${before.passed} and ${after.passed} passed where ${mostly} may`);
      }
    },
  },
  {
    name: 'does not make a key wait longer because it is refused again and again',
    async try(subject) {
      const charges = [charge(ruleOf(1, { intervalMs: 1_000 }), 'a')];
      await subject.store.take(charges);
      await takeInTurn(subject, 20, charges);
      await subject.letTimePass(1_000);
      equal((await subject.store.take(charges)).allowed, true);
    },
  },
  {
    name: 'adds up fractional intervals without losing a unit of the burst or granting one more',
    async try(subject) {
      for (const parts of [7, 11, 13]) {
        const rule = ruleOf(30, { name: `contract/parts-${parts}`, intervalMs: hourMs / parts });
        deepEqual(await takeInTurn(subject, 32, [charge(rule, 'a')]), [...new Array<boolean>(30).fill(true), false, false]);
      }
    },
  },
  ...[90, 400].map((days): CounterCase => ({
    name: `keeps a spent key spent in a window of ${days} days`,
    async try(subject) {
      const rule = ruleOf(3, { intervalMs: (days * dayMs) / 3 });
      await subject.store.take([charge(rule, 'a', 3)]);
      await subject.letTimePass(1_500);
      const refused = await subject.store.take([charge(rule, 'a')]);
      equal(refused.allowed, false);
      near(refused.aheadMs[0], days * dayMs);
    },
  })),
  ...[90, 400].map((days): CounterCase => ({
    name: `counts single units exactly when the whole burst takes ${days} days to come back`,
    async try(subject) {
      const rule = ruleOf((days * dayMs) / 1_000, { intervalMs: 1_000 });
      await subject.store.take([charge(rule, 'a', rule.burst)]);
      const fromMs = subject.nowMs();
      await subject.letTimePass(1_000);
      const passed = countOf(await takeInTurn(subject, 3, [charge(rule, 'a')]));
      ok(passed >= 1 && passed <= 1 + (subject.nowMs() - fromMs) / 1_000, `${passed} passed`);
      near((await subject.store.peek([charge(rule, 'a')])).aheadMs[0], days * dayMs);
    },
  })),
  {
    name: 'gives nothing away when the clock is set back, and holds nobody for longer either',
    async try(subject) {
      const [hourly, quick] = [ruleOf(2, { name: 'contract/hourly' }), ruleOf(1, { name: 'contract/quick', intervalMs: 800 })];
      await subject.store.take([charge(hourly, 'a', 2), charge(quick, 'a')]);
      await subject.setClockBack(10 * hourMs);
      equal((await subject.store.take([charge(hourly, 'a')])).allowed, false);
      await spent(subject, hourly, 'a', 2);
      await subject.letTimePass(1_000);
      equal((await subject.store.take([charge(quick, 'a')])).allowed, true);
    },
  },
];
