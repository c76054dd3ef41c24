import { request } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { order, setup } from '../read-only/setup.ts';
import { frameworks } from './frameworks.ts';

/** What the app answered to a target that is sent as it is written; undefined where Node would not send or read it. */
async function answerTo(url: string, method: string, target: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      request({ host: '127.0.0.1', port: new URL(url).port, path: target, method, agent: false }, (res) => {
        res.resume().once('end', () => {
          resolve(`${res.statusCode} ${String(res.headers['x-route'])}`);
        });
      }).once('error', () => {
        resolve(undefined);
      }).end();
    } catch {
      resolve(undefined);
    }
  });
}

/** Spellings of some routes: pieces of them, put together anew. */
const pieces = ['/', '//', '\\', '.', '..', '/./', '/../', '%2f', '%2F', '%5c', '%2e', '%2e%2e', '%25', '%3f', '%23', '%E2%84%AA', '%252f', '%00', '?', '#', ';', 'sign-in', 'SIGN-IN', 'sign%2din', 'export', 'Export', '%65xport', 'reports', 'keys', '5', 'a', '%', 'http://x'];
const spelling = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((parts) => `/${parts.join('')}`),
  fc.constantFrom('/sign-in', '/export', '/keys', '/reports/5/export', '/reports/5/%65xport', '/reports/a%2Fb/export', '/public/a').chain((route) =>
    fc.tuple(fc.nat(route.length), fc.constantFrom(...pieces)).map(([at, piece]) => route.slice(0, at) + piece + route.slice(at))),
);

describe.each(frameworks)('the routes of readOnlyGuard, however they are spelled, on %s', (_name, framework) => {
  async function start(level: 'sensitive' | 'all', strict: boolean): Promise<string> {
    const { mode } = await setup();
    await mode.set({ ...order, level });
    return framework.startRoutes({ mode, strict, guard: { exempt: ['POST /sign-in', '/public/*'], sensitive: ['GET /export', '/reports/:id/export', '/keys'] } });
  }

  // checklist 30
  it.each([false, true])('let no read of a sensitive route through (strict routing: %s)', async (strict) => {
    const url = await start('sensitive', strict);
    expect(await answerTo(url, 'GET', '/contacts')).toBe('200 other');
    await fc.assert(fc.asyncProperty(spelling, fc.constantFrom('GET', 'HEAD', 'POST'), async (target, method) => {
      expect(await answerTo(url, method, target)).not.toBe('200 secret');
    }), { numRuns: 400, examples: [['/export', 'GET'], ['/reports/%2e%2e/export', 'POST'], ['http://x/export', 'GET']] });
  });

  // checklist 30. What is one segment to a router, or another letter, must not be something else to the table.
  it.each([
    '/reports/a%2Fb/%65xport',
    '/reports/a%3Fb/%65xport',
    '/reports/a%23b/export',
    '/reports/a%5Cb/%65xport',
    '/reports/./export',
    '/reports//export',
    '/reports/%2e/export',
    '/reports/..;/export',
    '/reports/a%252Fb/%65xport',
    '/%E2%84%AAeys',
    '/\u212Aeys',
    '/%6B%65%79s',
    '/KEYS',
    '/keys/',
    '/reports/5/export?a=/b',
    '/reports/%E2%84%AA%2F/ex%70ort',
  ])('let no spelling of a sensitive route through: %s', async (target) => {
    for (const strict of [false, true]) {
      const url = await start('sensitive', strict);
      for (const method of ['GET', 'HEAD', 'POST']) expect([strict, method, await answerTo(url, method, target)]).not.toEqual([strict, method, '200 secret']);
    }
  });

  it.each([false, true])('let nothing through as exempt that comes to another route (strict routing: %s)', async (strict) => {
    const url = await start('all', strict);
    expect([await answerTo(url, 'POST', '/sign-in'), await answerTo(url, 'GET', '/public/a/b')]).toEqual(['200 exempt', '200 exempt']);
    await fc.assert(fc.asyncProperty(spelling, fc.constantFrom('GET', 'POST', 'DELETE'), async (target, method) => {
      expect(['200 exempt', undefined]).toContain((await answerTo(url, method, target))?.replace(/^(503|400) .*$/s, '200 exempt'));
    }), { numRuns: 400, examples: [['/public/../export', 'GET'], ['/public/..%2fexport', 'GET'], ['/sign-in/../export', 'POST']] });
  });
});
