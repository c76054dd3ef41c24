import { openChild } from '../child.ts';
import { startFastifyServer, type FastifyServerInput } from '../fastify-servers.ts';
import { rowOf, type RowFacts, type RowGoal } from '../measure.ts';
import type { Bench, BenchRow } from '../row.ts';
import { addedBy, routeCosts, routeMethod } from '../server-cost.ts';

const goal: RowGoal = { atMost: 3, of: 'value' };

const servers = {
  'control': { guard: 'none', denies: false },
  'ours allowed': { guard: 'ours', denies: false },
  'ours denied': { guard: 'ours', denies: true },
  'frl allowed': { guard: 'frl', denies: false },
  'frl denied': { guard: 'frl', denies: true },
  'incident': { guard: 'incident', denies: false },
} as const satisfies Readonly<Record<string, Omit<FastifyServerInput, 'first'>>>;

type ServerName = keyof typeof servers;

const module = new URL('../fastify-servers.ts', import.meta.url).href;

async function run(): Promise<readonly BenchRow[]> {
  const costs = await routeCosts({ open: (name, first) => openChild(module, startFastifyServer, { ...servers[name], first }), servers });
  const more = (name: ServerName): readonly number[] => addedBy(costs[name]);
  const row = (id: string, subject: string, name: ServerName): RowFacts => ({ id, subject, unit: 'us', values: more(name) });
  const frl = (name: ServerName): NonNullable<RowFacts['peer']> => ({ name: '@fastify/rate-limit', values: more(name) });
  return [
    rowOf({ id: 'fastify-bare', subject: 'server CPU per request of a trivial route, nothing before it', unit: 'us', values: costs.control.flat().map(({ bare }) => bare) }),
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
  method: `${routeMethod} Every limiter counts in memory, by address, in onRequest. The guards: readOnlyGuard, and a preHandler that asks epochs.checkNow for a session of a member of an organization.`,
  run,
};
