import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryStore, type CounterStore } from 'portcullis';
import { limitRequests } from 'portcullis/express';
import { createLimiter, type HeaderForm } from 'portcullis/limiter';
import { listening, versions } from './express-app.ts';

describe.each(versions)('limitRequests on %s', (_version, express) => {
  let server: Server | undefined;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function start(options: { readonly store?: CounterStore; readonly headers?: HeaderForm } = {}): Promise<string> {
    const limiter = createLimiter({ name: 'api', rules: { address: { limit: 3, windowMs: 60_000 } }, store: memoryStore(), ...options });
    const app = express();
    app.use(limitRequests({ limiter, keys: ({ address }) => ({ address }) }));
    app.get('/', (_req, res) => {
      res.send('fine');
    });
    server = createServer(app);
    return listening(server);
  }

  it('lets three through and refuses the fourth with 429, Retry-After and a problem document', async () => {
    const url = await start();
    for (let turn = 0; turn < 3; turn += 1) expect((await fetch(url)).status).toBe(200);
    const refused = await fetch(url, { headers: { accept: 'application/json' } });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('cache-control'), refused.headers.get('content-type')]).toEqual([429, '20', 'no-store', 'application/problem+json']);
    expect(await refused.json()).toMatchObject({ status: 429, title: 'Too many requests' });
    expect(await (await fetch(url, { headers: { accept: 'text/html' } })).text()).toContain('<h1>Too many requests</h1>');
  });

  it('tells where the client stands, if asked to', async () => {
    const url = await start({ headers: 'draft-11' });
    const response = await fetch(url);
    expect(response.headers.get('ratelimit-policy')).toBe('"address";q=3;w=60');
    expect(response.headers.get('ratelimit')).toBe('"address";r=2;t=20');
    const silent = await fetch(await start());
    expect(silent.headers.get('ratelimit')).toBe(null);
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
