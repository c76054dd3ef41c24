import type { AttackerId } from './attackers/attack.ts';
import { runBurst } from './burst.ts';
import { attacks } from './attackers/index.ts';
import { policies, redisPolicies } from './policies/index.ts';
import { hasRedis } from './policies/ours/redis-stores.ts';
import { makePopulation } from './population.ts';
import { runOnce } from './run.ts';
import type { RunResult } from './result.ts';
import { scenarios } from './scenario.ts';
import { makeTraffic, type Traffic } from './traffic.ts';

/** All policies against one attacker in one world. */
export interface Job {
  readonly scenario: string;
  readonly seed: number;
  readonly attacker: AttackerId | 'legit';
  readonly policies: readonly string[];
}

export interface Worker {
  readonly run: (job: Job) => Promise<readonly RunResult[]>;
}

/** What a child process does: jobs one after another. The traffic of the latest world is kept. */
export function openWorker(): Worker {
  let latest: Traffic | undefined;
  return {
    async run(job) {
      if (latest?.scenario.id !== job.scenario || latest.seed !== job.seed) latest = trafficOf(job);
      const results: RunResult[] = [];
      for (const name of job.policies.filter(canRun)) results.push(await resultOf(latest, name, job.attacker));
      return results;
    },
  };
}

function canRun(policy: string): boolean {
  if (hasRedis || !redisPolicies.includes(policy)) return true;
  process.stderr.write(`${policy} is left out: there is no redis-server here\n`);
  return false;
}

export function trafficOf({ scenario: id, seed }: Pick<Job, 'scenario' | 'seed'>): Traffic {
  const scenario = scenarios.get(id);
  if (scenario === undefined) throw new RangeError(`there is no scenario "${id}"`);
  return makeTraffic(scenario, seed, makePopulation(scenario, seed));
}

async function resultOf(traffic: Traffic, name: string, attacker: Job['attacker']): Promise<RunResult> {
  const makePolicy = policies.get(name);
  if (makePolicy === undefined) throw new RangeError(`there is no policy "${name}"`);
  if (attacker === 'A10') return runBurst(traffic.scenario, traffic.seed, makePolicy);
  if (attacker === 'legit') return runOnce({ traffic, makePolicy });
  const make = attacks[attacker];
  if (make === undefined) throw new RangeError(`there is no attacker "${attacker}"`);
  return runOnce({ traffic, makePolicy, attack: { id: attacker, make } });
}
