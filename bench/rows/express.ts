import { openChild, type Child } from '../child.ts';
import type { BenchServer } from '../bench-server.ts';
import { startServer, type ServerInput } from '../express-servers.ts';
import { rowOf, type RowFacts, type RowGoal } from '../measure.ts';
import { interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';
import { addedBy, costsPerRequest, greet, swaps, type RouteCosts } from '../server-cost.ts';

/** Servers are started anew so often: two processes of one program do not compile alike. */
const generations = 4;
const roundsEach = 5;
const requests = 32_000;
const connections = 32;

const goal: RowGoal = { atMost: 8, of: 'value' };

const servers = {
  'control': { guard: 'none', denies: false },
  'ours allowed': { guard: 'ours', denies: false },
  'ours denied': { guard: 'ours', denies: true },
  'ours headers': { guard: 'ours-headers', denies: false },
  'erl allowed': { guard: 'erl', denies: false },
  'erl denied': { guard: 'erl', denies: true },
  'erl no headers': { guard: 'erl-no-headers', denies: false },
  'rlf allowed': { guard: 'rlf', denies: false },
  'rlf denied': { guard: 'rlf', denies: true },
} as const satisfies Readonly<Record<string, ServerInput>>;

type ServerName = keyof typeof servers;
type Costs = Readonly<Record<ServerName, readonly RouteCosts[]>>;

const names = Object.keys(servers) as ServerName[];

/** CPU per request of both apps of every server, in microseconds, by round. */
async function measure(): Promise<Costs> {
  const costs = Object.fromEntries(names.map((name) => [name, [] as RouteCosts[]])) as Record<ServerName, RouteCosts[]>;
  for (let generation = 1; generation <= generations; generation += 1) {
    const measured = await oneGeneration(generation);
    for (const name of names) costs[name].push(...measured[name]);
  }
  return costs;
}

async function oneGeneration(seed: number): Promise<Costs> {
  const children: Child<BenchServer>[] = [];
  try {
    const turns = {} as Record<ServerName, () => Promise<RouteCosts>>;
    for (const name of names) {
      const child = await openChild(new URL('../express-servers.ts', import.meta.url).href, startServer, servers[name]);
      children.push(child);
      const expected = servers[name].denies ? 429 : 200;
      await greet(child, connections);
      turns[name] = () => costsPerRequest({ child, expected, connections, requests });
    }
    return await interleave(turns, { rounds: roundsEach, warmUps: 2, seed });
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

function rowsOf(costs: Costs): readonly BenchRow[] {
  const more = (name: ServerName): readonly number[] => addedBy(costs[name]);
  const row = (id: string, subject: string, name: ServerName): RowFacts => ({ id, subject, unit: 'us', values: more(name) });
  const erl = (name: ServerName): NonNullable<RowFacts['peer']> => ({ name: 'express-rate-limit, draft-8 headers', values: more(name) });
  return [
    rowOf({ id: 'express-bare', subject: 'server CPU per request of a trivial route, nothing before it', unit: 'us', values: costs.control.map(({ bare }) => bare) }),
    rowOf(row('express-control', 'a second bare app adds (A/A)', 'control')),
    rowOf({ ...row('express-allowed', 'limitRequests adds, request allowed', 'ours allowed'), peer: erl('erl allowed'), goal }),
    rowOf({ ...row('express-denied', 'limitRequests adds, request denied', 'ours denied'), peer: erl('erl denied'), goal }),
    rowOf({ ...row('express-allowed-headers', 'limitRequests with draft-11 headers adds, allowed', 'ours headers'), peer: erl('erl allowed') }),
    rowOf(row('express-erl-allowed', 'express-rate-limit with draft-8 headers adds, allowed', 'erl allowed')),
    rowOf(row('express-erl-denied', 'express-rate-limit with draft-8 headers adds, denied', 'erl denied')),
    rowOf(row('express-erl-allowed-plain', 'express-rate-limit without headers adds, allowed', 'erl no headers')),
    rowOf(row('express-rlf-allowed', 'the middleware of the rate-limiter-flexible wiki adds, allowed', 'rlf allowed')),
    rowOf(row('express-rlf-denied', 'the middleware of the rate-limiter-flexible wiki adds, denied', 'rlf denied')),
  ];
}

export const bench: Bench = {
  id: 'express',
  title: 'The limiter before an Express 5 route',
  rows: [
    'express-bare',
    'express-control',
    'express-allowed',
    'express-denied',
    'express-allowed-headers',
    'express-erl-allowed',
    'express-erl-denied',
    'express-erl-allowed-plain',
    'express-rlf-allowed',
    'express-rlf-denied',
  ],
  method:
    `Each server is a process of its own and reports its own CPU (user and system, all threads). ${connections} keep-alive connections from as many loopback addresses ` +
    `send ${requests.toLocaleString('en-GB')} requests a turn to each of its two apps, one with nothing before its route, from another process that never sleeps meanwhile, in ${swaps} parts that take turns; ${generations} generations of fresh servers, ${roundsEach} rounds each. ` +
    'A row is the server\'s CPU per request less that of the bare app of the same process in the same round. Every limiter counts in memory, by address. ' +
    'A refusal is answered in the place of the route, so that it may well cost less than nothing.',
  run: async () => rowsOf(await measure()),
};
