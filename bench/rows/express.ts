import { openChild } from '../child.ts';
import { startServer, type ServerInput } from '../express-servers.ts';
import { rowOf, type RowFacts, type RowGoal } from '../measure.ts';
import type { Bench, BenchRow } from '../row.ts';
import { addedBy, routeCosts, routeMethod, type RouteCosts } from '../server-cost.ts';

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
} as const satisfies Readonly<Record<string, Omit<ServerInput, 'first'>>>;

type ServerName = keyof typeof servers;
type Costs = Readonly<Record<ServerName, readonly (readonly RouteCosts[])[]>>;

const module = new URL('../express-servers.ts', import.meta.url).href;

function rowsOf(costs: Costs): readonly BenchRow[] {
  const more = (name: ServerName): readonly number[] => addedBy(costs[name]);
  const row = (id: string, subject: string, name: ServerName): RowFacts => ({ id, subject, unit: 'us', values: more(name) });
  const erl = (name: ServerName): NonNullable<RowFacts['peer']> => ({ name: 'express-rate-limit, draft-8 headers', values: more(name) });
  return [
    rowOf({ id: 'express-bare', subject: 'server CPU per request of a trivial route, nothing before it', unit: 'us', values: costs.control.flat().map(({ bare }) => bare) }),
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
  method: `${routeMethod} Every limiter counts in memory, by address. A refusal is answered in the place of the route, so that it may well cost less than nothing.`,
  run: async () => rowsOf(await routeCosts({ open: (name, first) => openChild(module, startServer, { ...servers[name], first }), servers })),
};
