import { createServer } from 'node:http';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expressDoors } from 'portcullis/express';
import { appParts, listening } from './frameworks.ts';

// ASVS 5.0 4.1.3
describe('what a door on Express tells of the proxy setting', () => {
  it.each<readonly [string, unknown, readonly string[]]>([
    ['trusts nobody', false, ['proxy-not-trusted']],
    ['trusts nought proxies', 0, ['proxy-not-trusted']],
    ['trusts one proxy', 1, []],
    ['trusts a network', 'loopback', []],
    ['trusts everybody', true, ['every-proxy-trusted']],
  ])('is what it does: an app that %s', async (_what, trust, problems) => {
    const { portcullis, events } = appParts({});
    const app = express().set('trust proxy', trust);
    app.post('/login', expressDoors(portcullis, { sessionOf: () => undefined, remember: () => undefined, endSessions: () => undefined, onSignedIn: () => undefined }).signIn);
    const server = createServer(app);
    onTestFinished(async () => {
      server.closeAllConnections();
      server.close();
      await portcullis.close();
    });
    const url = await listening(server);
    for (let turn = 0; turn < 2; turn += 1) await fetch(`${url}/login`, { method: 'POST', headers: { 'x-forwarded-for': '203.0.113.5' } });
    expect(events.flatMap((event) => (event.type === 'limiter.misconfigured' ? [event.problem] : []))).toEqual(problems);
  });
});
