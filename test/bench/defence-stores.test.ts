import { afterAll, describe, expect, it } from 'vitest';
import { runBurst } from '../../bench/defence/burst.ts';
import { makeDecisions } from '../../bench/defence/decisions.ts';
import { policies } from '../../bench/defence/policies/index.ts';
import { none } from '../../bench/defence/policies/none.ts';
import { endRedis } from '../../bench/defence/policies/ours/redis-stores.ts';
import { standard } from '../../bench/defence/scenario.ts';
import { redisAttackers, targetRows } from '../../bench/defence/targets.ts';
import type { PolicyFactory } from '../../bench/defence/policy.ts';
import type { RunResult } from '../../bench/defence/result.ts';
import { realRedis } from '../support/servers/redis.ts';
import { run, small, trafficOf, trial } from './defence-support.ts';

const policy = (name: string): PolicyFactory => policies.get(name) as PolicyFactory;
const leaked = policy('leaked');
/** Fewer accounts still: all of these runs are of a whole month. */
const tiny = trafficOf({ ...small, accounts: 150 });

describe('the digest of all decisions', () => {
  it('is the same for the same run, and another one for another seed, attacker or policy', async () => {
    const digests = await Promise.all([
      run(leaked, 'A5', tiny), run(leaked, 'A5', tiny),
      run(leaked, 'A5', trafficOf({ ...small, accounts: 150 }, 2)), run(leaked, 'A4', tiny), run(policy('default'), 'A5', tiny), run(leaked, undefined, tiny),
    ].map(async (each) => (await each).decisions));
    expect(digests[0]).toMatch(/^[\da-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
    expect(new Set(digests).size).toBe(5);
  });

  it('tells one decision, one time to come back, one alarm and one place in the order from another', () => {
    const digestOf = (...outcomes: readonly unknown[]): string => {
      const decisions = makeDecisions();
      for (const outcome of outcomes) decisions.decided(outcome);
      return decisions.digest();
    };
    const many = Array.from({ length: 999 }, (_, at) => ({ as: at % 3 === 0 ? 'in' : 'wrong' }));
    const alarmed = makeDecisions();
    alarmed.alarmed({ atMs: 1, kind: 'stuffing' });
    const all = [digestOf(...many), digestOf(...many.slice(0, -1)), digestOf(...many.toReversed()), digestOf({ as: 'denied', retryAfterMs: 1 }), digestOf({ as: 'denied', retryAfterMs: 2 }), digestOf({ as: 'denied' }), digestOf(), alarmed.digest()];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe.skipIf(!realRedis)('the guard over Redis', () => {
  afterAll(endRedis);

  it('decides each time as in memory, and raises the same alarms', { timeout: 180_000 }, async () => {
    const memory = await run(leaked, 'A5', tiny);
    const redis = await run(policy('leaked-redis'), 'A5', tiny);
    expect(Object.keys(memory.detectionByKind)).not.toEqual([]);
    expect(redis.decisions).toBe(memory.decisions);
    expect({ ...redis, policy: '', bytes: 0, bytesBefore: 0 }).toEqual({ ...memory, policy: '', bytes: 0, bytesBefore: 0 });
  });

  it('lets as many of a thousand guesses at once through as in memory', { timeout: 60_000 }, async () => {
    const [memory, redis] = [await runBurst(standard, 1, leaked), await runBurst(standard, 1, policy('leaked-redis'))];
    expect(redis.decisions).toBe(memory.decisions);
    expect(redis.overshoot).toBe(0);
  });
});

describe('the target for decisions over Redis', () => {
  const rowOf = (results: readonly Partial<RunResult>[]) => targetRows(results as readonly RunResult[]).find(({ policy: name }) => name === 'leaked-redis');
  const runs = (attacker: RunResult['attacker'], memory?: string, redis?: string): readonly Partial<RunResult>[] =>
    ([['leaked', memory], ['leaked-redis', redis]] as const).flatMap(([name, decisions]) => (decisions === undefined ? [] : [{ scenario: 'redis', attacker, policy: name, seed: 1, decisions }]));

  it('is met where all four attackers met the same decisions, and missed where one did not', () => {
    expect(rowOf(redisAttackers.flatMap((attacker) => runs(attacker, 'a', 'a')))).toMatchObject({ met: true, measured: 'A5, A8, A9, A10 equal' });
    expect(rowOf(redisAttackers.flatMap((attacker) => runs(attacker, 'a', attacker === 'A9' ? 'b' : 'a')))).toMatchObject({ met: false, measured: 'A9 differ; A5, A8, A10 equal' });
  });

  it('is not measured without a redis-server, nor by a part of the attackers', () => {
    expect(rowOf(redisAttackers.flatMap((attacker) => runs(attacker, 'a')))).toMatchObject({ met: null, measured: 'not measured' });
    expect(rowOf(runs('A5', 'a', 'a'))).toMatchObject({ met: null, measured: 'A5 equal' });
    expect(rowOf([])).toMatchObject({ met: null, measured: 'not measured' });
  });
});

describe('the outage', () => {
  const outage = trafficOf({ ...small, outage: true });

  // ASVS 5.0 16.5.2
  it('opens nothing: a network that was refused stays so while the store is gone, owners get on, and afterwards all is as before', async () => {
    const away = trial((world) => policy('default')({ ...world, outage: true }));
    const right = { name: 'user99@example.test' };
    const owner = { name: 'user98@example.test' };
    for (let each = 0; each < 45; each += 1) await away.wrong({ name: `user${each}@example.test`, afterMs: 7_000 });
    expect((await away.attempt({ ...right, afterMs: 60_000 })).as).toBe('denied');
    for (const gone of [true, false]) {
      away.policy.outage?.(gone);
      for (let each = 0; each < 5; each += 1) expect((await away.attempt({ ...right, afterMs: 61_000 })).as).toBe('denied');
      expect((await away.attempt({ ...owner, address: '198.51.100.7', afterMs: 61_000 })).as).toBe('in');
      expect((await away.attempt({ ...owner, address: '198.51.100.8', known: true, browserId: 'browser98', afterMs: 61_000 })).as).toBe('in');
    }
    away.policy.close?.();
  });

  it('lets no stuffing in, and asks nothing of a known browser', async () => {
    const away = await run(leaked, 'A5', outage);
    expect(away.takeoverShare).toBe(0);
    expect(away.decisions).not.toBe((await run(leaked, 'A5')).decisions);
    expect(away.overall.known).toMatchObject({ denied: 0, stepUps: 0 });
  });

  it('is refused by whoever has no store that could be gone', async () => {
    await expect(run(none, 'A5', outage)).rejects.toThrow('none: its store cannot be taken away');
  });
});
