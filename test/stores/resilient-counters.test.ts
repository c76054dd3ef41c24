import { describe, expect, it } from 'vitest';
import { counterStoreContract, fakeClock } from 'portcullis/testing';
import { memoryStore, resilientCounters, type CounterStore } from '../../src/index.ts';
import { countersUnderTest, minuteMs, type Weather } from './resilient-setup.ts';

const away: readonly Weather[] = ['down', 'hanging', 'deaf', 'lying'];

// ASVS 5.0 15.4.2, 2.3.4
describe('a resilient counter store whose store is there', () => {
  for (const { name, run } of counterStoreContract(() => {
    const clock = fakeClock();
    const store = resilientCounters({ ...memoryStore({ clock }), shared: true }, { clock });
    return { store, nowMs: () => clock.nowMs(), letTimePass: (byMs) => clock.advance(byMs), setClockBack: (byMs) => { clock.setWallMs(clock.nowMs() - byMs); }, close: () => { store.close(); } };
  })) it(name, run);

  it('is what stands behind it: nothing is charged twice and nothing is kept back', async () => {
    const { passed, behind, limiter, clock, events } = countersUnderTest();
    expect(await passed('ann', 7)).toBe(5);
    await clock.advance(5 * minuteMs);
    const decision = await limiter.take({ account: 'ann' });
    if (!decision.ok) throw new Error('expected a pass');
    await limiter.refund(decision);
    expect(await behind.peek(decision.charges)).toMatchObject({ allowed: true, aheadMs: [0] });
    expect(events.filter(({ type }) => type.startsWith('store.'))).toEqual([]);
  });
});

// ASVS 5.0 16.5.2, 16.5.3
describe.each(away)('a counter store that is %s', (weather) => {
  it('gives nobody more than the limit, begun before or not', async () => {
    const { passed, sky } = countersUnderTest();
    expect(await passed('ann', 3)).toBe(3);
    sky.weather = weather;
    expect(await passed('ann', 10)).toBe(2);
    expect(await passed('eve', 10)).toBe(5);
  });

  it('keeps out whom it had refused', async () => {
    const { passed, take, sky } = countersUnderTest({ processes: 4 });
    await passed('ann', 6);
    sky.weather = weather;
    const { ok, retryAfterMs } = await take('ann');
    expect(ok).toBe(false);
    expect(retryAfterMs).toBeGreaterThan(minuteMs / 2);
  });

  it('answers within the deadline, and at once when it is known', async () => {
    const { take, sky } = countersUnderTest();
    sky.weather = weather;
    const times: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) times.push((await take(`user-${attempt}`)).tookMs);
    expect(Math.max(...times)).toBeLessThanOrEqual(50);
    expect(times.slice(3)).toEqual([0, 0, 0]);
  });

  it('is told apart once, asked by probes alone, and told once when it is back', async () => {
    const { passed, sky, events, clock, sent, store } = countersUnderTest();
    sky.weather = weather;
    await passed('ann', 3);
    const asked = sent();
    await passed('bob', 5);
    expect(sent()).toBeLessThanOrEqual(asked + 1);
    expect(store.health()).toMatchObject({ state: 'degraded' });
    await clock.advance(20_000);
    // Two each second, and none of them for a person.
    expect(sent() - asked).toBeLessThanOrEqual(42);
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect(store.health()).toEqual({ state: 'ok' });
    const told = events.filter(({ type }) => type === 'store.degraded' || type === 'store.recovered');
    expect(told).toMatchObject([{ type: 'store.degraded', store: 'counters' }, { type: 'store.recovered', store: 'counters', lost: 0 }]);
    expect(JSON.stringify(told)).not.toContain('example.test');
  });

  it('learns what was charged while it was away', async () => {
    const { passed, sky, clock, behind } = countersUnderTest();
    sky.weather = weather;
    expect(await passed('ann', 9)).toBe(5);
    sky.weather = 'fine';
    await clock.advance(2_000);
    const rule = { name: 'sign-in/account', intervalMs: minuteMs, burst: 5 };
    expect((await behind.peek([{ rule, key: 'ann', cost: 1 }])).allowed).toBe(false);
    expect(await passed('ann', 3)).toBe(0);
  });

  it('is never replaced for a rule that denies without it', async () => {
    const { take, sky } = countersUnderTest();
    sky.weather = weather;
    for (let attempt = 0; attempt < 6; attempt += 1) await expect(take('ann', 'export')).rejects.toMatchObject({ code: 'ERR_STORE' });
  });
});

describe('the share of one process of several', () => {
  it.each([
    [1, 5], [2, 2], [4, 1], [5, 1], [50, 1],
  ])('of %i is %i of a limit of five', async (processes, share) => {
    const { passed, sky } = countersUnderTest({ processes });
    sky.weather = 'down';
    expect(await passed('ann', 12)).toBe(share);
  });

  it('gives back as much of it as was spent', async () => {
    const { limiter, passed, sky } = countersUnderTest({ processes: 2 });
    sky.weather = 'down';
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const decision = await limiter.take({ account: 'ann' });
      if (!decision.ok) throw new Error('expected a pass');
      await limiter.refund(decision);
    }
    expect(await passed('ann', 5)).toBe(2);
  });

  it('of all processes together gives back no faster than the limit', async () => {
    for (const processes of [1, 2, 3, 4, 7, 50]) {
      const { passed, take, sky, clock } = countersUnderTest({ processes });
      sky.weather = 'down';
      const first = await passed('ann', 6);
      let later = 0;
      for (let minute = 0; minute < 200; minute += 1) {
        await clock.advance(minuteMs);
        if ((await take('ann')).ok) later += 1;
      }
      expect((later * processes) / 200, `${processes} processes, ${first} at first`).toBeLessThanOrEqual(1.26);
    }
  });
});

describe('an outage', () => {
  it('is no time to give back what another process may have spent: a pass from before is given back to the store', async () => {
    const { limiter, sky, clock, behind, passed } = countersUnderTest();
    const decision = await limiter.take({ account: 'ann' });
    if (!decision.ok) throw new Error('expected a pass');
    sky.weather = 'down';
    await passed('bob', 4);
    await limiter.refund(decision);
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect((await behind.peek(decision.charges)).aheadMs).toEqual([0]);
  });

  it('of a burst of a thousand calls opens the breaker once', async () => {
    const { limiter, sky, events, clock } = countersUnderTest();
    sky.weather = 'hanging';
    const all = Promise.all(Array.from({ length: 1_000 }, (_, at) => limiter.take({ account: `user-${at}` })));
    await clock.advance(60);
    expect((await all).every(({ ok }) => ok)).toBe(true);
    expect(events.filter(({ type }) => type === 'store.degraded')).toHaveLength(1);
  });

  it('keeps no more than two thousand calls in a client that never answers', async () => {
    const { limiter, sky, sent, clock } = countersUnderTest();
    sky.weather = 'hanging';
    const all = Promise.all(Array.from({ length: 5_000 }, (_, at) => limiter.take({ account: `user-${at}` })));
    await clock.advance(60);
    await all;
    expect(sent()).toBe(2_000);
  });

  it('is no outage when one call in three fails: each such call is counted here, and told to the store soon', async () => {
    const { limiter, sky, events, clock, behind } = countersUnderTest();
    for (let attempt = 0; attempt < 30; attempt += 1) {
      sky.weather = attempt % 3 === 0 ? 'down' : 'fine';
      const decision = limiter.take({ account: `user-${attempt}` });
      await clock.advance(1);
      expect((await decision).ok).toBe(true);
    }
    expect(events.filter(({ type }) => type === 'store.degraded')).toEqual([]);
    sky.weather = 'fine';
    await clock.advance(1_000);
    const rule = { name: 'sign-in/account', intervalMs: minuteMs, burst: 5 };
    for (let attempt = 0; attempt < 30; attempt += 1) expect((await behind.peek([{ rule, key: `user-${attempt}`, cost: 5 }])).allowed, `user-${attempt}`).toBe(false);
  });

  it('of a moment gives back no unit that the store never charged, and none that it may have given back', async () => {
    const { limiter, sky, clock, behind } = countersUnderTest();
    const before = await limiter.take({ account: 'ann' });
    sky.weather = 'down';
    const within = await limiter.take({ account: 'ann' });
    if (!before.ok || !within.ok) throw new Error('expected passes');
    await limiter.refund(within);
    await limiter.refund(before);
    sky.weather = 'fine';
    await clock.advance(1_000);
    // The one that failed may have been done, and is not told again; the one that the store never heard of is not charged to it.
    expect((await behind.peek(before.charges)).aheadMs[0]).toBeGreaterThan(minuteMs / 2);
    expect((await behind.peek(before.charges)).aheadMs[0]).toBeLessThanOrEqual(minuteMs);
  });

  it('tells the store of ten thousand keys, and says how many it could not tell of', async () => {
    const { limiter, sky, events, clock } = countersUnderTest();
    sky.weather = 'down';
    for (let at = 0; at < 10_050; at += 1) await limiter.take({ account: `user-${at}` });
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect(events.filter(({ type }) => type === 'store.recovered')).toMatchObject([{ settled: 10_000, lost: 50 }]);
  });

  it('that comes back while the store is told leaves the rest for the next return', async () => {
    const { passed, sky, clock, store, behind } = countersUnderTest();
    sky.weather = 'down';
    await passed('ann', 3);
    sky.weather = 'deaf';
    await clock.advance(3_000);
    expect(store.health()).toMatchObject({ state: 'degraded' });
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect(store.health()).toEqual({ state: 'ok' });
    expect((await behind.peek([{ rule: { name: 'sign-in/account', intervalMs: minuteMs, burst: 5 }, key: 'ann', cost: 3 }])).allowed).toBe(false);
  });

  it('ends with the app: nobody probes after close', async () => {
    const { passed, sky, clock, sent, store } = countersUnderTest();
    sky.weather = 'down';
    await passed('ann', 3);
    store.close();
    const asked = sent();
    await clock.advance(minuteMs);
    expect(sent()).toBe(asked);
  });
});

// Whoever can make a store forget must not have a fresh start.
describe('a counter store that forgot everything', () => {
  it('while it was away is reminded of each key before it is charged again', async () => {
    const { passed, sky, clock, forget } = countersUnderTest();
    expect(await passed('ann', 6)).toBe(5);
    expect(await passed('bob', 3)).toBe(3);
    sky.weather = 'down';
    await passed('eve', 3);
    forget();
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect(await passed('ann', 5)).toBe(0);
    expect(await passed('bob', 5)).toBe(2);
    expect(await passed('eve', 5)).toBe(2);
    expect(await passed('new', 7)).toBe(5);
  });

  it('without having been away is noticed within a second of use', async () => {
    const { passed, take, clock, forget } = countersUnderTest();
    expect(await passed('ann', 6)).toBe(5);
    await clock.advance(2_000);
    forget();
    await take('somebody else');
    expect(await passed('ann', 5)).toBe(0);
  });

  it('is reminded once, whoever asks at the same time', async () => {
    const { passed, limiter, clock, forget } = countersUnderTest();
    expect(await passed('ann', 3)).toBe(3);
    await clock.advance(2_000);
    forget();
    await passed('somebody else', 1);
    const all = Promise.all(Array.from({ length: 50 }, () => limiter.take({ account: 'ann' })));
    await clock.advance(60);
    expect((await all).filter(({ ok }) => ok)).toHaveLength(2);
  });

  it('is told no more than is missing: another process may have told it already', async () => {
    const { passed, clock, behind, forget } = countersUnderTest();
    expect(await passed('ann', 3)).toBe(3);
    await clock.advance(2_000);
    forget();
    await passed('somebody else', 1);
    await behind.take([{ rule: { name: 'sign-in/account', intervalMs: minuteMs, burst: 5 }, key: 'ann', cost: 3 }]);
    expect(await passed('ann', 5)).toBe(2);
  });

  it('that goes away again while it is reminded is no way around the limit', async () => {
    const { passed, sky, clock, forget } = countersUnderTest();
    expect(await passed('ann', 6)).toBe(5);
    await clock.advance(2_000);
    forget();
    await passed('somebody else', 1);
    sky.weather = 'hanging';
    expect(await passed('ann', 5)).toBe(0);
  });
});

describe('resilientCounters', () => {
  it.each([
    [{ processes: 0 }, 'resilientCounters.processes: expected a whole number from 1 to 100000, got 0'],
    [{ deadlineMs: 0 }, 'resilientCounters.deadlineMs: expected a whole number from 1 to 10000, got 0'],
    [{ proceses: 2 }, 'resilientCounters.proceses: unknown option, did you mean "processes"?'],
  ])('refuses %j', (options, message) => {
    expect(() => resilientCounters(memoryStore(), options as object)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
  });

  it('refuses what is no store', () => {
    expect(() => resilientCounters({} as CounterStore)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }) as Error);
  });
});
