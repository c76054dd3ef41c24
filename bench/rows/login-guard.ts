import { randomBytes } from 'node:crypto';
import { createKeyRing, memoryEvidence, type EvidenceAttempt } from 'portcullis';
import { Redis } from 'ioredis';
import { createLoginGuard } from 'portcullis/login-guard';
import { redisStore } from 'portcullis/redis';
import { startRedis } from '../../test/support/servers/redis.ts';
import { inChild } from '../child.ts';
import { rowOf } from '../measure.ts';
import { costOf, interleave } from '../rounds.ts';
import type { Bench, BenchRow } from '../row.ts';

const rounds = 15;
const decisions = 100_000;
/** So many networks and accounts take turns: none of them stays in the processor's cache. */
const many = 20_000;
const reservations = 10_000;
const atOnce = 50;

/** Runs in a child: microseconds of CPU for a reservation and its settlement, all that the guard does of an attempt that fails. */
export async function decisionUs(): Promise<number> {
  const guard = createLoginGuard({ keys: createKeyRing({ keys: [{ id: 'k1', secret: randomBytes(32) }] }), evidence: memoryEvidence() });
  const decide = async (times: number): Promise<void> => {
    for (let turn = 0; turn < times; turn += 1) {
      const at = turn % many;
      const pass = await guard.reserve({ address: `10.${at >> 16}.${at >> 8 & 255}.${at & 255}`, account: `account-${at}`, exists: true, password: `a guess of ${turn}` });
      await guard.settle(pass.receipt, 'failed');
    }
  };
  await decide(decisions / 5);
  const { cpuUs } = await costOf(() => decide(decisions));
  return cpuUs / decisions;
}

/** The same of the store alone: its digests are there already. */
export async function storeUs(): Promise<number> {
  const evidence = memoryEvidence();
  const tag = (): string => randomBytes(16).toString('base64url');
  const attempts = Array.from({ length: many }, (): EvidenceAttempt => ({ source: tag(), account: tag(), password: tag(), exists: true, weight: 1 }));
  const decide = (times: number): void => {
    for (let turn = 0; turn < times; turn += 1) {
      const attempt = attempts[turn % many] as EvidenceAttempt;
      const { charged } = evidence.reserve(attempt);
      evidence.settle({ as: 'failed', attempt, charged });
    }
  };
  decide(decisions / 5);
  const { cpuUs } = await costOf(async () => {
    decide(decisions);
    await Promise.resolve();
  });
  return cpuUs / decisions;
}

/** Runs in a child: microseconds of the server for one reservation over Redis, by its own count (`INFO commandstats`). */
export async function scriptUs(port: number): Promise<number> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true });
  try {
    await client.connect();
    const evidence = redisStore(client);
    const tag = (): string => randomBytes(16).toString('base64url');
    const reserve = async (times: number): Promise<void> => {
      for (let turn = 0; turn < times; turn += atOnce) await Promise.all(Array.from({ length: atOnce }, () => evidence.reserve({ source: tag(), account: tag(), password: tag(), exists: true, weight: 1 })));
    };
    await reserve(reservations / 5);
    await client.config('RESETSTAT');
    await reserve(reservations);
    evidence.close();
    const [, perCall] = /cmdstat_evalsha:[^\r]*usec_per_call=([\d.]+)/.exec(await client.info('commandstats')) ?? [];
    if (perCall === undefined) throw new Error('expected the server to have run a script');
    return Number(perCall);
  } finally {
    client.disconnect();
  }
}

async function run(): Promise<readonly BenchRow[]> {
  const redis = await startRedis();
  try {
    return await rowsWith(redis.port);
  } finally {
    await redis.stop();
  }
}

async function rowsWith(port: number): Promise<readonly BenchRow[]> {
  const { script } = await interleave({ script: () => inChild(import.meta.url, scriptUs, port) }, { rounds });
  const { whole, store } = await interleave({ whole: () => inChild(import.meta.url, decisionUs, undefined), store: () => inChild(import.meta.url, storeUs, undefined) }, { rounds });
  return [
    rowOf({ id: 'guard-decision', subject: 'a failed attempt: three keyed digests, reserved and settled, in memory', unit: 'us', values: whole, goal: { atMost: 60, of: 'value' } }),
    rowOf({ id: 'guard-decision-without-digests', subject: 'the same without the digests', unit: 'us', values: store, goal: { atMost: 10, of: 'value' } }),
    rowOf({ id: 'guard-redis-script', subject: 'one reservation over Redis, of the server', unit: 'us', values: script, goal: { atMost: 60, of: 'value' } }),
  ];
}

export const bench: Bench = {
  id: 'login-guard',
  title: 'The login guard',
  rows: ['guard-decision', 'guard-decision-without-digests', 'guard-redis-script'],
  method:
    'Each turn is a fresh process that decides 100,000 failed attempts of strangers, after 20,000 that are not counted, one after the other, over 20,000 networks and accounts that take turns; CPU time. ' +
    'The first is createLoginGuard with memoryEvidence: a keyed digest each of the network, the account and the password of the day, a reservation and its settlement. The second is the store alone. ' +
    'The third is one script over a redis-server of Debian on the same machine, 50 at once, of fresh networks and accounts, by the server\'s own count of its time (INFO commandstats).',
  run,
};
