import { describe, expect, it } from 'vitest';
import { BusyError, StoreError } from 'portcullis';
import type { CounterStore } from '../../src/ports/counter-store.ts';
import { setup, storeThat } from './setup.ts';

const failed = { name: 'StoreError', code: 'ERR_STORE', message: 'limiter: the counter store failed' };
const nonsense = { name: 'StoreError', code: 'ERR_STORE', message: 'limiter: the counter store answered nonsense' };

// ASVS 16.5.2, 16.5.3
describe('a counter store that is gone', () => {
  it.each<readonly [string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('connection lost'))],
    ['throws', () => { throw new TypeError('no client'); }],
    ['rejects without an Error', () => ({ then: (_: unknown, reject: (cause: string) => void) => { reject('gone'); } })],
    ['answers with what is no promise of ours and rejects', () => ({ then: (_: unknown, reject: (cause: Error) => void) => { reject(new Error('connection lost')); } })],
    ['rejects with another error of this library', () => Promise.reject(new BusyError('store: busy', 100))],
  ])('is ERR_STORE and one event, never a pass: it %s', async (_, answer) => {
    const { limiter, events } = setup({ store: storeThat(answer) });
    for (const ask of [() => limiter.take({ account: 'ann' }), () => limiter.peek({ account: 'ann' }), () => limiter.clear('account', 'ann')]) {
      events.length = 0;
      await expect(ask()).rejects.toMatchObject(failed);
      expect(events).toMatchObject([{ type: 'store.failed', store: 'counters' }]);
    }
  });

  it('keeps the cause, and tells events only the kind of it', async () => {
    const cause = Object.assign(new Error('refused for ann@example.test'), { code: 'ECONNREFUSED' });
    const { limiter, events } = setup({ store: storeThat(() => Promise.reject(cause)) });
    await expect(limiter.take({ account: 'ann' })).rejects.toMatchObject({ cause });
    expect(events).toEqual([{ type: 'store.failed', store: 'counters', error: 'Error ECONNREFUSED' }]);
  });

  it('passes on an ERR_STORE as it is', async () => {
    const { limiter } = setup({ store: storeThat(() => Promise.reject(new StoreError('redis: no answer'))) });
    await expect(limiter.take({ account: 'ann' })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'redis: no answer' });
  });

  it('is not hidden by observe mode', async () => {
    const { limiter } = setup({ mode: 'observe', store: storeThat(() => Promise.reject(new Error('gone'))) });
    await expect(limiter.take({ account: 'ann' })).rejects.toMatchObject(failed);
  });

  it('rejects a refund, and a second try does not give back twice', async () => {
    let gone = false;
    let refunds = 0;
    const { limiter, store } = setup();
    const flaky: CounterStore = { ...store, giveBack: (charges) => { refunds += 1; if (gone) throw new Error('gone'); return store.giveBack(charges); } };
    const { limiter: other, events } = setup({ store: flaky });
    const decision = await other.take({ account: 'ann' });
    gone = true;
    if (!decision.ok) throw new Error('expected a pass');
    await expect(other.refund(decision)).rejects.toMatchObject(failed);
    expect(events).toMatchObject([{ type: 'store.failed' }]);
    gone = false;
    await other.refund(decision);
    expect(refunds).toBe(1);
    expect(limiter.standings(await limiter.peek({ account: 'ann' }))).toMatchObject([{ remaining: 4 }]);
  });
});

describe('a counter store that is slow', () => {
  const late = { code: 'ERR_STORE', message: 'limiter: the counter store took longer than 50 ms' };

  it('counts as down after 50 ms, and what it answers later changes nothing', async () => {
    const answers: (() => void)[] = [];
    const { limiter, clock, events } = setup({ store: storeThat(() => new Promise((resolve) => { answers.push(() => { resolve({ allowed: true, aheadMs: [1] }); }); })) });
    const decision = limiter.take({ account: 'ann' });
    const settled = expect(decision).rejects.toMatchObject(late);
    await clock.advance(49);
    expect(events).toEqual([]);
    await clock.advance(1);
    await settled;
    expect(events).toEqual([{ type: 'store.failed', store: 'counters', error: 'StoreError ERR_STORE' }]);
    answers[0]?.();
    await clock.advance(1_000);
    expect(events).toHaveLength(1);
  });

  it('has as long as the option says', async () => {
    const { limiter, clock } = setup({ storeDeadlineMs: 500, store: storeThat(() => new Promise(() => undefined)) });
    const settled = expect(limiter.peek({ account: 'ann' })).rejects.toMatchObject({ message: 'limiter: the counter store took longer than 500 ms' });
    await clock.advance(500);
    await settled;
  });

  it('leaves no timer behind when it answered in time', async () => {
    const timers = new Set<symbol>();
    const { clock } = setup();
    const counted = { ...clock, after: () => { const timer = Symbol('timer'); timers.add(timer); return () => { timers.delete(timer); }; } };
    const { limiter } = setup({ clock: counted, store: storeThat(() => Promise.resolve({ allowed: true, aheadMs: [1] })) });
    await limiter.take({ account: 'ann' });
    expect(timers.size).toBe(0);
  });
});

describe('a counter store that lies', () => {
  it.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a yes', true],
    ['a word', 'allowed'],
    ['no list', { allowed: true }],
    ['a list that is too short', { allowed: true, aheadMs: [] }],
    ['a list that is too long', { allowed: true, aheadMs: [1, 1] }],
    ['something that only looks true', { allowed: 'false', aheadMs: [1] }],
    ['a number that is none', { allowed: true, aheadMs: [NaN] }],
    ['an endless time', { allowed: false, aheadMs: [Infinity] }],
    ['a time before now', { allowed: true, aheadMs: [-1] }],
    ['text for a number', { allowed: true, aheadMs: ['1'] }],
    ['a pass for a key that is far beyond its limit', { allowed: true, aheadMs: [10 * 300_000] }],
  ])('is ERR_STORE and one event: it answers %s', async (_, answer) => {
    for (const store of [storeThat(() => answer), storeThat(() => Promise.resolve(answer))]) {
      const { limiter, events } = setup({ store });
      await expect(limiter.take({ account: 'ann' })).rejects.toMatchObject({ code: 'ERR_STORE' });
      await expect(limiter.peek({ account: 'ann' })).rejects.toMatchObject(nonsense);
      expect(events.map(({ type }) => type)).toEqual(['store.failed', 'store.failed']);
    }
  });

  it('refuses for at least a moment when a store refuses without a reason', async () => {
    const { limiter } = setup({ store: storeThat(() => ({ allowed: false, aheadMs: [0, 0] })) });
    expect(await limiter.take({ address: 'a', account: 'ann' })).toMatchObject({ ok: false, rule: 'address', retryAfterMs: 1 });
  });
});
