import { memoryStore } from 'portcullis';
import { createReadOnlyMode } from 'portcullis/read-only';
import { inChild, openChild } from '../child.ts';
import { startServer } from '../express-servers.ts';
import { rowOf, type RowGoal } from '../measure.ts';
import { costOf, interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';
import { addedBy, routeCosts, routeMethod } from '../server-cost.ts';

const rounds = 15;
const checks = 1_000_000;

const goal: RowGoal = { atMost: 5, of: 'value' };

/** Runs in a child: microseconds of one check of a write, while nothing is switched on, after a fifth that is not counted. */
export async function checkUs(): Promise<number> {
  const mode = createReadOnlyMode({ records: memoryStore() });
  await mode.ready();
  const organizationIds = ['team-1', 'team-2'];
  const checkAll = (times: number): number => {
    let passed = 0;
    for (let turn = 0; turn < times; turn += 1) if (mode.check({ method: 'POST', accountId: 'user-1', organizationIds }).allowed) passed += 1;
    return passed;
  };
  checkAll(checks / 5);
  let passed = 0;
  const { wallMs } = await costOf(async () => {
    passed = await Promise.resolve(checkAll(checks));
  });
  mode.close();
  if (passed !== checks) throw new Error(`expected ${checks} checks to pass, got ${passed}`);
  return (wallMs * 1_000) / checks;
}

const servers = { readOnly: { guard: 'read-only', denies: false }, incident: { guard: 'incident', denies: false } } as const;
type ServerName = keyof typeof servers;

const module = new URL('../express-servers.ts', import.meta.url).href;

async function run(): Promise<readonly BenchRow[]> {
  const { check } = await interleave({ check: () => inChild(import.meta.url, checkUs, undefined) }, { rounds });
  const costs = await routeCosts<ServerName>({ open: (name, first) => openChild(module, startServer, { ...servers[name], first }), servers });
  return [
    rowOf({ id: 'read-only-check', subject: 'one check of a write, nothing switched on', unit: 'us', values: check, goal }),
    rowOf({ id: 'read-only-off', subject: 'server CPU that readOnlyGuard adds to a request, nothing switched on', unit: 'us', values: addedBy(costs.readOnly), goal }),
    rowOf({ id: 'guards-off', subject: 'server CPU that the guards of read-only mode and of epochs add to a request, nothing switched on and nothing ended', unit: 'us', values: addedBy(costs.incident), goal }),
  ];
}

export const bench: Bench = {
  id: 'read-only',
  title: 'Read-only mode while nothing is switched on',
  rows: ['read-only-check', 'read-only-off', 'guards-off'],
  method:
    `A check: each turn is a fresh process that makes ${checks.toLocaleString('en-GB')} checks of a POST by a member of two organizations, after a fifth as many that are not counted. ` +
    `A request, on Express 5, with readOnlyGuard, and with it and epochs.checkNow for a session of a member of an organization: ${routeMethod}`,
  run,
};
