import { describe, expect, it } from 'vitest';
import { memoryStore, type CounterStore } from 'portcullis';
import { createLimiter, type Limiter } from 'portcullis/limiter';
import { frameworks } from './frameworks.ts';

function limiterOver(store: Partial<CounterStore> = {}, limit = 2): Limiter<'address'> {
  return createLimiter({ name: 'api', rules: { address: { limit, windowMs: 60_000 } }, store: { ...memoryStore(), ...store } });
}

describe.each(frameworks)('limitRequests on %s, whichever limiter it is given,', (_name, framework) => {
  const start = (limiter: Limiter<'address'>): Promise<string> => framework.startLimited({ limiter, keys: ({ address }) => ({ address }) });
  const statuses = async (url: string, times: number): Promise<readonly number[]> => {
    const all: number[] = [];
    for (let turn = 0; turn < times; turn += 1) all.push((await fetch(url)).status);
    return all;
  };

  it.each<readonly [string, () => CounterStore['take']]>([
    ['at once', () => { const store = memoryStore(); return (charges) => store.take(charges); }],
    ['later', () => { const store = memoryStore(); return async (charges) => store.take(charges); }],
    ['by a thenable of its own', () => { const store = memoryStore(); return (charges) => ({ then: (answered: (verdict: unknown) => void) => { answered(store.take(charges)); } }) as never; }],
  ])('counts a store that answers %s the same', async (_how, take) => {
    expect(await statuses(await start(limiterOver({ take: take() })), 4)).toEqual([200, 200, 429, 429]);
  });

  // An app that puts something of its own around the limiter is not passed by.
  it.each<readonly [string, (limiter: Limiter<'address'>, take: Limiter<'address'>['take']) => Limiter<'address'>]>([
    ['a copy', (limiter, take) => ({ ...limiter, take })],
    ['a copy with all that it owns', (limiter, take) => Object.create(null, { ...Object.getOwnPropertyDescriptors(limiter), take: { value: take } }) as typeof limiter],
    ['an heir', (limiter, take) => Object.create(limiter, { take: { value: take } }) as typeof limiter],
    ['a proxy', (limiter, take) => new Proxy({ ...limiter }, { get: (target, name): unknown => (name === 'take' ? take : Reflect.get(target, name)) })],
    ['an object of its own', (limiter, take) => ({ take, headers: (decision) => limiter.headers(decision) }) as typeof limiter],
  ])('asks %s in its place by its own take', async (_what, wrap) => {
    const limiter = limiterOver();
    let asked = 0;
    const url = await start(wrap(limiter, (...given) => { asked += 1; return limiter.take(...given); }));
    expect([await statuses(url, 3), asked]).toEqual([[200, 200, 429], 3]);
  });

  // ASVS 5.0 16.5.3
  it.each<readonly [string, unknown]>([['nothing', undefined], ['true', true], ['a count', 1], ['no word of whether', {}], ['a text', 'ok']])('goes on with nobody when one in its place answers %s', async (_what, answer) => {
    for (const given of [answer, Promise.resolve(answer)]) {
      const url = await start({ ...limiterOver(), take: (() => given) as never });
      expect(await statuses(url, 2)).toEqual([500, 500]);
    }
  });

  it('lets exactly the limit through of fifty at once', async () => {
    const url = await start(limiterOver({}, 7));
    const all = await Promise.all(Array.from({ length: 50 }, async () => (await fetch(url)).status));
    expect(all.filter((status) => status === 200)).toHaveLength(7);
    expect(all.filter((status) => status === 429)).toHaveLength(43);
  });
});
