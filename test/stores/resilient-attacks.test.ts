import { createLimiter } from 'portcullis/limiter';
import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { memoryStore, resilientCounters, type CounterStore } from '../../src/index.ts';
import { countersUnderTest, minuteMs } from './resilient-setup.ts';

const rule = { name: 'sign-in/account', intervalMs: minuteMs, burst: 5 };
const spent = async (behind: CounterStore, key: string): Promise<number> => Math.round(((await behind.peek([{ rule, key, cost: 1 }])).aheadMs[0] as number) / minuteMs);

// ASVS 5.0 6.3.1, 16.5.2
describe('whoever makes the answers to refunds late', () => {
  it.each(['deaf', 'down', 'hanging'] as const)('has no unit twice (%s)', async (weather) => {
    const { limiter, passed, sky, clock, behind } = countersUnderTest();
    expect(await passed('ann', 3)).toBe(3);
    for (let turn = 0; turn < 2; turn += 1) {
      const pass = await limiter.take({ account: 'ann' });
      if (!pass.ok) throw new Error('expected a pass');
      sky.weather = weather;
      const refund = limiter.refund(pass);
      await clock.advance(60);
      await refund;
      sky.weather = 'fine';
      await clock.advance(1_000);
    }
    expect(await spent(behind, 'ann')).toBeGreaterThanOrEqual(3);
  });

  it('has none twice by what is told after an outage either', async () => {
    const { limiter, passed, sky, clock, behind, instead } = countersUnderTest();
    expect(await passed('ann', 3)).toBe(3);
    const pass = await limiter.take({ account: 'ann' });
    if (!pass.ok) throw new Error('expected a pass');
    sky.weather = 'down';
    await passed('bob', 3);
    await limiter.refund(pass);
    // It answers the probe and the look, does what it is told, and says nothing to refunds.
    sky.weather = 'fine';
    let told = 0;
    instead.giveBack = async (charges) => {
      told += 1;
      delete instead.giveBack;
      await behind.giveBack(charges);
      await new Promise(() => undefined);
    };
    await clock.advance(5_000);
    expect(told).toBe(1);
    expect(await spent(behind, 'ann')).toBe(3);
  });
});

describe('whoever makes every other call fail', () => {
  it('has no more than the limit by it', async () => {
    const { limiter, sky } = countersUnderTest();
    let passes = 0;
    for (let attempt = 0; attempt < 30; attempt += 1) {
      sky.weather = attempt % 3 === 2 ? 'fine' : 'down';
      if ((await limiter.take({ account: 'ann' })).ok) passes += 1;
    }
    expect(passes).toBeLessThanOrEqual(5);
  });

  it('keeps nobody short of attempts for longer than that: what could not be told is told again, and never after close', async () => {
    const { limiter, passed, sky, clock, behind, store } = countersUnderTest();
    const blip = async (): Promise<void> => {
      sky.weather = 'down';
      await limiter.take({ account: 'ann' });
      await clock.advance(600);
      sky.weather = 'fine';
    };
    await blip();
    expect(await spent(behind, 'ann')).toBe(0);
    await clock.advance(600);
    expect(await spent(behind, 'ann')).toBe(1);
    await clock.advance(10 * minuteMs);
    expect(await passed('ann', 6)).toBe(5);
    await clock.advance(10 * minuteMs);
    await blip();
    store.close();
    await clock.advance(minuteMs);
    expect(await spent(behind, 'ann')).toBe(0);
  });

  it('has at most the limit by a store that flaps every second, and the shares of the processes', async () => {
    const { limiter, otherProcess, sky, clock } = countersUnderTest({ processes: 2 });
    const limiters = [limiter, otherProcess()];
    let passes = 0;
    for (let second = 0; second < 60; second += 1) {
      sky.weather = second % 2 === 0 ? 'down' : 'fine';
      for (const each of limiters) {
        for (let attempt = 0; attempt < 4; attempt += 1) if ((await each.take({ account: 'ann' })).ok) passes += 1;
      }
      await clock.advance(1_000);
    }
    // One minute brings one unit back.
    expect(passes).toBeLessThanOrEqual(5 + 4 + 1);
  });
});

describe('a store that forgot everything', () => {
  it('is reminded by each process of what that one knows, whichever noticed first', async () => {
    const { passed, otherProcess, clock, forget } = countersUnderTest();
    const other = otherProcess();
    expect(await passed('ann', 5)).toBe(5);
    await other.take({ account: 'bob' });
    await clock.advance(1_000);
    forget();
    await other.take({ account: 'bob' });
    await clock.advance(300);
    await passed('somebody else', 1);
    expect(await passed('ann', 5)).toBe(0);
  });

  it('is told all that is left, also where others charge the key at that moment', async () => {
    const { passed, limiter, clock, behind, instead, forget } = countersUnderTest();
    expect(await passed('ann', 5)).toBe(5);
    await clock.advance(2_000);
    forget();
    await passed('somebody else', 1);
    let raced = 0;
    const racing: CounterStore['take'] = (charges) => {
      delete instead.take;
      if (raced < 2 && charges.some(({ key }) => key === 'ann')) {
        raced += 1;
        void behind.take([{ rule, key: 'ann', cost: 1 }]);
      }
      const answer = behind.take(charges);
      instead.take = racing;
      return answer;
    };
    instead.take = racing;
    expect((await limiter.take({ account: 'ann' })).ok).toBe(false);
    expect(raced).toBe(2);
    expect(await spent(behind, 'ann')).toBe(5);
  });

  it('does not take who has begun while it was away for one whose counters it lost', async () => {
    const { passed, sky, clock, behind } = countersUnderTest({ processes: 5 });
    sky.weather = 'down';
    expect(await passed('ann', 1)).toBe(1);
    await passed('bob', 3);
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect(await passed('ann', 1)).toBe(1);
    expect(await spent(behind, 'ann')).toBe(2);
  });

  it('knows marks for a day of silence and longer, and no process takes that for a loss', async () => {
    const { passed, clock, behind } = countersUnderTest();
    for (let hour = 0; hour < 50; hour += 1) {
      await passed('ann', 1);
      await clock.advance(60 * minuteMs);
    }
    expect(await passed('ann', 6)).toBe(5);
    expect(await spent(behind, 'ann')).toBe(5);
  });
});

describe('a flood during an outage', () => {
  it('hides nobody\'s attempts from the store: what could not be told is told before the key is charged', async () => {
    const { limiter, passed, sky, clock } = countersUnderTest();
    await passed('early', 1);
    sky.weather = 'down';
    for (let at = 0; at < 10_000; at += 1) await limiter.take({ account: `user-${at}` });
    expect(await passed('ann', 6)).toBe(5);
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect(await passed('ann', 5)).toBe(0);
  });

  it('gives back nothing that the store was never told of', async () => {
    const { limiter, passed, sky, clock, behind } = countersUnderTest();
    sky.weather = 'down';
    for (let at = 0; at < 10_000; at += 1) await limiter.take({ account: `user-${at}` });
    const pass = await limiter.take({ account: 'ann' });
    if (!pass.ok) throw new Error('expected a pass');
    sky.weather = 'fine';
    await clock.advance(2_000);
    await behind.take([{ rule, key: 'ann', cost: 3 }]);
    await limiter.refund(pass);
    expect(await spent(behind, 'ann')).toBe(3);
    expect(await passed('new', 6)).toBe(5);
  });
});

describe('a store that lies', () => {
  it('keeps nobody out for longer than a whole window of the limit', async () => {
    const clock = fakeClock();
    const inner = memoryStore({ clock });
    let answer: 'lie' | 'truth' | 'none' = 'lie';
    const store = resilientCounters({
      ...inner,
      shared: true,
      take: (charges) => {
        if (answer === 'none') throw new Error('gone');
        return answer === 'lie' ? { allowed: false, aheadMs: charges.map(() => 1e300) } : inner.take(charges);
      },
    }, { clock });
    const limiter = createLimiter({ name: 'sign-in', store, clock, rules: { account: { limit: 5, windowMs: 5 * minuteMs } } });
    expect((await limiter.take({ account: 'ann' })).ok).toBe(false);
    answer = 'none';
    expect((await limiter.take({ account: 'ann' })).ok).toBe(false);
    await clock.advance(5 * minuteMs);
    expect((await limiter.take({ account: 'ann' })).ok).toBe(true);
  });

  it('is no limiter\'s to mark: not even one of the library\'s own name', async () => {
    const { store, clock, passed } = countersUnderTest();
    const limiter = createLimiter({ name: 'portcullis', store, clock, rules: { mark: { limit: 1, windowMs: minuteMs }, probe: { limit: 1, windowMs: minuteMs } } });
    expect((await limiter.take({ mark: 'mark', probe: 'probe' })).ok).toBe(true);
    expect((await limiter.take({ mark: 'mark', probe: 'probe' })).ok).toBe(false);
    expect(await passed('ann', 6)).toBe(5);
  });
});
