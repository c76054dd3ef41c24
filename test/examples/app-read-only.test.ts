import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { aheadClock } from '../support/ahead-clock.ts';
import { type Client, clientOf, exampleApps, mailSent, startExample, tokenIn } from './app-client.ts';

const password = 'herons over quiet Malmo';
const other = 'eleven teacups in orbit';
const names = ['ada', 'bea', 'cleo', 'dora', 'eve', 'fay', 'gil', 'hal', 'ida'];

describe.each(exampleApps)('on %s', (_framework, startApp) => {
  let range: RangeServer;
  let app: RunningApp;
  let host = 0;
  const clock = aheadClock();

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    const users = names.map((name) => ({ email: `${name}@seed.example`, name, password }));
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed: { teams: [{ name: 'Seeded', users, contacts: [{ email: 'zoe@example.com', name: 'Zoe' }] }] } });
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await range.close();
  });

  afterEach(async () => {
    await portcullis().readOnly.lift({ by: 'ops' });
  });

  function portcullis(): NonNullable<RunningApp['portcullis']> {
    if (app.portcullis === undefined) throw new Error('not the protected mode');
    return app.portcullis;
  }

  function stranger(accept: 'application/json' | 'text/html' = 'application/json'): Client {
    host += 1;
    return clientOf(app, accept, `127.7.0.${host}`);
  }

  async function signedIn(email: string, accept: 'application/json' | 'text/html' = 'application/json'): Promise<Client> {
    const client = stranger(accept);
    expect((await client.post('/login', { email, password })).status).toBe(accept === 'text/html' ? 303 : 200);
    return client;
  }

  const idOf = (email: string): string => app.context.data.users.byEmail(email)?.id ?? '';

  describe('the protected example while it is read-only', () => {
    it('shows why and until when on every page, and never who ordered it', async () => {
      const client = await signedIn('ada@seed.example', 'text/html');
      expect((await client.get('/contacts')).text).not.toContain('read-only');
      const { untilMs = 0 } = await portcullis().readOnly.set({ level: 'writes', reason: 'Spam was sent <b>from accounts', by: 'operator-7', forMs: 3_600_000 });
      for (const path of ['/contacts', '/campaigns', '/team', '/account', '/account/security', '/mails', '/nowhere']) {
        const { text, headers } = await client.get(path);
        expect([path, text.includes('Larkpost is read-only for now.')]).toEqual([path, true]);
        expect(text).toContain('Spam was sent &#60;b&#62;from accounts.');
        expect(text).toContain(new Date(untilMs).toISOString());
        expect(text).not.toContain('operator-7');
        if (headers.has('content-length')) expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(text));
      }
      for (const path of ['/', '/login', '/signup', '/forgot', '/reset']) expect((await stranger('text/html').get(path)).text).toContain('Larkpost is read-only for now.');
      // An answer of the library, rendered when the app was started.
      expect((await stranger('text/html').post('/login', { email: 'ada@seed.example', password: other })).text).toMatch(/Larkpost is read-only for now\.[\s\S]*That did not work/);
      await portcullis().readOnly.lift({ by: 'operator-7' });
      expect((await client.get('/contacts')).text).not.toContain('read-only');
    });

    // RFC 9110 15.6.4
    it('refuses what would change something, as a page that a person understands and as a problem document', async () => {
      const [page, program] = [await signedIn('bea@seed.example', 'text/html'), await signedIn('bea@seed.example')];
      await portcullis().readOnly.set({ level: 'writes', reason: 'We look into an attack.', by: 'ops' });
      for (const [path, fields] of [
        ['/contacts', { email: 'new@example.com', name: 'New' }],
        ['/contacts/import', { lines: 'new@example.com' }],
        ['/campaigns', { subject: 'Hello', body: 'Text' }],
        ['/team/invite', { email: 'new@example.com' }],
        ['/signup', { email: 'new@example.com', name: 'New', team: 'New', password: other }],
        ['/confirm', { token: 'x' }],
        ['/account/email', { newEmail: 'new@example.com' }],
        ['/account/security/enroll', { factorName: 'phone' }],
        ['/account/security/codes', {}],
        ['/team/second-step', { graceDays: '0' }],
      ] as const) {
        const refused = await page.post(path, fields);
        expect([path, refused.status]).toEqual([path, 503]);
        expect(refused.text).toContain('Nothing was changed, sent or exported.');
        expect(refused.text).toContain('We look into an attack.');
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await program.post(path, fields)).toMatchObject({ status: 503, json: { type: 'urn:portcullis:read-only', detail: 'We look into an attack.' } });
      }
      // A list of addresses is what thieves come for, and reading it is a GET.
      expect((await page.get('/contacts/export.csv')).status).toBe(503);
      expect((await page.get('/Contacts/export.csv/')).status).toBe(503);
      expect(await program.get('/contacts')).toMatchObject({ status: 200, json: { contacts: [{ email: 'zoe@example.com' }] } });
      expect(app.context.data.campaigns.ofTeam(app.context.data.users.byId(idOf('bea@seed.example'))?.teamId ?? 0)).toEqual([]);
    });

    it('lets people sign in and out, choose a new password and end their sessions', async () => {
      const email = 'cleo@seed.example';
      await portcullis().readOnly.set({ level: 'all', reason: 'We look into an attack.', by: 'ops' });
      const client = await signedIn(email);
      expect((await client.get('/contacts')).status).toBe(503);
      expect((await client.get('/health')).status).toBe(200);
      expect((await client.post('/account/security/sessions', {})).status).toBe(200);
      expect((await client.post('/account/password', { currentPassword: password, newPassword: other })).status).toBe(200);
      expect((await client.post('/logout', {})).status).toBe(200);
      expect((await stranger().post('/forgot', { email })).status).toBe(202);
      const token = tokenIn(await mailSent(app, email, 'reset-password'));
      expect((await stranger().post('/reset', { token, password: 'seven barrels of old fog' })).status).toBe(200);
    });

    it('leaves data as it is that looks like the place of the banner', async () => {
      const client = await signedIn('dora@seed.example');
      await client.post('/contacts', { email: 'odd@example.com', name: '<!-- banner --><!-- typed -->' });
      await portcullis().readOnly.set({ level: 'writes', reason: 'We look into an attack.', by: 'ops' });
      expect((await client.get('/contacts')).json).toMatchObject({ contacts: [{ name: '<!-- banner --><!-- typed -->' }, {}] });
      const page = (await (await signedIn('dora@seed.example', 'text/html')).get('/contacts')).text;
      expect([page.split('Larkpost is read-only for now.').length, page.includes('&#60;!-- banner --&#62;')]).toEqual([2, true]);
    });

    it('gives back the text that was to be sent, and no password', async () => {
      const client = await signedIn('dora@seed.example', 'text/html');
      await portcullis().readOnly.set({ level: 'writes', reason: 'We look into an attack.', by: 'ops' });
      const { text } = await client.post('/campaigns', { subject: 'Bread', body: 'Fresh </textarea><b> every day', password: 'a secret of somebody' });
      expect(text).toContain('Fresh &#60;/textarea&#62;&#60;b&#62; every day</textarea>');
      expect(text).not.toContain('a secret of somebody');
    });

    it('turns exports off alone at the first level, and says so', async () => {
      const client = await signedIn('dora@seed.example', 'text/html');
      await portcullis().readOnly.set({ level: 'sensitive', reason: 'Exports are looked at.', by: 'ops' });
      expect((await client.get('/contacts')).text).toContain('Exports are off for now.');
      expect((await client.get('/contacts/export.csv')).status).toBe(503);
      expect((await client.post('/contacts', { email: 'new@example.com', name: 'New' })).status).toBe(303);
    });
  });

  describe('a password of the protected example that must be replaced', () => {
    it('opens its change and nothing else, from the sign-in and from every page', async () => {
      const email = 'eve@seed.example';
      const before = await signedIn(email, 'text/html');
      await portcullis().resets.mark({ accountId: idOf(email), reason: 'admin', by: 'ops' });
      const client = stranger('text/html');
      const answer = await client.post('/login', { email, password });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account/password']);
      for (const session of [before, client]) {
        for (const path of ['/contacts', '/campaigns', '/team', '/account', '/account/security', '/contacts/export.csv']) {
          const sent = await session.get(path);
          expect([path, sent.status, sent.headers.get('location')]).toEqual([path, 303, '/account/password']);
        }
        expect((await session.get('/account/password')).text).toContain('Your password must be replaced before you can go on.');
      }
      expect((await client.post('/contacts', { email: 'new@example.com', name: 'New' })).headers.get('location')).toBe('/account/password');
      const again = await client.post('/account/password', { first: 'yes', currentPassword: password, newPassword: 'short' });
      expect(again.text).toMatch(/Your password must be replaced[\s\S]*role="alert"/);
      expect((await client.post('/account/password', { first: 'yes', currentPassword: password, newPassword: password })).status).toBe(422);
      expect((await client.post('/account/password', { first: 'yes', currentPassword: password, newPassword: other })).status).toBe(200);
      expect((await client.get('/contacts')).status).toBe(200);
      expect((await client.get('/account/password')).headers.get('location')).toBe('/account');
      expect((await before.get('/contacts')).headers.get('location')).toBe('/login');
    });

    it('opens nothing but a mail where somebody else may have it', async () => {
      const email = 'fay@seed.example';
      const before = await signedIn(email, 'text/html');
      await portcullis().resets.mark({ accountId: idOf(email), reason: 'compromised', by: 'ops' });
      expect((await before.get('/contacts')).headers.get('location')).toBe('/login');
      expect(await stranger().post('/login', { email, password })).toMatchObject({ status: 401 });
      const token = tokenIn(await mailSent(app, email, 'reset-password'));
      expect((await stranger().post('/reset', { token, password: other })).status).toBe(200);
      expect((await stranger().post('/login', { email, password: other })).status).toBe(200);
    });
  });

  interface Overview {
    readonly sessions: readonly { readonly handle: string; readonly browser: string; readonly isThis: boolean; readonly startedAtMs: number; readonly lastSeenMs: number }[];
  }

  async function sessionsOf(client: Client): Promise<Overview['sessions']> {
    return ((await client.get('/account/security')).json as Overview).sessions;
  }

  describe('the list of own sessions of the protected example', () => {
    // ASVS 5.0 7.5.2
    it('shows each, marks this one, and ends another alone', async () => {
      const email = 'gil@seed.example';
      const [desk, phone, tablet] = [await signedIn(email), await signedIn(email), await signedIn(email)];
      clock.pass(60_000);
      expect((await phone.get('/contacts')).status).toBe(200);
      const listed = await sessionsOf(desk);
      expect(listed.map(({ isThis }) => isThis)).toEqual([true, false, false]);
      expect(listed[1]?.lastSeenMs).toBeGreaterThan((listed[2]?.lastSeenMs ?? 0) + 50_000);
      const stolen = listed[1]?.handle ?? '';
      expect(await desk.post('/account/security/sessions', { session: stolen })).toMatchObject({ status: 200, json: { ended: true } });
      expect(await desk.post('/account/security/sessions', { session: stolen })).toMatchObject({ status: 200, json: { ended: false } });
      expect([(await desk.get('/contacts')).status, (await phone.get('/contacts')).status, (await tablet.get('/contacts')).status]).toEqual([200, 401, 200]);
      expect(await sessionsOf(desk)).toHaveLength(2);
    });

    it('ends all others, and not those of somebody else', async () => {
      const [one, two, three] = [await signedIn('hal@seed.example'), await signedIn('hal@seed.example'), await signedIn('ida@seed.example')];
      const foreign = (await sessionsOf(three))[0]?.handle ?? '';
      expect(await one.post('/account/security/sessions', { session: foreign })).toMatchObject({ json: { ended: false } });
      expect((await one.post('/account/security/sessions', {})).status).toBe(200);
      expect([(await one.get('/contacts')).status, (await two.get('/contacts')).status, (await three.get('/contacts')).status]).toEqual([200, 401, 200]);
      expect((await sessionsOf(one)).map(({ isThis }) => isThis)).toEqual([true]);
    });

    it('asks for a fresh proof first, and puts no session id on a page', async () => {
      const client = await signedIn('ida@seed.example', 'text/html');
      const page = (await client.get('/account/security')).text;
      expect(page).toContain('Where you are signed in');
      const cookie = /larkpost\.sid=(?:s%3A)?([^.;]+)/.exec((await stranger('text/html').post('/login', { email: 'ida@seed.example', password })).headers.getSetCookie().join('\n'))?.[1] ?? '';
      expect(cookie.length).toBeGreaterThan(20);
      expect((await client.get('/account/security')).text).not.toContain(cookie);
      clock.pass(16 * 60_000);
      expect((await client.post('/account/security/sessions', {})).headers.get('location')).toBe('/step-up?next=%2Faccount%2Fsecurity');
      await vi.waitFor(async () => {
        expect((await client.post('/step-up', { password, next: '/account/security' })).status).toBe(303);
      });
      expect((await client.post('/account/security/sessions', {})).headers.get('location')).toBe('/account/security?done=sessions-ended');
    });
  });
});
