import type { Child } from './child.ts';
import type { BenchServer } from './express-servers.ts';
import { load } from './http-load.ts';
import { added } from './measure.ts';

interface Turn {
  readonly child: Child<BenchServer>;
  readonly port: number;
  readonly path: string;
  /** The status that every answer must have. */
  readonly expected: number;
  readonly connections: number;
  readonly requests: number;
}

/** What one request costs the server: CPU of its process, user and system, in microseconds. */
async function costPerRequest({ child, port, path, expected, connections, requests }: Turn): Promise<number> {
  await child.call('settle');
  const beforeUs = await child.call('cpuUs');
  const statuses = await load({ port, path, connections, pipelined: 1, requests });
  const afterUs = await child.call('cpuUs');
  const answered = statuses[expected] ?? 0;
  if (answered !== requests) throw new Error(`expected ${requests} answers of ${expected}, got ${JSON.stringify(statuses)}`);
  return (afterUs - beforeUs) / answered;
}

/** Of a route with nothing before it, and of the one behind the guard. */
export interface RouteCosts {
  readonly bare: number;
  readonly guarded: number;
}

/**
 * One process serves both routes, one turn after the other: two processes of one program do not compile alike, and their difference was more than
 * what a guard costs.
 */
export async function costsPerRequest({ expected, ...turn }: Omit<Turn, 'path'>): Promise<RouteCosts> {
  const bare = await costPerRequest({ ...turn, path: '/bare', expected: 200 });
  return { bare, guarded: await costPerRequest({ ...turn, path: '/', expected }) };
}

/** What the second route costs more than the first, round by round. */
export function differenceOf(costs: readonly RouteCosts[]): readonly number[] {
  return added(costs.map(({ guarded }) => guarded), costs.map(({ bare }) => bare));
}

/** What the guard adds, round by round: without one the second route costs more as well, since it is looked for after the first. */
export function addedBy(costs: readonly RouteCosts[], control: readonly RouteCosts[]): readonly number[] {
  return added(differenceOf(costs), differenceOf(control));
}
