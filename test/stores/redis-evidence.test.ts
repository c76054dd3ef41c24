import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { realRedis } from '../support/servers/redis.ts';
import { acts, attemptOf, doerOf, expectAlike, tagOf, type Act } from './redis-evidence-support.ts';
import { clients, freshPrefix, openClient, openStore, redisForFile } from './redis-support.ts';

const server = redisForFile();

describe('the evidence of a redis store', () => {
  it('is that of the memory store, decision for decision', { timeout: 300_000 }, async () => {
    const client = await openClient(clients.ioredis, server());
    const seen = { answers: 0, repeats: 0, sprayed: 0, shared: 0, surges: 0, began: 0, ended: 0, slow: 0 };
    await fc.assert(fc.asyncProperty(acts, async (all) => {
      const clock = fakeClock();
      const [here, there] = [doerOf(memoryStore({ clock })), doerOf(openStore(client, { clock }))];
      for (const act of all) {
        await clock.advance(act.afterMs);
        const [expected, found] = await Promise.all([here(act), there(act)]);
        expectAlike(found, expected);
        seen.answers += expected.length;
        for (const answer of expected) {
          if (!('charged' in answer)) {
            seen.began += Number(answer.surge === 'began');
            seen.ended += Number(answer.surge === 'ended');
            seen.slow += Number(answer.slowSurge !== undefined);
            continue;
          }
          seen.repeats += Number(answer.charged.source === 0);
          seen.sprayed += Number(answer.password >= 6);
          seen.shared += Number(answer.sharedSource);
          seen.surges += Number(answer.surge);
        }
      }
    }), { numRuns: realRedis ? 15 : 3 });
    console.log(`evidence in Redis and in memory, alike: ${JSON.stringify(seen)}`);
    if (realRedis) for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });

  it('is that of the memory store also where a surge lasts until it is how the site is', { timeout: 120_000 }, async () => {
    const client = await openClient(clients.ioredis, server());
    const clock = fakeClock();
    const [here, there] = [doerOf(memoryStore({ clock })), doerOf(openStore(client, { clock }))];
    const told: unknown[] = [];
    for (let hour = 0; hour < 24 * 24; hour += 1) {
      await clock.advance(3_600_000);
      for (const act of [{ kind: 'known', source: undefined, again: false, times: 25, afterMs: 0 }, { kind: 'spray', password: tagOf(`of hour ${hour}`), names: 5, number: hour, afterMs: 0 }] as const) {
        const [expected, found] = await Promise.all([here(act), there(act)]);
        expectAlike(found, expected);
        told.push(...expected.flatMap((answer) => ('charged' in answer || answer.surge === undefined ? [] : [answer.surge])));
      }
    }
    expect(told).toEqual(['began', 'ended']);
  });

  it('is that of the memory store also where failures are made good, and in what it learns of them', { timeout: 120_000 }, async () => {
    const client = await openClient(clients.ioredis, server());
    const clock = fakeClock();
    const [here, there] = [doerOf(memoryStore({ clock })), doerOf(openStore(client, { clock }))];
    async function alike(act: Act): Promise<boolean> {
      const [expected, found] = await Promise.all([here(act), there(act)]);
      expectAlike(found, expected);
      return expected.some((answer) => !('charged' in answer) && answer.surge === 'began');
    }
    const browsers = (times: number): Act => ({ kind: 'known', source: undefined, again: false, times, afterMs: 0 });
    const attempts = (name: string, ...endings: readonly ('failed' | 'entered')[]) => endings.map((ending): Act => ({ kind: 'attempt', attempt: attemptOf(`from ${name}`, name, ending), ending, afterMs: 0 }));
    let began = 0;
    for (let hour = 0; hour < 7 * 24; hour += 1) {
      await clock.advance(3_600_000);
      for (const act of [browsers(40), ...attempts(`owner ${hour}`, 'failed', 'entered', 'entered'), ...attempts(`${hour}`, 'failed')]) began += Number(await alike(act));
    }
    expect(began).toBe(0);
    for (let each = 0; each < 40; each += 1) {
      await clock.advance(600_000);
      for (const act of [browsers(7), ...attempts(`attacker ${each}`, 'failed')]) began += Number(await alike(act));
    }
    expect(began).toBe(1);
  });

  it('is that of the memory store also where the clock was a year ahead for a moment, or is set back', { timeout: 120_000 }, async () => {
    const client = await openClient(clients.ioredis, server());
    const clock = fakeClock();
    const prefix = freshPrefix();
    const here = doerOf(memoryStore({ clock }));
    const [hourMs, dayMs] = [3_600_000, 86_400_000];
    for (const [number, byMs] of [0, 365 * dayMs, -365 * dayMs, 2 * dayMs, -hourMs, -dayMs, -2 * dayMs, -40 * dayMs, dayMs].entries()) {
      clock.setWallMs(clock.nowMs() + byMs);
      const there = doerOf(openStore(client, { clock, prefix }));
      const spray = (each: number): Act => ({ kind: 'spray', password: tagOf('sprayed'), names: 4, number: 100 * number + each, afterMs: 0 });
      const mistyped: Act[] = (['failed', 'failed', 'entered', 'entered'] as const).map((ending) => ({ kind: 'attempt', attempt: attemptOf('home', 'owner', 'rihgt'), ending, afterMs: 0 }));
      for (const act of [spray(0), { kind: 'known', source: undefined, again: false, times: 30, afterMs: 0 } as const, ...mistyped, spray(1)]) {
        await clock.advance(60_000);
        const [expected, found] = await Promise.all([here(act), there(act)]);
        expectAlike(found, expected);
      }
    }
  });
});
