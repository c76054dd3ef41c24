import { memoryStore } from 'portcullis';
import { createReadOnlyMode } from 'portcullis/read-only';
import { inChild, openChild, type Child } from '../child.ts';
import { startServer } from '../express-servers.ts';
import type { BenchServer } from '../bench-server.ts';
import { rowOf, type RowGoal } from '../measure.ts';
import { costOf, interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';
import { addedBy, costsPerRequest, greet, swaps, type RouteCosts } from '../server-cost.ts';

const rounds = 15;
const checks = 1_000_000;
const generations = 3;
const roundsEach = 5;
const requests = 32_000;
const connections = 32;

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

const servers = { readOnly: 'read-only', incident: 'incident' } as const;
type ServerName = keyof typeof servers;

/** CPU per request of both apps of each server, in microseconds, by round. */
async function oneGeneration(seed: number): Promise<Readonly<Record<ServerName, readonly RouteCosts[]>>> {
  const children: Child<BenchServer>[] = [];
  try {
    const turns = {} as Record<ServerName, () => Promise<RouteCosts>>;
    for (const name of Object.keys(servers) as ServerName[]) {
      const child = await openChild(new URL('../express-servers.ts', import.meta.url).href, startServer, { guard: servers[name], denies: false });
      children.push(child);
      await greet(child, connections);
      turns[name] = () => costsPerRequest({ child, expected: 200, connections, requests });
    }
    return await interleave(turns, { rounds: roundsEach, warmUps: 2, seed });
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

async function run(): Promise<readonly BenchRow[]> {
  const { check } = await interleave({ check: () => inChild(import.meta.url, checkUs, undefined) }, { rounds });
  const more: number[] = [];
  const both: number[] = [];
  for (let generation = 1; generation <= generations; generation += 1) {
    const { readOnly, incident } = await oneGeneration(generation);
    more.push(...addedBy(readOnly));
    both.push(...addedBy(incident));
  }
  return [
    rowOf({ id: 'read-only-check', subject: 'one check of a write, nothing switched on', unit: 'us', values: check, goal }),
    rowOf({ id: 'read-only-off', subject: 'server CPU that readOnlyGuard adds to a request, nothing switched on', unit: 'us', values: more, goal }),
    rowOf({ id: 'guards-off', subject: 'server CPU that the guards of read-only mode and of epochs add to a request, nothing switched on and nothing ended', unit: 'us', values: both, goal }),
  ];
}

export const bench: Bench = {
  id: 'read-only',
  title: 'Read-only mode while nothing is switched on',
  rows: ['read-only-check', 'read-only-off', 'guards-off'],
  method:
    `A check: each turn is a fresh process that makes ${checks.toLocaleString('en-GB')} checks of a POST by a member of two organizations, after a fifth as many that are not counted. ` +
    `A request: Express 5 servers, with readOnlyGuard, and with it and epochs.checkNow for a session of a member of an organization, each a process that reports its own CPU (user and system, all threads) and serves the same app once with nothing before its route; ${connections} keep-alive connections send ` +
    `${requests.toLocaleString('en-GB')} requests a turn to each of the two apps, from another process that never sleeps meanwhile, in ${swaps} parts that take turns; ${generations} generations of fresh servers, ${roundsEach} rounds each. The row is the CPU per request less that of the bare app of the same process in the same round.`,
  run,
};
