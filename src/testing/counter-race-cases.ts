import { equal, ok } from 'node:assert/strict';
import { atOnce, hostileKeys } from './contract.ts';
import { charge, countOf, ruleOf, spent, takeInTurn, type CounterCase } from './counter-cases.ts';

/** Fifty calls at the same moment. */
export const counterRaceCases: readonly CounterCase[] = [
  {
    name: 'lets exactly the burst through when fifty charges arrive at the same moment',
    async try({ store }) {
      const answers = await atOnce(50, async () => (await store.take([charge(ruleOf(7), 'a')])).allowed);
      equal(countOf(answers), 7);
    },
  },
  {
    name: 'charges both keys equally often when fifty charges of two keys arrive at the same moment',
    async try(subject) {
      const [wide, narrow] = [ruleOf(40, { name: 'contract/wide' }), ruleOf(6, { name: 'contract/narrow' })];
      // Half of them name the keys the other way round, where locks taken in that order would wait for each other.
      const both = [charge(wide, 'a'), charge(narrow, 'a')];
      const answers = await atOnce(50, async (index) => (await subject.store.take(index % 2 === 0 ? both : both.toReversed())).allowed);
      equal(countOf(answers), 6);
      await spent(subject, wide, 'a', 6);
      await spent(subject, narrow, 'a', 6);
    },
  },
  {
    name: 'loses no charge of fifty keys that come at the same moment under one common key',
    async try(subject) {
      const [common, own] = [ruleOf(100, { name: 'contract/common' }), ruleOf(1, { name: 'contract/own' })];
      const answers = await atOnce(50, async (index) => (await subject.store.take([charge(common, 'all'), charge(own, `key-${index}`)])).allowed);
      equal(countOf(answers), 50);
      await spent(subject, common, 'all', 50);
    },
  },
  {
    name: 'gives back exactly what fifty refunds at the same moment bring, never above the burst',
    async try(subject) {
      const rule = ruleOf(30);
      await subject.store.take([charge(rule, 'a', 30)]);
      await atOnce(20, () => subject.store.giveBack([charge(rule, 'a')]));
      await spent(subject, rule, 'a', 10);
      await atOnce(50, () => subject.store.giveBack([charge(rule, 'a')]));
      await spent(subject, rule, 'a', 0);
      equal(countOf(await takeInTurn(subject, 35, [charge(rule, 'a')])), 30);
    },
  },
  {
    name: 'keeps count when charges and refunds of one key arrive mixed',
    async try(subject) {
      const rule = ruleOf(200);
      await subject.store.take([charge(rule, 'a', 100)]);
      await atOnce(50, async (index) => {
        if (index % 2 === 0) await subject.store.take([charge(rule, 'a', 2)]);
        else await subject.store.giveBack([charge(rule, 'a')]);
      });
      await spent(subject, rule, 'a', 125);
    },
  },
];

/** Keys and names that people and attackers think of. */
export const counterKeyCases: readonly CounterCase[] = [
  {
    name: 'keeps hostile keys apart: __proto__, NUL, lone surrogates, a megabyte',
    async try(subject) {
      const rule = ruleOf(1);
      for (const key of hostileKeys) {
        const [first, second] = await takeInTurn(subject, 2, [charge(rule, key)]);
        ok(first === true && second === false, `the key ${label(key)} is not counted on its own`);
      }
      for (const key of hostileKeys) await subject.store.giveBack([charge(rule, key)]);
      for (const key of hostileKeys) await spent(subject, rule, key, 0);
      equal(({} as Record<string, unknown>)['aheadMs'], undefined, 'the prototype of all objects was written to');
    },
  },
  {
    name: 'clears a hostile key and only that one',
    async try(subject) {
      const rule = ruleOf(1);
      for (const key of hostileKeys) await subject.store.take([charge(rule, key)]);
      const [cleared = '', ...others] = hostileKeys.toReversed();
      await subject.store.clear(rule, cleared);
      await spent(subject, rule, cleared, 0);
      for (const key of others) await spent(subject, rule, key, 1);
    },
  },
  {
    name: 'never mixes up keys whose rule and key read the same when joined',
    async try(subject) {
      for (const mark of [':', '/', '|', '\0', ' ', '_', '-', '.']) {
        const pairs = [[`contract/r`, `a${mark}b`], [`contract/r${mark}a`, 'b'], [`contract/r${mark}a${mark}b`, ''], [`contract/r`, `a${mark}b${mark}`]] as const;
        const distinct = pairs.map(([name, key]) => charge(ruleOf(1, { name }), key));
        for (const each of distinct) equal((await subject.store.take([each])).allowed, true, `mixed up at ${label(mark)}`);
        for (const each of distinct) equal((await subject.store.take([each])).allowed, false);
      }
    },
  },
];

function label(key: string): string {
  return key.length > 40 ? `of ${key.length} characters` : JSON.stringify(key);
}
