import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { clientOf, exampleApps, startExample, type Client } from './app-client.ts';

const password = 'herons over quiet Malmo';
const form = 'application/x-www-form-urlencoded';

describe.each(exampleApps)('on %s', (_framework, startApp) => {
  let range: RangeServer;
  let app: RunningApp;
  /** Where time stands still, as long as it does: limits give nothing back then. */
  let stoppedMs: { readonly nowMs: number; readonly monotonicMs: number } | undefined;
  const clock = { ...systemClock, nowMs: () => stoppedMs?.nowMs ?? systemClock.nowMs(), monotonicMs: () => stoppedMs?.monotonicMs ?? systemClock.monotonicMs() };

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    const users = ['ada', 'bea', 'cleo'].map((name) => ({ email: `${name}@seed.example`, name, password }));
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed: { teams: [{ name: 'Seeded', users, contacts: [] }] } });
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await range.close();
  });

  async function signedIn(name: string, localAddress: string): Promise<Client> {
    const client = clientOf(app, 'application/json', localAddress);
    expect((await client.post('/login', { email: `${name}@seed.example`, password })).status).toBe(200);
    return client;
  }

  /** A request whose body is still to come. */
  function begun(path: string, { localAddress, length, cookie = '' }: { readonly localAddress: string; readonly length: number; readonly cookie?: string }): { readonly sent: ClientRequest; readonly answer: Promise<IncomingMessage> } {
    const sent = request(app.url + path, { method: 'POST', agent: false, localAddress, headers: { 'accept': 'application/json', 'content-type': form, 'content-length': length, cookie } });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject);
    });
    sent.flushHeaders();
    return { sent, answer };
  }

  describe('the first door of the protected example', () => {
    it('refuses an address before a byte of the body is read, and still hands out files', async () => {
      const localAddress = '127.5.0.1';
      const client = clientOf(app, 'application/json', localAddress);
      stoppedMs = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
      const answers = await Promise.all(Array.from({ length: 320 }, () => client.get('/health')));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(300);
      const { sent, answer } = begun('/login', { localAddress, length: 200_000 });
      const { statusCode, headers } = await answer;
      expect([statusCode, Number(headers['retry-after']) > 0]).toEqual([429, true]);
      sent.destroy();
      expect((await client.get('/nowhere')).status).toBe(429);
      const { status, headers: ofFile } = await client.get('/assets/app.css');
      expect([status, ofFile.get('cache-control'), ofFile.has('set-cookie')]).toEqual([200, 'public, max-age=300', false]);
      expect((await clientOf(app, 'application/json', '127.5.0.2').get('/health')).status).toBe(200);
      stoppedMs = undefined;
    });
  });

  describe('the second door of the protected example', () => {
    it('counts by account once the body has been read, wherever its owner comes from', async () => {
      const [desk, phone] = [await signedIn('ada', '127.5.0.3'), await signedIn('ada', '127.5.0.4')];
      // What cannot be an address is no invitation.
      expect((await desk.post('/team/invite', { email: 'nobody' })).status).toBe(422);
      for (let at = 0; at < 20; at += 1) expect((await (at % 2 === 0 ? desk : phone).post('/team/invite', { email: `friend-${at}@example.com` })).status).toBe(200);
      for (const client of [desk, phone]) {
        const refused = await client.post('/team/invite', { email: 'one-more@example.com' });
        expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
      }
      expect((await (await signedIn('bea', '127.5.0.3')).post('/team/invite', { email: 'her-friend@example.com' })).status).toBe(200);
    });
  });

  describe('a session of the protected example that is ended during a request of its own', () => {
    it('is not brought back by the end of that request', async () => {
      const localAddress = '127.5.0.5';
      const client = clientOf(app, 'application/json', localAddress);
      const { headers } = await client.post('/login', { email: 'cleo@seed.example', password });
      const cookie = headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
      const body = new URLSearchParams({ email: 'zoe@example.com', name: 'Zoe' }).toString();
      const { sent, answer } = begun('/contacts', { localAddress, cookie, length: body.length });
      const half = body.length / 2;
      sent.write(body.slice(0, half));
      // The session has been looked up by then.
      await clientOf(app).get('/health');
      app.context.sessions.endOthers(app.context.data.users.byEmail('cleo@seed.example')?.id ?? '');
      sent.end(body.slice(half));
      expect((await answer).statusCode).toBe(200);
      expect((await client.get('/contacts')).status).toBe(401);
    });
  });

  describe('what no route of the protected example takes', () => {
    it('is a page of the app, also where its address cannot be read', async () => {
      const page = clientOf(app, 'text/html', '127.5.0.6');
      for (const [path, status, heading] of [['/nowhere', 404, 'Page not found'], ['/mails/%zz', 400, 'That request cannot be read']] as const) {
        const answered = await page.get(path);
        expect([path, answered.status, answered.text.includes(`<h1>${heading}</h1>`)]).toEqual([path, status, true]);
        expect(answered.headers.get('content-security-policy')).toContain("default-src 'none'");
      }
    });

    it('is refused while the app is read-only, if it might write', async () => {
      const client = clientOf(app, 'application/json', '127.5.0.7');
      await app.portcullis?.readOnly.set({ level: 'writes', reason: 'A look at things.', by: 'ops' });
      expect([(await client.post('/nowhere', {})).status, (await client.get('/nowhere')).status]).toEqual([503, 404]);
      await app.portcullis?.readOnly.lift({ by: 'ops' });
    });
  });
});
