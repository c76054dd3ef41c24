import type { Child } from './child.ts';
import type { BenchServer } from './bench-server.ts';
import { load } from './http-load.ts';
import { added } from './measure.ts';

interface Turn {
  readonly child: Child<BenchServer>;
  readonly app: keyof RouteCosts;
  /** The status that every answer must have. */
  readonly expected: number;
  readonly connections: number;
  readonly requests: number;
}

/** What one request costs the server: CPU of its process, user and system, in microseconds. */
async function costPerRequest({ child, app, expected, connections, requests }: Turn): Promise<number> {
  const port = await child.call('port', app);
  await child.call('settle');
  const beforeUs = await child.call('cpuUs');
  const statuses = await load({ port, connections, pipelined: 1, requests });
  const afterUs = await child.call('cpuUs');
  const answered = statuses[expected] ?? 0;
  if (answered !== requests) throw new Error(`expected ${requests} answers of ${expected}, got ${JSON.stringify(statuses)}`);
  return (afterUs - beforeUs) / answered;
}

/** Of an app with nothing before its route, and of the same behind the guard. */
export interface RouteCosts {
  readonly bare: number;
  readonly guarded: number;
}

/**
 * One process serves both apps, one turn after the other: two processes of one program do not compile alike, and their difference was more than
 * what a guard costs.
 */
export async function costsPerRequest({ expected, ...turn }: Omit<Turn, 'app'>): Promise<RouteCosts> {
  const bare = await costPerRequest({ ...turn, app: 'bare', expected: 200 });
  return { bare, guarded: await costPerRequest({ ...turn, app: 'guarded', expected }) };
}

/** Both apps, before anything is timed: the first request of each connection's address is let through everywhere. */
export async function greet(child: Child<BenchServer>, connections: number): Promise<void> {
  for (const app of ['bare', 'guarded'] as const) await load({ port: await child.call('port', app), connections, pipelined: 1, requests: connections });
}

/** What the guard adds, round by round. */
export function addedBy(costs: readonly RouteCosts[]): readonly number[] {
  return added(costs.map(({ guarded }) => guarded), costs.map(({ bare }) => bare));
}
