import type { Child } from './child.ts';
import type { BenchServer } from './express-servers.ts';
import { load } from './http-load.ts';

interface Turn {
  readonly child: Child<BenchServer>;
  readonly port: number;
  /** The status that every answer must have. */
  readonly expected: number;
  readonly connections: number;
  readonly requests: number;
}

/** What one request costs the server: CPU of its process, user and system, in microseconds. */
export async function costPerRequest({ child, port, expected, connections, requests }: Turn): Promise<number> {
  await child.call('settle');
  const beforeUs = await child.call('cpuUs');
  const statuses = await load({ port, connections, pipelined: 1, requests });
  const afterUs = await child.call('cpuUs');
  const answered = statuses[expected] ?? 0;
  if (answered !== requests) throw new Error(`expected ${requests} answers of ${expected}, got ${JSON.stringify(statuses)}`);
  return (afterUs - beforeUs) / answered;
}
