import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter, type LimiterDecision, type LimiterPass } from 'portcullis/limiter';
import { fakeClock } from 'portcullis/testing';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { minuteMs, setup } from './setup.ts';

function passOf(decision: LimiterDecision): LimiterPass {
  if (!decision.ok) throw new Error('expected a pass');
  return decision;
}

describe('several rules in one decision', () => {
  it('lets through until the first of them is used up, and names the one that refuses for the longest time', async () => {
    const { limiter } = setup();
    for (let turn = 0; turn < 5; turn += 1) expect(await limiter.take({ address: '1.2.3.4', account: 'ann' })).toMatchObject({ ok: true, charged: true });
    expect(await limiter.take({ address: '1.2.3.4', account: 'ann' })).toMatchObject({ ok: false, rule: 'account', retryAfterMs: minuteMs });
  });

  // ASVS 6.3.1
  it('charges none of them when one refuses: a blocked account costs an address nothing', async () => {
    const { limiter } = setup();
    for (let turn = 0; turn < 40; turn += 1) await limiter.take({ address: '1.2.3.4', account: 'ann' });
    const decision = await limiter.peek({ address: '1.2.3.4' });
    expect(limiter.standings(decision)).toMatchObject([{ rule: 'address', remaining: 5 }]);
  });

  it('counts only the rules that a key is given for', async () => {
    const { limiter } = setup();
    for (let turn = 0; turn < 10; turn += 1) expect((await limiter.take({ address: '1.2.3.4', account: undefined })).ok).toBe(true);
    expect((await limiter.take({ address: '1.2.3.4' })).ok).toBe(false);
    expect((await limiter.take({ account: 'ann' })).ok).toBe(true);
  });

  it('refuses to decide about nobody, about rules it does not have and about keys that are no strings', async () => {
    const { limiter } = setup();
    const take = (keys: object): Promise<unknown> => limiter.take(keys);
    await expect(take({})).rejects.toMatchObject({ name: 'TypeError', message: 'limiter: expected a key for at least one rule' });
    await expect(take({ adress: '1.2.3.4' })).rejects.toMatchObject({ name: 'TypeError', message: 'limiter: there is no rule "adress"' });
    await expect(take(JSON.parse('{"__proto__":"x"}') as object)).rejects.toMatchObject({ name: 'TypeError', message: 'limiter: there is no rule "__proto__"' });
    for (const account of [null, 7, ['ann'], { $gt: '' }, Symbol('ann')]) {
      await expect(take({ account })).rejects.toMatchObject({ name: 'TypeError', message: 'limiter: expected a string as the key of "account"' });
    }
  });

  // ASVS 15.4.2
  it('lets exactly the limit through when a thousand attempts arrive at once', async () => {
    const { limiter } = setup();
    const decisions = await Promise.all(Array.from({ length: 1_000 }, (_, index) => limiter.take({ address: `10.0.0.${index % 200}`, account: 'ann' })));
    expect(decisions.filter(({ ok }) => ok)).toHaveLength(5);
  });

  it('waits for exactly as long as it said', async () => {
    const { limiter, clock } = setup();
    for (let turn = 0; turn < 5; turn += 1) await limiter.take({ account: 'ann' });
    const refusal = await limiter.take({ account: 'ann' });
    if (refusal.ok) throw new Error('expected a refusal');
    await clock.advance(refusal.retryAfterMs - 1);
    expect((await limiter.take({ account: 'ann' })).ok).toBe(false);
    await clock.advance(1);
    expect((await limiter.take({ account: 'ann' })).ok).toBe(true);
  });

  it('lets its burst through at once after idling and its limit from then on', async () => {
    const { limiter, clock } = setup({ rules: { address: { limit: 60, windowMs: minuteMs, burst: 10 } } });
    const passed = async () => (await Promise.all(Array.from({ length: 100 }, () => limiter.take({ address: 'a' })))).filter(({ ok }) => ok).length;
    expect(await passed()).toBe(10);
    await clock.advance(1_000);
    expect(await passed()).toBe(1);
    await clock.advance(minuteMs);
    expect(await passed()).toBe(10);
  });

  it('never lets more through in any window than burst and limit together, nor twice the limit at an edge', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 }), async (limit, burst, pauses) => {
        const windowMs = 1_000;
        let nowMs = 0;
        const clock = { ...fakeClock(), monotonicMs: () => nowMs };
        const limiter = createLimiter({ name: 'l', clock, store: memoryStore({ clock }), rules: { r: { limit, windowMs, burst } } });
        const passes: number[] = [];
        for (const pause of pauses) {
          nowMs += pause;
          for (let turn = 0; turn < 3; turn += 1) if ((await limiter.take({ r: 'k' })).ok) passes.push(nowMs);
        }
        for (const from of passes) {
          for (const span of [1, 100, windowMs]) {
            const seen = passes.filter((at) => at >= from && at < from + span).length;
            expect(seen).toBeLessThanOrEqual(burst + (span * limit) / windowMs + 1e-6);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('what an attempt costs', () => {
  it('charges the weight it is given, to every rule', async () => {
    const { limiter } = setup();
    const decision = await limiter.take({ address: 'a', account: 'ann' }, { cost: 4 });
    expect(limiter.standings(decision)).toMatchObject([{ rule: 'address', remaining: 6 }, { rule: 'account', remaining: 1 }]);
    expect((await limiter.take({ account: 'ann' }, { cost: 2 })).ok).toBe(false);
    expect((await limiter.take({ account: 'ann' }, { cost: 1 })).ok).toBe(true);
  });

  it('refuses a weight that could never pass or is no whole number', async () => {
    const { limiter } = setup();
    for (const cost of [0, -1, 0.5, 1.5, 6, NaN, Infinity]) {
      await expect(limiter.take({ account: 'ann' }, { cost })).rejects.toMatchObject({ name: 'RangeError', message: `limiter: expected a cost from 1 to the burst of "account", 5, got ${cost}` });
    }
  });
});

describe('a refund', () => {
  it('gives an attempt that was right back to every key', async () => {
    const { limiter } = setup();
    for (let turn = 0; turn < 50; turn += 1) await limiter.refund(passOf(await limiter.take({ address: 'a', account: 'ann' })));
    expect(limiter.standings(await limiter.peek({ address: 'a', account: 'ann' }))).toMatchObject([{ remaining: 10 }, { remaining: 5 }]);
  });

  it('counts once, however often and however parallel it is asked for, also for a copy of the pass', async () => {
    const { limiter } = setup();
    await limiter.take({ account: 'ann' }, { cost: 3 });
    const pass = passOf(await limiter.take({ account: 'ann' }));
    await Promise.all([limiter.refund(pass), limiter.refund(pass), limiter.refund({ ...pass })]);
    await limiter.refund(pass);
    expect(limiter.standings(await limiter.peek({ account: 'ann' }))).toMatchObject([{ remaining: 2 }]);
  });

  it('gives nothing for a peek, a refusal or an observed pass, because nothing was taken', async () => {
    const { limiter, store } = setup();
    const watching = createLimiter({ name: 'sign-in', store, mode: 'observe', rules: { account: { limit: 5, windowMs: 5 * minuteMs } } });
    await limiter.refund(passOf(await limiter.peek({ account: 'ann' })));
    for (let turn = 0; turn < 5; turn += 1) await limiter.take({ account: 'ann' });
    await limiter.refund((await limiter.take({ account: 'ann' })) as LimiterPass);
    await watching.refund(passOf(await watching.take({ account: 'ann' })));
    expect((await limiter.peek({ account: 'ann' })).ok).toBe(false);
  });

  it('refuses the pass of another limiter', async () => {
    const { limiter, store } = setup();
    const other = createLimiter({ name: 'other', store, rules: { account: { limit: 5, windowMs: minuteMs } } });
    await expect(other.refund(passOf(await limiter.take({ account: 'ann' })))).rejects.toMatchObject({ name: 'TypeError', message: "limiter: this pass is another limiter's" });
  });
});

describe('peek and clear', () => {
  it('show what a take would decide without charging or reporting anything', async () => {
    const { limiter, events } = setup();
    for (let turn = 0; turn < 9; turn += 1) expect(await limiter.peek({ account: 'ann' }, { cost: 5 })).toMatchObject({ ok: true, charged: false });
    await limiter.take({ account: 'ann' }, { cost: 5 });
    expect(await limiter.peek({ account: 'ann' })).toMatchObject({ ok: false, rule: 'account', retryAfterMs: minuteMs });
    expect(events).toEqual([]);
  });

  it('forget one key of one rule, and no other', async () => {
    const { limiter } = setup();
    for (const account of ['ann', 'bob']) await limiter.take({ account }, { cost: 5 });
    await limiter.clear('account', 'ann');
    expect((await limiter.peek({ account: 'ann' })).ok).toBe(true);
    expect((await limiter.peek({ account: 'bob' })).ok).toBe(false);
    await expect(limiter.clear('acount' as 'account', 'ann')).rejects.toMatchObject({ name: 'TypeError', message: 'limiter: there is no rule "acount"' });
  });
});

describe('observe mode', () => {
  it('lets everything through, and reports what it would have refused', async () => {
    const { limiter, events } = setup({ mode: 'observe' });
    for (let turn = 0; turn < 5; turn += 1) expect(await limiter.take({ account: 'ann' })).toMatchObject({ ok: true, charged: true, observed: undefined });
    expect(await limiter.take({ account: 'ann' })).toMatchObject({ ok: true, charged: false, observed: 'account' });
    expect(events).toEqual([{ type: 'limiter.refused', limiter: 'sign-in', rule: 'account', enforced: false, retryAfterMs: minuteMs }]);
  });

  it('still shows where the keys stand', async () => {
    const { limiter } = setup({ mode: 'observe', headers: 'draft-11' });
    for (let turn = 0; turn < 6; turn += 1) await limiter.take({ account: 'ann' });
    const decision = await limiter.take({ account: 'ann' });
    expect(limiter.standings(decision)).toEqual([{ rule: 'account', remaining: 0, retryAfterMs: minuteMs, fullAfterMs: 5 * minuteMs }]);
    expect(limiter.headers(decision)).toEqual({ 'RateLimit-Policy': '"account";q=5;w=300', RateLimit: '"account";r=0;t=60' });
  });
});

describe('a refusal', () => {
  it('is one event, about whom the caller names', async () => {
    const { limiter, events } = setup();
    await limiter.take({ account: 'ann' }, { cost: 5 });
    await limiter.take({ account: 'ann' }, { about: { accountId: '17', address: '1.2.3.4' } });
    expect(events).toEqual([{ type: 'limiter.refused', limiter: 'sign-in', rule: 'account', enforced: true, retryAfterMs: minuteMs, accountId: '17', address: '1.2.3.4' }]);
  });

  // ASVS 6.3.8
  it('is the same for a name that exists and one that does not, from the first attempt to the last', async () => {
    const { limiter } = setup();
    const walk = async (account: string) => {
      const seen: object[] = [];
      for (let turn = 0; turn < 8; turn += 1) {
        const decision = await limiter.take({ account });
        seen.push({ ok: decision.ok, standings: limiter.standings(decision), retryAfterMs: decision.ok ? undefined : decision.retryAfterMs });
      }
      return seen;
    };
    expect(await walk('nobody@example.test')).toEqual(await walk('ann@example.test'));
  });
});

describe('keys of different rules and limiters', () => {
  // ASVS 8.4.1
  it('never meet, however they are written', async () => {
    const part = fc.stringMatching(/^[ab:/|._-]{0,4}$/);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'a.b'), fc.constantFrom('a', 'b', 'a-b'), part), { minLength: 2, maxLength: 12, selector: (parts) => JSON.stringify(parts) }), async (triples) => {
        const store = memoryStore();
        const limiters = new Map(['a', 'b', 'a.b'].map((name) => [name, createLimiter({ name, store, rules: { a: { limit: 1, windowMs: minuteMs }, b: { limit: 1, windowMs: minuteMs }, 'a-b': { limit: 1, windowMs: minuteMs } } })]));
        for (const [limiter, rule, key] of triples) expect((await limiters.get(limiter)?.take({ [rule]: key }))?.ok).toBe(true);
        for (const [limiter, rule, key] of triples) expect((await limiters.get(limiter)?.take({ [rule]: key }))?.ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  // ASVS 15.3.6
  it('may be called as the members of every object', async () => {
    const { limiter } = setup({ rules: { constructor: { limit: 1, windowMs: minuteMs }, 'to-string': { limit: 1, windowMs: minuteMs } } });
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString']) {
      expect((await limiter.take({ constructor: key })).ok).toBe(true);
      expect((await limiter.take({ constructor: key })).ok).toBe(false);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
