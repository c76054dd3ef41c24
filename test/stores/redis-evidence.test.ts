import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { realRedis } from '../support/servers/redis.ts';
import { acts, doerOf, expectAlike } from './redis-evidence-support.ts';
import { clients, openClient, openStore, redisForFile } from './redis-support.ts';

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
});
