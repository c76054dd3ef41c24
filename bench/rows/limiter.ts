import { MemoryStore, type Options } from 'express-rate-limit';
import { memoryStore } from 'portcullis';
import { createLimiter } from 'portcullis/limiter';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { costOf, interleave, randomBelow, shuffled } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 15;
const decisions = 1_000_000;
/** Enough for every decision to be a pass: a refusal is other work on each side. */
const limit = 1_000;
const windowMs = 60_000;

const order = shuffled(Array.from({ length: 10_000 }, (_, index) => index), randomBelow(1));
/** As requests bring them: the same text in ever new strings, each in one piece (what is joined or cut is slower to look up). */
const copies = 10;
const addresses = asReceived(order.map((index) => `203.0.${index >> 8}.${index & 255}`));
const accounts = asReceived(order.map((index) => `user-${index}@example.test`));

function asReceived(keys: readonly string[]): readonly string[] {
  const json = JSON.stringify(keys);
  return Array.from({ length: copies }, () => JSON.parse(json) as string[]).flat();
}

/**
 * Makes so many decisions and answers how many passed. Each contender awaits its own call in a loop of its own: one more
 * async function around every call would add as much to each as the bare Map needs.
 */
type Decisions = (count: number) => Promise<number>;

function oursOne(): Decisions {
  const limiter = createLimiter({ name: 'bench', rules: { address: { limit, windowMs } }, store: memoryStore() });
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) if ((await limiter.take({ address: addresses[turn % addresses.length] })).ok) passed += 1;
    return passed;
  };
}

function oursTwo(): Decisions {
  const limiter = createLimiter({ name: 'bench', rules: { address: { limit, windowMs }, account: { limit, windowMs } }, store: memoryStore() });
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const at = turn % addresses.length;
      if ((await limiter.take({ address: addresses[at], account: accounts[at] })).ok) passed += 1;
    }
    return passed;
  };
}

function erlStore(): MemoryStore {
  const store = new MemoryStore();
  store.init({ windowMs } as Options);
  return store;
}

function erlOne(): Decisions {
  const store = erlStore();
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) if ((await store.increment(addresses[turn % addresses.length] ?? '')).totalHits <= limit) passed += 1;
    return passed;
  };
}

function erlTwo(): Decisions {
  const [byAddress, byAccount] = [erlStore(), erlStore()];
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const at = turn % addresses.length;
      const address = await byAddress.increment(addresses[at] ?? '');
      const account = await byAccount.increment(accounts[at] ?? '');
      if (address.totalHits <= limit && account.totalHits <= limit) passed += 1;
    }
    return passed;
  };
}

function rlfOne(): Decisions {
  const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 });
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) if ((await limiter.consume(addresses[turn % addresses.length] ?? '')).consumedPoints <= limit) passed += 1;
    return passed;
  };
}

/** What a counter costs that is bounded by nothing, forgets nothing and reads no clock: the yardstick. */
function mapOne(): Decisions {
  const counts = new Map<string, { hits: number }>();
  const increment = async (key: string): Promise<boolean> => {
    const known = counts.get(key);
    if (known === undefined) {
      counts.set(key, { hits: 1 });
      return true;
    }
    known.hits += 1;
    return known.hits <= limit;
  };
  return async (count) => {
    let passed = 0;
    for (let turn = 0; turn < count; turn += 1) if (await increment(addresses[turn % addresses.length] ?? '')) passed += 1;
    return passed;
  };
}

const contenders = { oursOne, oursTwo, erlOne, erlTwo, rlfOne, mapOne };
type Contender = keyof typeof contenders;

interface Pace {
  readonly perSecond: number;
  readonly cpuNs: number;
}

/** Runs in a child: compiled code and heap of one contender meet no other's. */
export async function paceOf(name: Contender): Promise<Pace> {
  const passedOf = contenders[name]();
  await passedOf(decisions / 5);
  let passed = 0;
  const { wallMs, cpuUs } = await costOf(async () => {
    passed = await passedOf(decisions);
  });
  if (passed !== decisions) throw new Error(`expected ${decisions} passes, got ${passed}`);
  return { perSecond: (decisions * 1_000) / wallMs, cpuNs: (cpuUs * 1_000) / decisions };
}

async function run(): Promise<readonly BenchRow[]> {
  const names = Object.keys(contenders) as Contender[];
  const turns = Object.fromEntries(names.map((name) => [name, () => inChild(import.meta.url, paceOf, name)])) as Record<Contender, () => Promise<Pace>>;
  const measured = await interleave(turns, { rounds });
  const pace = (name: Contender): readonly number[] => measured[name].map(({ perSecond }) => perSecond);
  const cpu = (name: Contender): readonly number[] => measured[name].map(({ cpuNs }) => cpuNs);
  const one = { subject: 'decisions by one rule, 10k keys', unit: '/s', values: pace('oursOne') };
  return [
    rowOf({ ...one, id: 'limiter-one-rule-vs-erl', peer: { name: 'express-rate-limit MemoryStore', values: pace('erlOne') }, goal: { atLeast: 1, of: 'ratio' } }),
    rowOf({ ...one, id: 'limiter-one-rule-vs-rlf', peer: { name: 'rate-limiter-flexible RateLimiterMemory', values: pace('rlfOne') }, goal: { atLeast: 3, of: 'ratio' } }),
    rowOf({ ...one, id: 'limiter-one-rule-vs-map', peer: { name: 'an unbounded async Map without a clock', values: pace('mapOne') } }),
    rowOf({
      id: 'limiter-two-rules-vs-erl',
      subject: 'decisions by two rules in one step, 10k keys each',
      unit: '/s',
      values: pace('oursTwo'),
      peer: { name: 'two increments of express-rate-limit MemoryStore', values: pace('erlTwo') },
      goal: { atLeast: 1.2, of: 'ratio' },
    }),
    rowOf({ id: 'limiter-one-rule-cpu', subject: 'CPU of a decision by one rule', unit: 'ns', values: cpu('oursOne'), peer: { name: 'express-rate-limit MemoryStore', values: cpu('erlOne') } }),
    rowOf({ id: 'limiter-two-rules-cpu', subject: 'CPU of a decision by two rules', unit: 'ns', values: cpu('oursTwo'), peer: { name: 'two increments of express-rate-limit MemoryStore', values: cpu('erlTwo') } }),
  ];
}

export const bench: Bench = {
  id: 'limiter',
  title: 'Limiter in memory',
  rows: ['limiter-one-rule-vs-erl', 'limiter-one-rule-vs-rlf', 'limiter-one-rule-vs-map', 'limiter-two-rules-vs-erl', 'limiter-one-rule-cpu', 'limiter-two-rules-cpu'],
  method:
    'Each turn is a fresh process that makes a million decisions, one awaited after the other, over the same 10,000 keys in the same order, after 200,000 that are not counted. ' +
    'Keys come as ten strings of their own each, as requests bring them. ' +
    'All pass. Ours is `take()` of createLimiter over memoryStore, the peers are `increment()` of the store and `consume()` of the limiter. ' +
    // Of the two peers, "increments" is the verb of express-rate-limit's store, and the faster one: two rules are compared with two of those.
    'Two rules are one `take()` of two keys against two `increment()`s, which are not atomic together. The Map has no bound, no expiry of keys and no clock. ' +
    'Each loop awaits the call itself, with no function of ours around it.',
  run,
};
