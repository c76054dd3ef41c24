import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore, type CounterStore } from 'portcullis';
import { createLimiter, type HeaderForm } from 'portcullis/limiter';
import { frameworks, type LimitSetup } from './frameworks.ts';

describe.each(frameworks)('limitRequests on %s', (_name, framework) => {
  function start(options: { readonly store?: CounterStore; readonly headers?: HeaderForm } = {}, around: Partial<LimitSetup> = {}): Promise<string> {
    const limiter = createLimiter({ name: 'api', rules: { address: { limit: 3, windowMs: 60_000 } }, store: memoryStore(), ...options });
    return framework.startLimited({ limiter, keys: ({ address }) => ({ address }), ...around });
  }

  it('lets three through and refuses the fourth with 429, Retry-After and a problem document', async () => {
    const url = await start();
    for (let turn = 0; turn < 3; turn += 1) expect((await fetch(url)).status).toBe(200);
    const refused = await fetch(url, { headers: { accept: 'application/json' } });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('cache-control'), refused.headers.get('content-type')]).toEqual([429, '20', 'no-store', 'application/problem+json']);
    expect(await refused.json()).toMatchObject({ status: 429, title: 'Too many requests' });
    expect(await (await fetch(url, { headers: { accept: 'text/html' } })).text()).toContain('<h1>Too many requests</h1>');
  });

  it.each([
    ['*/*', 'application/problem+json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
    ['application/json', 'application/problem+json'],
    ['image/png', 'application/problem+json'],
  ])('answers who accepts %s in %s', async (accept, type) => {
    const url = await start();
    for (let turn = 0; turn < 3; turn += 1) await fetch(url);
    expect((await fetch(url, { headers: { accept } })).headers.get('content-type')).toBe(type);
  });

  it('tells where the client stands, if asked to', async () => {
    const url = await start({ headers: 'draft-11' });
    const response = await fetch(url);
    expect(response.headers.get('ratelimit-policy')).toBe('"address";q=3;w=60');
    expect(response.headers.get('ratelimit')).toBe('"address";r=2;t=20');
    const silent = await fetch(await start());
    expect(silent.headers.get('ratelimit')).toBe(null);
  });

  // checklist 106; ASVS 16.5.4
  it.each([
    ['refuses', () => ({ allowed: false, aheadMs: [60_000] })],
    ['cannot decide', () => Promise.reject(new Error('down'))],
  ])('leaves an answer alone that something before it has given, also when it %s', async (_what, take) => {
    const loose: unknown[] = [];
    const note = (error: unknown) => loose.push(error);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const url = await start({ headers: 'draft-7', store: { ...memoryStore(), take } }, { answered: true });
    for (let turn = 0; turn < 5; turn += 1) expect((await fetch(url)).status).toBe(408);
    await new Promise((resolve) => setImmediate(resolve));
    expect(loose).toEqual([]);
  });

  it('hands a mistake in the keys to the app\'s error handler, instead of answering as if the store were gone', async () => {
    const url = await start({}, { keys: () => ({}) });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('expected a key for at least one rule')]);
  });

  // checklist 65; ASVS 16.5.3
  it.each([
    ['fails', () => Promise.reject(new Error('down'))],
    ['hangs', () => new Promise<never>(() => undefined)],
    ['throws', () => { throw new Error('down'); }],
  ])('answers 503 when the store %s: never an unlimited route', async (_how, take) => {
    const url = await start({ store: { ...memoryStore(), take } });
    const response = await fetch(url);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });
});
