import { pwnedPassword } from 'hibp';
import { commonList, createBreachLookup, rangeService } from 'portcullis/breach';
import { startRangeServer } from 'portcullis/testing';
import { openChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { costOf, interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 15;
const concurrency = 50;
/** Each in a range of its own, and no more of them than the server keeps rendered: it must not be what is measured. */
const passwords = Array.from({ length: 1_000 }, (_, index) => `a password of the bench ${index}`);
/** Rounds of an uncached turn and of a cached one over all passwords. */
const uncachedPasses = 1;
const cachedPasses = 50;
/** Also the most that one request may take. */
const budgetMs = 5_000;

/** Runs in a child: the range server, on its own core where there are two. Every password is known, as often as its place tells. */
export async function serveRanges(known: readonly string[]) {
  const { url } = await startRangeServer({ passwords: known.map((password, index) => [password, index + 1] as const), record: false });
  return { url: () => url };
}

type CountOf = (password: string) => Promise<number>;

/** Lookups per second of so many callers at once. Throws where a count is not the right one. */
async function lookupsPerSecond(countOf: CountOf, passes: number): Promise<number> {
  let next = 0;
  const total = passwords.length * passes;
  const caller = async (): Promise<void> => {
    while (next < total) {
      const index = next++ % passwords.length;
      const count = await countOf(passwords[index] ?? '');
      if (count !== index + 1) throw new Error(`expected the count ${index + 1}, got ${count}`);
    }
  };
  const { wallMs } = await costOf(() => Promise.all(Array.from({ length: concurrency }, caller)));
  return (total * 1_000) / wallMs;
}

/** The lookup as an app makes it: the embedded list, then the service. */
function ours(baseUrl: string, cacheMaxBytes: number): CountOf {
  const service = rangeService({ baseUrl, dangerouslyAllowHttp: true, cacheMaxBytes });
  const lookup = createBreachLookup({ sources: [commonList(), service] });
  return async (password) => {
    const verdict = await lookup.check({ password, budgetMs });
    return verdict.verdict === 'breached' ? verdict.count : NaN;
  };
}

async function run(): Promise<readonly BenchRow[]> {
  const server = await openChild(import.meta.url, serveRanges, passwords);
  try {
    const baseUrl = await server.call('url');
    // The smallest cache there is holds four ranges, of a thousand that come in turn: nothing is found in it.
    const uncached = ours(baseUrl, 100_000);
    const cached = ours(baseUrl, 64 * 1024 * 1024);
    const peer: CountOf = (password) => pwnedPassword(password, { baseUrl, addPadding: true });
    // One after the other, so that the server has rendered every range before fifty ask at once.
    for (const password of passwords) await peer(password);
    const measured = await interleave(
      {
        uncached: () => lookupsPerSecond(uncached, uncachedPasses),
        peer: () => lookupsPerSecond(peer, uncachedPasses),
        cached: () => lookupsPerSecond(cached, cachedPasses),
      },
      { rounds },
    );
    return [
      rowOf({
        id: 'breach-uncached',
        subject: `uncached lookups, ${concurrency} at once`,
        unit: '/s',
        values: measured.uncached,
        peer: { name: 'hibp', values: measured.peer },
        goal: { atLeast: 8, of: 'ratio' },
      }),
      rowOf({ id: 'breach-cached', subject: `cached lookups, ${concurrency} at once`, unit: '/s', values: measured.cached, goal: { atLeast: 50_000, of: 'value' } }),
    ];
  } finally {
    await server.close();
  }
}

export const bench: Bench = {
  id: 'breach',
  title: 'Breach lookups against a range server on this machine',
  rows: ['breach-uncached', 'breach-cached'],
  method:
    'The range server of portcullis/testing runs in another process and sends padded ranges of about 2,000 rows. Both sides ask for the same 1,000 passwords, each of another ' +
    'range, over plain HTTP, and every count is checked. Ours is the whole lookup of an app (embedded list, then range service) with a cache too small to help; ' +
    'hibp has no cache. The cached row is the same lookup with room for all ranges, after one round that fills it.',
  run,
};
