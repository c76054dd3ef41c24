import { describe, expect, it, onTestFinished } from 'vitest';
import { realRedis, startRedis } from '../support/servers/redis.ts';
import { appOn, attempt, connectedStore, counted, eachOf, figure, heldUp, type Answer } from './support.ts';

const logins = 5_000;
/** A prime, so that each is guessed at. */
const victims = 199;
/** Below the failures in a row that cost a wait, so that the limit alone is what stops guesses. */
const limit = 3;
const deadlineMs = 50;

const victim = (at: number): string => `user-${(at * 7) % victims}`;

// ASVS 5.0 16.5.2, 16.5.3
describe.skipIf(!realRedis)('Redis, killed in the middle of 5,000 logins', () => {
  it('is missed by nobody: no guess above the limit, no 500, no answer later than the deadline and 50 ms, and back within 2 s', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const app = await appOn({ counters: await connectedStore(redis.port) }, { people: victims + 1_000, limits: { signIn: { account: { limit, windowMs: 3_600_000 } } } });
    await eachOf(50, 10, async () => { await attempt(app, { who: 'user-300', password: app.password, address: '10.200.0.1' }); });
    const loop = heldUp();
    const guesses: Answer[] = [];
    const honest: Answer[] = [];
    let killedAtMs = Infinity;
    let startedAtMs = Infinity;

    await eachOf(logins, 100, async (at) => {
      if (at === 1_500) {
        killedAtMs = performance.now();
        await redis.kill();
      }
      if (at === 3_500) {
        startedAtMs = performance.now();
        await redis.start();
      }
      // Of five, four are an attacker's, who has an address for each guess and comes back to each victim many times.
      const guess = at % 5 !== 0;
      const address = `10.${at >> 12 & 255}.${at >> 4 & 255}.${1 + (at & 15)}`;
      const who = guess ? victim(at) : `user-${victims + at % 1_000}`;
      (guess ? guesses : honest).push(await attempt(app, { who, password: guess ? `guess number ${at} of many` : app.password, address }));
    });
    const { atMs, afterMs, settled, lost } = await app.event('store.recovered', startedAtMs);
    const backAfterMs = atMs - startedAtMs;

    const looked = Array.from({ length: victims }, (_, at) => app.wrongGuesses(victim(at)));
    const worst = Math.max(...looked);
    const statuses = [...guesses, ...honest].map(({ status }) => status);
    // From the kill, or from when the answer was asked for.
    const slowest = Math.max(...honest.map(({ beganMs, tookMs }) => beganMs + tookMs - Math.max(beganMs, killedAtMs)).filter((ms) => ms > 0));
    figure('Redis killed', {
      'answers': counted(statuses), 'most guesses looked at of one account': `${worst} of ${limit}`, 'of all accounts': `${looked.reduce((sum, count) => sum + count, 0)} of ${victims * limit}`,
      'slowest right one after the kill, ms': Math.round(slowest), 'loop held up, ms': Math.round(loop.mostMs()), 'away, ms': Math.round(afterMs), 'used again after its start, ms': Math.round(backAfterMs), 'keys told': settled, 'keys lost': lost,
    });
    expect(worst).toBe(limit);
    expect(new Set(statuses)).toEqual(new Set([200, 401, 429]));
    expect(honest.filter(({ status }) => status !== 200)).toEqual([]);
    expect(slowest).toBeLessThan(deadlineMs + 50 + loop.mostMs());
    expect(app.events.map(({ type }) => type)).toContain('store.degraded');
    expect(lost).toBe(0);
    expect(backAfterMs).toBeLessThan(2_000 + 5 * loop.mostMs());

    // What was let through while it was away counts in the server that came back empty.
    const after = await Promise.all(Array.from({ length: victims }, (_, at) => attempt(app, { who: victim(at), password: 'one more guess of many', address: `10.99.0.${at}` })));
    expect(counted(after.map(({ status }) => status))).toBe(`429: ${victims}`);
  });
});
