import { describe, expect, it } from 'vitest';
import { realPostgres } from '../support/servers/postgres.ts';
import { realRedis } from '../support/servers/redis.ts';
import { dayMs } from './deeds.ts';
import { fieldForGroup, figuresOfFile, grounds, racersForFile } from './grounds.ts';
import { secrets } from './secrets.ts';
import { race } from './team.ts';

const kinds = Object.keys(secrets) as (keyof typeof secrets)[];
const racers = racersForFile([0, 0, 0, 0]);
const note = figuresOfFile('4 processes, 25 attempts at once in each:');

/** What those who come late are told. Nobody may have met a failure. */
const refusals = ['replayed', 'wrong-code', 'wait', 'answered 400', 'answered 429'];

// ASVS 5.0 15.4.2, 2.3.4, 6.5.1, 6.6.2; RFC 6238 5.2
describe.each(grounds)('four processes on $name', (ground) => {
  describe.skipIf(!realPostgres && ground.server === 'postgres' || !realRedis && ground.server === 'redis')('that get the same thing at the same moment', () => {
    const field = fieldForGroup(ground, racers);

    it.each(kinds)('find it good once: %s', async (kind) => {
      const { app } = field();
      const { deed, email } = await secrets[kind](app);
      const result = await race(racers(), { deed });
      note(`${ground.name}, ${kind}`, result);
      expect(result).toMatchObject({ attempts: 100, done: 1 });
      expect(Object.keys(result.refused).filter((outcome) => !refusals.includes(outcome))).toEqual([]);
      // Nor is it good afterwards, in any of them.
      expect(await race(racers(), { deed, times: 1 })).toMatchObject({ attempts: 4, done: 0 });
      expect(app.accounts.count(email)).toEqual({ accounts: 1, replaced: kind.startsWith('reset') ? 1 : 0 });
    });

    if (!ground.hasCounters) return;
    it.each(['take', 'take-two'] as const)('get exactly the limit out of one key: %s', async (what) => {
      const result = await race(racers(), { deed: { do: what, key: `key of ${what}`, limit: 40, windowMs: dayMs } });
      note(`${ground.name}, ${what} 40`, result);
      expect(result).toMatchObject({ attempts: 100, done: 40, refused: { refused: 60 } });
    });
  });
});
