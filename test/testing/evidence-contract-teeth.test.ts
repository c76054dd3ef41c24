import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EvidenceAttempt, EvidenceOutcome, EvidenceStore } from 'portcullis';
import { evidenceStoreContract, type ContractCase } from 'portcullis/testing';
import { memorySubject } from '../support/memory-subject.ts';
import { tagOf } from '../stores/redis-evidence-support.ts';

async function failing(contract: readonly ContractCase[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, run } of contract) await run().catch(() => names.push(name));
  return names;
}

type Settled = Exclude<EvidenceOutcome, { readonly as: 'known' }>;
type Mistake = (right: EvidenceStore) => Partial<EvidenceStore>;

/** A store that takes one thing that came of attempts for something else. */
const settling = (change: (outcome: Settled) => EvidenceOutcome): Mistake => (right) => ({ settle: (outcome) => right.settle(outcome.as === 'known' ? outcome : change(outcome)) });
const reserving = (change: (attempt: EvidenceAttempt) => EvidenceAttempt): Mistake => (right) => ({ reserve: (attempt) => right.reserve(change(attempt)) });

/** Tells a surge by a count of its own, that never runs over: of one that any way in lowers, or any giving back, or that is lowered by failures that it had no room for. */
function surgeBy(lowers: 'anybody' | 'refunds' | 'without-room'): Mistake {
  return (right) => {
    const failed = new Set<string>();
    let [count, on] = [0, false];
    return {
      async settle(outcome) {
        await right.settle(outcome);
        if (outcome.as === 'known') return {};
        const pair = `${outcome.attempt.source} ${outcome.attempt.account}`;
        if (outcome.as === 'failed' && !failed.has(pair)) {
          if (count < 26 || lowers === 'without-room') failed.add(pair);
          count = Math.min(26, count + 1);
        }
        const back = outcome.as === 'entered' || (outcome.as === 'refunded' && lowers === 'refunds');
        if (back && (failed.delete(pair) || lowers === 'anybody')) count = Math.max(0, count - 1);
        const was = on;
        on = count >= (on ? 5 : 18);
        return was === on ? {} : { surge: on ? 'began' : 'ended' };
      },
    };
  };
}

let numbers = 0;
const fresh = (): string => tagOf(`fresh ${(numbers += 1)}`);

const mistakes: readonly (readonly [string, Mistake, RegExp])[] = [
  ['looks first and writes later', (right) => ({
    async reserve(attempt) {
      const seen = await right.reserve({ ...attempt, weight: 0, exists: false });
      await turn();
      return { ...seen, charged: (await right.reserve(attempt)).charged };
    },
  }), /fifty attempts at the same moment/],
  ['answers what it knows after the attempt', (right) => ({
    async reserve(attempt) {
      const { charged } = await right.reserve(attempt);
      return { ...(await right.reserve({ ...attempt, weight: 0, exists: false })), charged };
    },
  }), /what was known before it/],
  ['charges accounts that nobody has', reserving((attempt) => ({ ...attempt, exists: true })), /no account where there is none/],
  ['charges all attempts alike', reserving((attempt) => ({ ...attempt, weight: 1 })), /counts an attempt when it is reserved/],
  ['takes all networks for one', reserving((attempt) => ({ ...attempt, source: tagOf('one') })), /keeps networks, and accounts, apart/],
  ['takes all names for one', reserving((attempt) => ({ ...attempt, account: tagOf('one') })), /keeps networks, and accounts, apart/],
  ['gives nothing back', settling((outcome) => (outcome.as === 'entered' ? { ...outcome, as: 'held' } : outcome)), /gives back what was charged to somebody who came in/],
  ['gives back what was held', settling((outcome) => (outcome.as === 'held' ? { ...outcome, as: 'entered' } : outcome)), /keeps what was charged to an attempt that was held/],
  ['knows no password again', reserving((attempt) => ({ ...attempt, ...(attempt.password !== undefined && { password: fresh() }) })), /wrong password that comes again/],
  ['learns passwords that were held', settling((outcome) => (outcome.as === 'held' ? { ...outcome, as: 'failed' } : outcome)), /not settled as wrong/],
  ['counts no names', (right) => ({ reserve: async (attempt) => ({ ...(await right.reserve(attempt)), password: 0 }) }), /counts the names at which a password fails/],
  ['takes every failure for one of a new network', settling((outcome) => (outcome.as === 'failed' ? { ...outcome, attempt: { ...outcome.attempt, source: fresh() } } : outcome)), /one network at one name/],
  ['never takes a failure for none', (right) => ({ settle: (outcome) => right.settle(outcome.as === 'entered' ? { ...outcome, attempt: { ...outcome.attempt, source: undefined } } : outcome) }), /counts no failure that is made good/],
  ['takes every way in for one that makes a failure good', surgeBy('anybody'), /takes back nothing that was made good before/],
  ['takes what is given back for somebody who came in', surgeBy('refunds'), /takes back nothing that was made good before/],
  ['takes back what it has not counted', surgeBy('without-room'), /no failure of a surge that is on/],
  ['gives nothing back but to who came in', settling((outcome) => (outcome.as === 'refunded' ? { ...outcome, as: 'held' } : outcome)), /or to what was no evidence/],
  ['tells its news to nobody', (right) => ({
    async settle(outcome) {
      await right.settle(outcome);
      return {};
    },
  }), /tells once/],
  ['tells its news again and again', (right) => {
    let news = {};
    return {
      async settle(outcome) {
        const now = await right.settle(outcome);
        return (news = { ...news, ...now });
      },
    };
  }, /tells once/],
  ['sees a surge before it knows what is usual', (right) => {
    let surge = false;
    return {
      async settle(outcome) {
        const news = await right.settle(outcome);
        surge ||= news.surge === 'began';
        return news;
      },
      reserve: async (attempt) => ({ ...(await right.reserve(attempt)), surge }),
    };
  }, /asks nobody for more before it knows/],
  ['has never seen a known browser', (right) => ({ reserve: async (attempt) => ({ ...(await right.reserve(attempt)), sharedSource: false }) }), /a network is shared/],
  ['makes room by forgetting all', (first) => {
    let [right, count] = [first, 0];
    return {
      reserve(attempt) {
        if ((count += 1) % 1_000 === 0) right = memorySubject().store;
        return right.reserve(attempt);
      },
    };
  }, /forgets nobody who has earned it/],
];

describe('the contract of evidence stores', () => {
  it('is kept by the memory store', async () => {
    expect(await failing(evidenceStoreContract(() => memorySubject()))).toEqual([]);
  });

  it.each(mistakes)('finds a store that %s', async (_name, wrong, expected) => {
    const names = await failing(evidenceStoreContract(() => {
      const subject = memorySubject();
      return { ...subject, store: { ...subject.store, ...wrong(subject.store) } };
    }));
    expect(names).toContainEqual(expect.stringMatching(expected));
  });

  it('names each of its cases once', () => {
    const names = evidenceStoreContract(() => memorySubject()).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
