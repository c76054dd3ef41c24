import { describe, expect, it } from 'vitest';
import { memoryStore } from 'portcullis';
import { createLimiter } from 'portcullis/limiter';
import { setup } from '../read-only/setup.ts';
import { frameworks } from './frameworks.ts';

/** What a callback of an app may throw or reject with: nothing at all, and the words by which Express skips. */
const thrown = [undefined, null, 0, '', false, 'route', 'router'] as const;

function throws(what: unknown): never {
  throw what;
}

// ASVS 5.0 16.5.3: a failure of the app never lets a request through.
describe.each(frameworks)('what a callback throws that is no Error, on %s', (_name, framework) => {
  it.each(thrown)('stops the request at a guard, wherever it comes from: %j', async (what) => {
    const fail = () => throws(what);
    const later = async () => throws(what);
    for (const hooks of [{ sessionOf: fail }, { sessionOf: fail, onSignedOut: fail }]) {
      const app = await framework.startApp({ hooks: () => hooks });
      try {
        for (const path of ['/inside', '/export']) {
          const response = await app.send(path, { method: 'GET' });
          expect([path, response.status, await response.text()]).toEqual([path, 500, 'sorry']);
        }
        expect((await app.send('/logout')).status).toBe(500);
        expect(app.failures).toEqual([expect.any(Error), expect.any(Error), expect.any(Error)]);
      } finally {
        await app.close();
      }
    }
    const { mode } = await setup();
    await mode.set({ level: 'writes', reason: 'test', by: 'op' });
    for (const guard of [{ labelOf: fail }, { subjectOf: fail }, { subjectOf: later }]) {
      const url = await framework.startReadOnly({ mode, guard });
      expect((await fetch(`${url}/contacts`, { method: 'POST' })).status).toBe(500);
    }
  });

  it.each(thrown)('stops the request at a limit: %j', async (what) => {
    const limiter = createLimiter({ name: 'api', rules: { address: { limit: 3, windowMs: 60_000 } }, store: memoryStore() });
    const url = await framework.startLimited({ limiter, keys: () => throws(what) });
    expect((await fetch(url)).status).toBe(500);
  });
});
