import { describe, expect, it } from 'vitest';
import { realPostgres } from '../support/servers/postgres.ts';
import { realRedis } from '../support/servers/redis.ts';
import { dayMs } from './deeds.ts';
import { fieldForGroup, figuresOfFile, grounds, racersForFile, type Field } from './grounds.ts';
import type { DieAt } from './racer.ts';
import { secrets } from './secrets.ts';
import { race, startRacer, type Racer } from './team.ts';

const kinds = ['totp', 'recovery', 'reset', 'challenge', 'sign-up'] as const;
const moments: readonly DieAt[] = ['before', 'sent', 'written'];
/** Each store by one client: which of them it is makes no difference to who is dead. */
const stores = grounds.filter(({ name }) => !['redis by node-redis', 'redis cluster by ioredis'].includes(name));
/** Else those that die would mostly come too late to write anything. */
const leadMs = 15;
const racers = racersForFile([0, 0, 0]);
const note = figuresOfFile('3 processes and one that dies by SIGKILL in the middle, 25 attempts at once in each:');

/** A process that is to die. */
async function startVictim({ where }: Field): Promise<Racer> {
  const racer = await startRacer({ number: 9, skewMs: 0 });
  await racer.order({ open: where });
  return racer;
}

// ASVS 5.0 15.4.2, 2.3.4, 6.5.1, 6.6.2
describe.each(stores.map((ground, number) => ({ ...ground, number })))('a process that dies among four on $name', (ground) => {
  describe.skipIf(!realPostgres && ground.server === 'postgres' || !realRedis && ground.server === 'redis')('while they race', () => {
    const field = fieldForGroup(ground, racers);
    // Each store has all moments, and each secret has them all over the stores.
    const deaths = kinds.map((kind, at) => ({ kind, dieAt: moments[(at + ground.number) % moments.length] as DieAt }));

    it.each(deaths)('leaves a secret that is good at most once: $kind, at a write that is $dieAt', async ({ kind, dieAt }) => {
      const { app } = field();
      const { deed, email } = await secrets[kind](app);
      const result = await race(racers(), { deed, victim: { racer: await startVictim(field()), dieAt, leadMs } });
      note(`${ground.name}, ${kind}, ${dieAt}`, result);
      const later = await race(racers(), { deed, times: 1 });
      const done = result.done + later.done;
      // Whoever had written nothing has taken nothing from the others.
      if (dieAt === 'before') expect(done).toBe(1);
      expect(done).toBeLessThanOrEqual(1);
      const { accounts, replaced } = app.accounts.count(email);
      expect(kind === 'sign-up' ? accounts : replaced).toBeLessThanOrEqual(1);
      expect(accounts).toBeLessThanOrEqual(1);
    });

    if (!ground.hasCounters) return;
    it.each(['take', 'take-two'] as const)('lets nobody have more than the limit of one key: %s', async (what) => {
      const deed = { do: what, key: `key of ${what}`, limit: 60, windowMs: dayMs } as const;
      const result = await race(racers(), { deed, victim: { racer: await startVictim(field()), leadMs: 2 } });
      note(`${ground.name}, ${what} 60`, result);
      const later = await race(racers(), { deed });
      const done = result.done + later.done;
      expect(done).toBeLessThanOrEqual(60);
      // What the dead one had taken and could not tell of is gone.
      expect(done).toBeGreaterThanOrEqual(60 - 25);
      expect((await race(racers(), { deed })).done).toBe(0);
    });
  });
});
