import type { Child } from './child.ts';
import { inOrder, type BenchApp, type BenchServer } from './bench-server.ts';
import { load } from './http-load.ts';
import { added } from './measure.ts';
import { interleave } from './rounds.ts';

const connections = 32;
/** Of a turn, to each of the two apps. */
const requests = 32_000;
/** Servers are started anew so often: two processes of one program do not compile alike. */
const generations = 4;
const roundsEach = 5;

export type RouteCosts = Readonly<Record<BenchApp, number>>;

/** So often in a turn the apps take turns: a machine that gets slower or faster meanwhile does so for both. */
const swaps = 10;

/**
 * What one request costs the server: CPU of its process, user and system, in microseconds. One process serves both apps: two processes of one program do
 * not compile alike, and their difference was more than what a guard costs.
 */
async function costsPerRequest(child: Child<BenchServer>, expected: number): Promise<RouteCosts> {
  const order = inOrder(await child.call('first'));
  const expectedOf = { bare: 200, guarded: expected };
  const spentUs = { bare: 0, guarded: 0 };
  await child.call('settle');
  // After a full collection whoever comes first finds less of the code compiled: that part is not counted.
  for (const app of order) await cpuOf(child, { app, expected: expectedOf[app] });
  for (let swap = 0; swap < swaps; swap += 1) {
    for (const app of swap % 2 === 0 ? order : order.toReversed()) spentUs[app] += await cpuOf(child, { app, expected: expectedOf[app] });
  }
  return { bare: spentUs.bare / requests, guarded: spentUs.guarded / requests };
}

/** Of one part. */
async function cpuOf(child: Child<BenchServer>, { app, expected }: { readonly app: BenchApp; readonly expected: number }): Promise<number> {
  const port = await child.call('port', app);
  const beforeUs = await child.call('cpuUs');
  const statuses = await load({ port, pipelined: 1, connections, requests: requests / swaps });
  const afterUs = await child.call('cpuUs');
  if (statuses[expected] !== requests / swaps) throw new Error(`expected ${requests / swaps} answers of ${expected}, got ${JSON.stringify(statuses)}`);
  return afterUs - beforeUs;
}

/** Both apps, before anything is timed: the first request of each connection's address is let through everywhere. */
async function greet(child: Child<BenchServer>): Promise<void> {
  for (const app of inOrder(await child.call('first'))) await load({ port: await child.call('port', app), connections, pipelined: 1, requests: connections });
}

export interface RouteServers<Name extends string> {
  /** Starts a server in a child; `first` is the app to make first. */
  readonly open: (name: Name, first: BenchApp) => Promise<Child<BenchServer>>;
  /** Whether the guarded app refuses. */
  readonly servers: Readonly<Record<Name, { readonly denies: boolean }>>;
}

/** Costs of each server by generation and round. Generations take turns in which app they make first. */
export async function routeCosts<Name extends string>(given: RouteServers<Name>): Promise<Readonly<Record<Name, readonly (readonly RouteCosts[])[]>>> {
  const names = Object.keys(given.servers) as Name[];
  const costs = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, (readonly RouteCosts[])[]>;
  for (let generation = 1; generation <= generations; generation += 1) {
    const measured = await oneGeneration(given, generation);
    for (const name of names) costs[name].push(measured[name]);
  }
  return costs;
}

async function oneGeneration<Name extends string>({ open, servers }: RouteServers<Name>, generation: number): Promise<Readonly<Record<Name, readonly RouteCosts[]>>> {
  const children: Child<BenchServer>[] = [];
  try {
    const turns = {} as Record<Name, () => Promise<RouteCosts>>;
    for (const name of Object.keys(servers) as Name[]) {
      const child = await open(name, generation % 2 === 1 ? 'bare' : 'guarded');
      children.push(child);
      await greet(child);
      turns[name] = () => costsPerRequest(child, servers[name].denies ? 429 : 200);
    }
    return await interleave(turns, { rounds: roundsEach, warmUps: 2, seed: generation });
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

/**
 * What the guard adds, round by round: the mean of a generation that makes the one app first and of the next, which makes the other. Of two apps
 * that are alike the second costs some microseconds more or less than the first, always the same in a process.
 */
export function addedBy(byGeneration: readonly (readonly RouteCosts[])[]): readonly number[] {
  const differences = byGeneration.map((costs) => added(costs.map(({ guarded }) => guarded), costs.map(({ bare }) => bare)));
  return differences.flatMap((one, at) => {
    const other = at % 2 === 0 ? differences[at + 1] : undefined;
    return other === undefined ? [] : one.map((value, round) => (value + (other[round] ?? Number.NaN)) / 2);
  });
}

/** How it is measured, for RESULTS.md. */
export const routeMethod =
  'Each server is a process of its own and reports its own CPU (user and system, all threads). It serves two apps of one trivial route, one with nothing before it. ' +
  `${connections} keep-alive connections from as many loopback addresses send ${requests.toLocaleString('en-GB')} requests a turn to each of the two, in ${swaps} parts that take turns, from another process that never sleeps meanwhile; ` +
  `${generations} generations of fresh servers, ${roundsEach} rounds each. A row is the CPU per request less that of the bare app of the same process in the same round, the mean of a server that made its bare app first and of one that made it second.`;
