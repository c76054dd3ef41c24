import { deepEqual, equal, ok } from 'node:assert/strict';
import { slowSurgeTest, surgeTest, type SurgeTest } from '../kernel/evidence.ts';
import type { EvidenceNews, EvidenceStore } from '../ports/evidence-store.ts';
import { atOnce } from './contract.ts';
import { about, attempt, known, make, tag, type EvidenceCase, type Tried } from './evidence-cases.ts';

/** So many failures at once are more than the faster test takes for peace; and more than either does. */
const fewFailures = failuresOf(surgeTest);
const manyFailures = 1 + Math.max(fewFailures, failuresOf(slowSurgeTest));

function failuresOf({ factor, threshold }: SurgeTest): number {
  return Math.ceil(threshold / Math.log(factor));
}

function pairOf(prefix: string, each: number): Tried {
  return { source: `${prefix} ${each}`, account: `${prefix} ${each}`, password: `${prefix} ${each}` };
}

async function failures(store: EvidenceStore, count: number, prefix: string): Promise<readonly EvidenceNews[]> {
  return atOnce(count, async (each) => (await make(store, pairOf(prefix, each), 'failed')).news);
}

const told = (all: readonly EvidenceNews[], of: keyof EvidenceNews): number => all.filter((news) => news[of] !== undefined).length;

export const evidenceNewsCases: readonly EvidenceCase[] = [
  {
    name: 'tells once that strangers fail more often than before, and asks nobody for more before it knows what is usual',
    async try({ store }) {
      const all = [...(await failures(store, manyFailures, 'a')), ...(await failures(store, manyFailures, 'b'))];
      deepEqual(all.filter(({ surge }) => surge !== undefined).map(({ surge }) => surge), ['began']);
      deepEqual(all.filter(({ slowSurge }) => slowSurge !== undefined).map(({ slowSurge }) => slowSurge), ['began']);
      equal((await known(store, { source: 'new' })).surge, false);
    },
  },
  {
    name: 'takes the failures of one network at one name for one failure of the day',
    async try({ store }) {
      const all: EvidenceNews[] = [];
      for (let each = 0; each < 2 * manyFailures; each += 1) all.push((await make(store, { source: 'a', password: String(each) }, 'failed')).news);
      deepEqual([told(all, 'surge'), told(all, 'slowSurge')], [0, 0]);
    },
  },
  {
    name: 'counts no failure that is made good at the same name from the same network',
    async try({ store }) {
      const all: EvidenceNews[] = [];
      for (let each = 0; each < 2 * manyFailures; each += 1) {
        for (const as of ['failed', 'entered'] as const) all.push((await make(store, pairOf('a', each), as)).news);
      }
      deepEqual([told(all, 'surge'), told(all, 'slowSurge')], [0, 0]);
    },
  },
  {
    name: 'takes back nothing that was made good before, that others have failed, or by which nobody came in',
    async try({ store }) {
      for (const as of ['failed', 'entered'] as const) await make(store, pairOf('own', 0), as);
      const before = await failures(store, fewFailures - 4, 'a');
      for (let each = 0; each < fewFailures - 4; each += 1) {
        await make(store, pairOf('own', 0), 'entered');
        await make(store, { ...pairOf('a', each), account: 'own' }, 'entered');
        await make(store, { ...pairOf('a', each), source: 'own' }, 'entered');
        for (const as of ['held', 'refunded'] as const) await make(store, pairOf('a', each), as);
      }
      deepEqual([told(before, 'surge'), told(await failures(store, 5, 'b'), 'surge')], [0, 1]);
    },
  },
  {
    name: 'takes back no failure of a surge that is on, nor one that it made no difference to',
    async try({ store }) {
      deepEqual(told(await failures(store, fewFailures + 1, 'a'), 'surge'), 1);
      await failures(store, 2 * manyFailures, 'own');
      for (const [prefix, count] of [['a', fewFailures + 1], ['own', 2 * manyFailures]] as const) {
        const all = await atOnce(count, async (each) => (await make(store, pairOf(prefix, each), 'entered')).news);
        deepEqual([told(all, 'surge'), told(all, 'slowSurge')], [0, 0]);
      }
    },
  },
  {
    name: 'has no news of attempts that did not fail, nor of sign-ins of known browsers',
    async try({ store }) {
      const all = await atOnce(2 * manyFailures, async (each) => (await make(store, { source: String(each), account: String(each), password: String(each) }, each % 2 === 0 ? 'entered' : 'held')).news);
      const browsers = await atOnce(manyFailures, () => store.settle({ as: 'known', source: tag('source a') }));
      for (const news of [...all, ...browsers]) deepEqual(news, {});
    },
  },
];

export const evidenceRaceCases: readonly EvidenceCase[] = [
  {
    name: 'lets each of fifty attempts at the same moment see those before it',
    async try({ store }) {
      const seen = await atOnce(50, (each) => store.reserve(attempt({ source: 'a', password: String(each) })));
      for (const scores of [seen.map(({ source }) => source), seen.map(({ account }) => account)]) {
        for (const [before, score] of scores.toSorted((one, other) => one - other).entries()) about(score, before);
      }
      const { source, account } = await known(store, { source: 'a' });
      about(source, 50);
      about(account, 50);
    },
  },
  {
    name: 'loses nothing of what fifty give back at the same moment',
    async try({ store }) {
      const given = attempt({ source: 'a', password: 'one' });
      const standings = await atOnce(80, () => store.reserve(given));
      await atOnce(50, (each) => store.settle({ as: 'entered', attempt: given, charged: standings[each]?.charged ?? { source: 0, account: 0 } }));
      const { source, account } = await known(store, { source: 'a' });
      ok(Math.abs(source - 30) < 0.5 && Math.abs(account - 30) < 0.5, `expected 30, got ${source} and ${account}`);
    },
  },
  {
    name: 'counts each of fifty names at which a password fails at the same moment',
    async try({ store }) {
      await atOnce(50, (each) => make(store, { source: String(each), account: String(each), password: 'spring' }, 'failed'));
      equal((await known(store, { password: 'spring' })).password, 50);
    },
  },
  {
    name: 'forgets nobody who has earned it for three thousand networks that come once',
    async try({ store }) {
      await store.reserve(attempt({ source: 'attacker', password: 'one', weight: 60 }));
      for (let turn = 0; turn < 30; turn += 1) await atOnce(100, (each) => store.reserve(attempt({ source: `${turn} ${each}`, account: `${turn} ${each}`, password: 'one' })));
      const { source, account } = await known(store, { source: 'attacker' });
      about(source, 60);
      about(account, 1);
    },
  },
];
