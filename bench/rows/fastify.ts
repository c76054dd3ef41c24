import { openChild, type Child } from '../child.ts';
import type { BenchServer } from '../bench-server.ts';
import { startFastifyServer, type FastifyServerInput } from '../fastify-servers.ts';
import { rowOf, type RowFacts, type RowGoal } from '../measure.ts';
import { interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';
import { addedBy, costsPerRequest, greet, swaps, type RouteCosts } from '../server-cost.ts';

/** Servers are started anew so often: two processes of one program do not compile alike. */
const generations = 4;
const roundsEach = 5;
const requests = 32_000;
const connections = 32;

const goal: RowGoal = { atMost: 3, of: 'value' };

const servers = {
  'control': { guard: 'none', denies: false },
  'ours allowed': { guard: 'ours', denies: false },
  'ours denied': { guard: 'ours', denies: true },
  'frl allowed': { guard: 'frl', denies: false },
  'frl denied': { guard: 'frl', denies: true },
  'incident': { guard: 'incident', denies: false },
} as const satisfies Readonly<Record<string, FastifyServerInput>>;

type ServerName = keyof typeof servers;
type Costs = Readonly<Record<ServerName, readonly RouteCosts[]>>;

const names = Object.keys(servers) as ServerName[];

async function oneGeneration(seed: number): Promise<Costs> {
  const children: Child<BenchServer>[] = [];
  try {
    const turns = {} as Record<ServerName, () => Promise<RouteCosts>>;
    for (const name of names) {
      const child = await openChild(new URL('../fastify-servers.ts', import.meta.url).href, startFastifyServer, servers[name]);
      children.push(child);
      await greet(child, connections);
      turns[name] = () => costsPerRequest({ child, expected: servers[name].denies ? 429 : 200, connections, requests });
    }
    return await interleave(turns, { rounds: roundsEach, warmUps: 2, seed });
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

async function run(): Promise<readonly BenchRow[]> {
  const costs = Object.fromEntries(names.map((name) => [name, [] as RouteCosts[]])) as Record<ServerName, RouteCosts[]>;
  for (let generation = 1; generation <= generations; generation += 1) {
    const measured = await oneGeneration(generation);
    for (const name of names) costs[name].push(...measured[name]);
  }
  const more = (name: ServerName): readonly number[] => addedBy(costs[name]);
  const row = (id: string, subject: string, name: ServerName): RowFacts => ({ id, subject, unit: 'us', values: more(name) });
  const frl = (name: ServerName): NonNullable<RowFacts['peer']> => ({ name: '@fastify/rate-limit', values: more(name) });
  return [
    rowOf({ id: 'fastify-bare', subject: 'server CPU per request of a trivial route, nothing before it', unit: 'us', values: costs.control.map(({ bare }) => bare) }),
    rowOf(row('fastify-control', 'a second bare app adds (A/A)', 'control')),
    rowOf({ ...row('fastify-allowed', 'limitRequests adds, request allowed', 'ours allowed'), peer: frl('frl allowed'), goal }),
    rowOf({ ...row('fastify-denied', 'limitRequests adds, request denied', 'ours denied'), peer: frl('frl denied'), goal }),
    rowOf(row('fastify-frl-allowed', '@fastify/rate-limit adds, allowed', 'frl allowed')),
    rowOf(row('fastify-frl-denied', '@fastify/rate-limit adds, denied', 'frl denied')),
    rowOf({ ...row('fastify-guards-off', 'the guards of read-only mode and of epochs add, nothing switched on and nothing ended', 'incident'), goal }),
  ];
}

export const bench: Bench = {
  id: 'fastify',
  title: 'The limiter and the guards before a Fastify 5 route',
  rows: ['fastify-bare', 'fastify-control', 'fastify-allowed', 'fastify-denied', 'fastify-frl-allowed', 'fastify-frl-denied', 'fastify-guards-off'],
  method:
    `Each server is a process of its own and reports its own CPU (user and system, all threads). ${connections} keep-alive connections from as many loopback addresses ` +
    `send ${requests.toLocaleString('en-GB')} requests a turn to each of its two apps, one with nothing before its route, from another process that never sleeps meanwhile, in ${swaps} parts that take turns; ${generations} generations of fresh servers, ${roundsEach} rounds each. ` +
    'A row is the server\'s CPU per request less that of the bare app of the same process in the same round. Every limiter counts in memory, by address, in onRequest. The guards: ' +
    'readOnlyGuard, and a preHandler that asks epochs.checkNow for a session of a member of an organization.',
  run,
};
