import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryStore } from 'portcullis';
import { createLimiter } from 'portcullis/limiter';
import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 9;
const floodKeys = 1_000_000;
/** Decisions in one turn of the event loop: what a busy server reads from its sockets at once. */
const perTurn = 100;
const hourMs = 3_600_000;
const limit = 5;

interface Flood {
  /** heapUsed and external, after a collection, that the flood left behind. */
  readonly grownMb: number;
  readonly rssMb: number;
  readonly longestTurnMs: number;
  /** How often a key that had used up its limit before the flood passed after it. */
  readonly passedAfter: number;
}

type Decide = (key: string) => Promise<boolean>;

function ours(): Decide {
  const limiter = createLimiter({ name: 'flood', rules: { address: { limit, windowMs: hourMs } }, store: memoryStore() });
  return async (key) => (await limiter.take({ address: key })).ok;
}

function bareMap(): Decide {
  const counts = new Map<string, { hits: number; untilMs: number }>();
  return async (key) => {
    const known = counts.get(key) ?? { hits: 0, untilMs: Date.now() + hourMs };
    counts.set(key, known);
    known.hits += 1;
    return known.hits <= limit;
  };
}

const contenders = { ours, bareMap };

async function settledMb(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 ** 2;
}

async function passesOf(decide: Decide, key: string, tries: number): Promise<number> {
  let passed = 0;
  for (let turn = 0; turn < tries; turn += 1) if (await decide(key)) passed += 1;
  return passed;
}

/** Runs in a child. */
export async function flood(name: keyof typeof contenders): Promise<Flood> {
  const decide = contenders[name]();
  const before = await settledMb();
  if ((await passesOf(decide, 'exhausted', limit)) !== limit) throw new Error('expected the first decisions to pass');
  let longestTurnMs = 0;
  for (let sent = 0; sent < floodKeys; sent += perTurn) {
    const startMs = performance.now();
    for (let at = sent; at < sent + perTurn; at += 1) await decide(`2001:db8:${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}::/64`);
    longestTurnMs = Math.max(longestTurnMs, performance.now() - startMs);
    await nextTurn();
  }
  const passedAfter = await passesOf(decide, 'exhausted', 10 * limit);
  return { grownMb: (await settledMb()) - before, rssMb: process.memoryUsage().rss / 1024 ** 2, longestTurnMs, passedAfter };
}

async function run(): Promise<readonly BenchRow[]> {
  const measured = await interleave(
    { ours: () => inChild(import.meta.url, flood, 'ours' as const), bareMap: () => inChild(import.meta.url, flood, 'bareMap' as const) },
    { rounds },
  );
  const values = (name: keyof typeof contenders, of: keyof Flood): readonly number[] => measured[name].map((round) => round[of]);
  const peer = (of: keyof Flood) => ({ name: 'a bare Map', values: values('bareMap', of) });
  return [
    rowOf({ id: 'flood-memory', subject: 'heap and external memory that a million fresh keys leave', unit: 'MB', values: values('ours', 'grownMb'), peer: peer('grownMb'), goal: { atMost: 64, of: 'value' } }),
    rowOf({ id: 'flood-rss', subject: 'resident memory after it', unit: 'MB', values: values('ours', 'rssMb'), peer: peer('rssMb') }),
    rowOf({ id: 'flood-stall', subject: `longest turn of the event loop in it (${perTurn} decisions)`, unit: 'ms', values: values('ours', 'longestTurnMs'), peer: peer('longestTurnMs'), goal: { atMost: 1, of: 'ratio' } }),
    rowOf({ id: 'flood-exhausted', subject: 'passes of an exhausted key after it', unit: 'passes', values: values('ours', 'passedAfter'), goal: { atMost: 0, of: 'value' } }),
  ];
}

export const bench: Bench = {
  id: 'flood',
  title: 'A flood of a million fresh keys',
  rows: ['flood-memory', 'flood-rss', 'flood-stall', 'flood-exhausted'],
  method:
    'Each turn is a fresh process. One key uses up its 5 an hour, then a million keys come once each, 100 in a turn of the event loop, then the first key tries 50 times. ' +
    'Ours is `take()` of createLimiter over memoryStore with its default bound of 100,000 keys; the Map keeps a counter for every key.',
  run,
};
