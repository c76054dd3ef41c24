import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { standingOf } from '../../src/kernel/counting.ts';
import type { CounterCharge, CounterRule } from '../../src/ports/counter-store.ts';
import { fakeClock } from 'portcullis/testing';
import { bytesInUse } from '../support/collect.ts';
import { eventRecorder } from '../support/recorder.ts';

const hourMs = 3_600_000;
const hourly = (burst: number): CounterRule => ({ name: 'hourly', intervalMs: hourMs / burst, burst });

function setup(maxKeys = 100) {
  const clock = fakeClock();
  const recorder = eventRecorder();
  const store = memoryStore({ maxKeys, clock, emit: recorder.emit });
  const take = (rule: CounterRule, key: string, cost = 1) => store.take([{ rule, key, cost }]) as { allowed: boolean; aheadMs: readonly number[] };
  const allowed = (rule: CounterRule, key: string) => take(rule, key).allowed;
  return { clock, store, take, allowed, ...recorder };
}

describe('a memory store under a flood of fresh keys', () => {
  it('still refuses a key that used up its limit after 1,000,000 fresh keys', { timeout: 60_000 }, () => {
    const { take, allowed } = setup(100_000);
    const rule = hourly(5);
    for (const victim of ['spent-1', 'spent-2', 'spent-3']) take(rule, victim, 5);
    for (let index = 0; index < 1_000_000; index += 1) take(rule, `fresh-${index}`);
    for (const victim of ['spent-1', 'spent-2', 'spent-3']) expect(allowed(rule, victim)).toBe(false);
  });

  it('still refuses it when the flood uses up each of its keys as well', () => {
    const { take, allowed } = setup(1_000);
    const rule = hourly(3);
    take(rule, 'spent', 3);
    for (let index = 0; index < 50_000; index += 1) take(rule, `fresh-${index}`, 3);
    expect(allowed(rule, 'spent')).toBe(false);
  });

  it('gives a spent key back only what time refilled', async () => {
    const { clock, take, allowed } = setup(1_000);
    const rule = hourly(4);
    take(rule, 'spent', 4);
    for (let index = 0; index < 20_000; index += 1) take(rule, `fresh-${index}`);
    await clock.advance(hourMs / 4);
    expect([allowed(rule, 'spent'), allowed(rule, 'spent')]).toEqual([true, false]);
  });

  it('takes the slot of the least spent of eight, so that who spent most is kept', () => {
    const { take, store } = setup(8);
    const rule = hourly(10);
    for (let units = 2; units <= 9; units += 1) take(rule, `spent-${units}`, units);
    take(rule, 'newcomer');
    const ahead = (key: string) => (store.peek([{ rule, key, cost: 1 }]) as { aheadMs: readonly number[] }).aheadMs[0];
    expect(ahead('spent-2')).toBe(0);
    for (let units = 3; units <= 9; units += 1) expect(ahead(`spent-${units}`)).toBeGreaterThan(0);
  });

  it('lets all new keys share one strict limit when every slot is spent, and says so once a minute', async () => {
    const { clock, take, allowed, events } = setup(50);
    const rule = hourly(3);
    for (let index = 0; index < 50; index += 1) take(rule, `spent-${index}`, 3);
    expect(events).toEqual([]);
    const answers = Array.from({ length: 40 }, (_, index) => allowed(rule, `new-${index}`));
    expect(answers).toEqual([true, true, true, ...new Array<boolean>(37).fill(false)]);
    expect(events).toEqual([{ type: 'limiter.overflow', rule: 'hourly' }]);
    await clock.advance(60_000);
    allowed(rule, 'another');
    expect(events).toHaveLength(2);
  });

  it('ends the overflow when time has given slots back', async () => {
    const { clock, take, allowed } = setup(20);
    const rule = hourly(3);
    for (let index = 0; index < 40; index += 1) take(rule, `spent-${index}`, 3);
    await clock.advance(hourMs);
    expect(Array.from({ length: 20 }, (_, index) => allowed(rule, `new-${index}`))).toEqual(new Array<boolean>(20).fill(true));
  });

  it('keeps one overflow limit for each rule', () => {
    const { take, allowed } = setup(8);
    const [one, two] = [hourly(1), { ...hourly(1), name: 'other' }];
    for (let index = 0; index < 8; index += 1) {
      take(one, `spent-${index}`);
      take(two, `spent-${index}`);
    }
    expect([allowed(one, 'new'), allowed(one, 'new'), allowed(two, 'new'), allowed(two, 'new')]).toEqual([true, false, true, false]);
  });

  it('answers a peek at a new key as the overflow would, and moves nothing', () => {
    const { take, store } = setup(8);
    const rule = hourly(1);
    for (let index = 0; index < 9; index += 1) take(rule, `spent-${index}`);
    const peek = () => (store.peek([{ rule, key: 'new', cost: 1 }]) as { allowed: boolean }).allowed;
    expect([peek(), peek(), take(rule, 'new').allowed]).toEqual([false, false, false]);
  });

  it('refunds to the overflow what the overflow paid, and nothing that another key lost', () => {
    const { take, allowed, store } = setup(8);
    const rule = hourly(2);
    const early: CounterCharge = { rule, key: 'early', cost: 1 };
    void store.take([early]);
    for (let index = 0; index < 8; index += 1) take(rule, `spent-${index}`, 2);
    const shared: CounterCharge = { rule, key: 'shared', cost: 2 };
    expect((store.take([shared]) as { allowed: boolean }).allowed).toBe(true);
    expect(allowed(rule, 'new')).toBe(false);
    // "early" was pushed out by the last of the spent keys: its refund belongs to nobody.
    void store.giveBack([early]);
    expect(allowed(rule, 'new')).toBe(false);
    void store.giveBack([shared]);
    expect([allowed(rule, 'new'), allowed(rule, 'new'), allowed(rule, 'new')]).toEqual([true, true, false]);
  });
});

describe('the counters of a memory store', () => {
  it('grow no further than their bound: memory stays flat while keys pass through', { timeout: 60_000 }, async () => {
    const { take } = setup(1_000);
    for (let index = 0; index < 20_000; index += 1) take(hourly(5), `warm-${index}`);
    const before = await bytesInUse();
    for (let index = 0; index < 200_000; index += 1) take(hourly(5), `fresh-${index}`.padEnd(120, '.'));
    // 200,000 kept keys of 120 characters would be at least 24 MB.
    expect((await bytesInUse()) - before).toBeLessThan(4_000_000);
  });

  it('keep a digest of a long key and not the key', async () => {
    const { take } = setup(1_000);
    const before = await bytesInUse();
    for (let index = 0; index < 100; index += 1) take(hourly(5), `${index} ${'x'.repeat(1_000_000)}`);
    expect((await bytesInUse()) - before).toBeLessThan(4_000_000);
  });

  it('keep a copy of a key and not the request that it was cut out of', async () => {
    const { take } = setup(1_000);
    const before = await bytesInUse();
    for (let index = 0; index < 100; index += 1) take(hourly(5), `${index} user${index}@example.test ${'x'.repeat(1_000_000)}`.slice(0, 24));
    expect((await bytesInUse()) - before).toBeLessThan(4_000_000);
  });

  it('set no timer, however many keys there are', () => {
    let timers = 0;
    const store = memoryStore({ clock: { ...fakeClock(), after: () => { timers += 1; return () => undefined; } } });
    for (let index = 0; index < 1_000; index += 1) void store.take([{ rule: hourly(5), key: `key-${index}`, cost: 1 }]);
    expect(timers).toBe(0);
  });

  // ASVS 6.5.8
  it('do not move when the wall clock is set back or forth', () => {
    const { clock, allowed } = setup();
    const rule = hourly(1);
    allowed(rule, 'a');
    for (const wallMs of [0, 4_000_000_000_000, 1]) {
      clock.setWallMs(wallMs);
      expect(allowed(rule, 'a')).toBe(false);
    }
  });

  it('know a rule again whose numbers were changed, with what its keys have spent', () => {
    const { take } = setup(8);
    for (let index = 0; index < 8; index += 1) take({ name: 'r', intervalMs: 1_000, burst: 1 }, `key-${index}`);
    const wider: CounterRule = { name: 'r', intervalMs: 1_000, burst: 5 };
    expect(take(wider, 'key-0', 5).allowed).toBe(false);
    expect(take(wider, 'new', 5).allowed).toBe(true);
  });

  it('decide by the numbers of the rule that was changed, not by what was kept of those before', () => {
    const { take, allowed } = setup();
    const wide: CounterRule = { name: 'hourly', intervalMs: 1_000, burst: 1_000_000 };
    const narrow: CounterRule = { name: 'hourly', intervalMs: 100, burst: 1 };
    take(wide, 'somebody');
    expect([allowed(narrow, 'k'), allowed(narrow, 'k')]).toEqual([true, false]);
  });

  it('charge two new keys of one rule each, also when both fall on the same slot', () => {
    const { take, store } = setup(8);
    const rule = hourly(4);
    for (let index = 0; index < 8; index += 1) take(rule, `spent-${index}`, 4);
    const pair = ['a', 'b'].map((key) => ({ rule, key, cost: 2 }));
    expect((store.take(pair) as { allowed: boolean }).allowed).toBe(true);
    expect((store.take(pair) as { allowed: boolean }).allowed).toBe(false);
    expect(take(rule, 'c').allowed).toBe(false);
  });

  it('refuse wrong options by name', () => {
    expect(() => memoryStore({ maxKeys: 7 })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'memoryStore.maxKeys: expected a whole number from 8 to 10000000, got 7' }));
    expect(() => memoryStore({ maxkeys: 10 } as object)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'memoryStore.maxkeys: unknown option, did you mean "maxKeys"?' }));
  });
});

describe('one key of a memory store, whatever happens to it', () => {
  const actions = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('take' as const), cost: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ do: fc.constant('giveBack' as const), cost: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
    ),
    { maxLength: 80 },
  );
  const rules = fc.record({ limit: fc.integer({ min: 1, max: 1_000 }), windowMs: fc.integer({ min: 100, max: 34_560_000_000 }), burst: fc.integer({ min: 8, max: 2_000 }) });

  it('never passes more than burst and time allow, and what it is told of itself is true', () => {
    fc.assert(
      fc.property(rules, actions, fc.integer({ min: 0, max: 3_000_000_000 }), ({ limit, windowMs, burst }, steps, startMs) => {
        let nowMs = startMs;
        const store = memoryStore({ clock: { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => undefined } });
        const rule: CounterRule = { name: 'r', intervalMs: windowMs / limit, burst };
        let left = burst;
        let at = nowMs;
        for (const step of steps) {
          if (step.do === 'wait') nowMs += step.ms;
          left = Math.min(burst, left + (nowMs - at) / rule.intervalMs);
          at = nowMs;
          if (step.do === 'wait') continue;
          const charge: CounterCharge = { rule, key: 'k', cost: step.cost };
          if (step.do === 'giveBack') {
            void store.giveBack([charge]);
            left = Math.min(burst, left + step.cost);
            continue;
          }
          const verdict = store.take([charge]) as { allowed: boolean; aheadMs: readonly number[] };
          // The model and the store may differ by roundings, never by a hundredth of a unit.
          if (verdict.allowed) expect(left).toBeGreaterThan(step.cost - 0.01);
          else expect(left).toBeLessThan(step.cost + 0.01);
          if (verdict.allowed) left -= step.cost;
          const standing = standingOf(charge, { allowed: verdict.allowed, aheadMs: verdict.aheadMs[0] ?? -1 });
          expect(standing.remaining).toBeGreaterThanOrEqual(0);
          expect(standing.remaining).toBeLessThanOrEqual(burst);
          expect(Math.abs(standing.remaining - Math.max(0, left))).toBeLessThan(1.01);
          if (!verdict.allowed) {
            expect(standing.retryAfterMs).toBeGreaterThan(0);
            nowMs += standing.retryAfterMs;
            expect((store.peek([charge]) as { allowed: boolean }).allowed).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('passes exactly its burst at once, from 100 a millisecond to one in 400 days', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 34_560_000_000, noNaN: true }), fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 0, max: 1_000_000_000 }), (intervalMs, burst, startMs) => {
        const store = memoryStore({ clock: { nowMs: () => startMs, monotonicMs: () => startMs, after: () => () => undefined } });
        const charges = [{ rule: { name: 'r', intervalMs, burst }, key: 'k', cost: 1 }];
        let passed = 0;
        for (let turn = 0; turn < burst + 2; turn += 1) if ((store.take(charges) as { allowed: boolean }).allowed) passed += 1;
        expect(passed).toBe(burst);
      }),
      { numRuns: 200 },
    );
  });
});
