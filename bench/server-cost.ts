import type { Child } from './child.ts';
import type { BenchServer } from './bench-server.ts';
import { load } from './http-load.ts';
import { added } from './measure.ts';

interface Turn {
  readonly child: Child<BenchServer>;
  /** The status that every answer of the guarded app must have. */
  readonly expected: number;
  readonly connections: number;
  /** To each of the two apps. */
  readonly requests: number;
}

/** Of an app with nothing before its route, and of the same behind the guard. */
export interface RouteCosts {
  readonly bare: number;
  readonly guarded: number;
}

/** So often in a turn the apps take turns: a machine that gets slower or faster meanwhile does so for both. */
export const swaps = 10;

/**
 * What one request costs the server: CPU of its process, user and system, in microseconds. One process serves both apps: two processes of one program do
 * not compile alike, and their difference was more than what a guard costs.
 */
export async function costsPerRequest({ child, expected, connections, requests }: Turn): Promise<RouteCosts> {
  const part = requests / swaps;
  const spentUs = { bare: 0, guarded: 0 };
  await child.call('settle');
  for (let swap = 0; swap < swaps; swap += 1) {
    const order = swap % 2 === 0 ? (['bare', 'guarded'] as const) : (['guarded', 'bare'] as const);
    for (const app of order) spentUs[app] += await cpuOf(child, { app, expected: app === 'bare' ? 200 : expected, connections, requests: part });
  }
  return { bare: spentUs.bare / requests, guarded: spentUs.guarded / requests };
}

async function cpuOf(child: Child<BenchServer>, { app, expected, ...sent }: Omit<Turn, 'child'> & { readonly app: keyof RouteCosts }): Promise<number> {
  const port = await child.call('port', app);
  const beforeUs = await child.call('cpuUs');
  const statuses = await load({ port, pipelined: 1, ...sent });
  const afterUs = await child.call('cpuUs');
  if (statuses[expected] !== sent.requests) throw new Error(`expected ${sent.requests} answers of ${expected}, got ${JSON.stringify(statuses)}`);
  return afterUs - beforeUs;
}

/** Both apps, before anything is timed: the first request of each connection's address is let through everywhere. */
export async function greet(child: Child<BenchServer>, connections: number): Promise<void> {
  for (const app of ['bare', 'guarded'] as const) await load({ port: await child.call('port', app), connections, pipelined: 1, requests: connections });
}

/** What the guard adds, round by round. */
export function addedBy(costs: readonly RouteCosts[]): readonly number[] {
  return added(costs.map(({ guarded }) => guarded), costs.map(({ bare }) => bare));
}
