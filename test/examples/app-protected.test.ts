import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cookieShape } from '../support/cookies.ts';
import type { RunningApp } from '../../examples/shared/start.ts';
import { type Answered, type Client, clientOf, exampleApps, mailSent, startExample, tokenIn } from './app-client.ts';

const first = 'herons over quiet Malmo';
const second = 'eleven teacups in orbit';
const third = 'a kettle reads the tide';
const leaked = 'gravel moon sings to nobody';
const ada = { email: 'ada@bakery.example', name: 'Ada', team: 'Bakery', password: first };
const people = ['one', 'two', 'three', 'four'].map((name) => ({ email: `${name}@seed.example`, name, password: `${name} otters cross a frozen lake` }));
/** Asked about by strangers, each once. */
const askedAbout = Array.from({ length: 14 }, (_, at) => ({ email: `asked-${at}@seed.example`, name: 'A', password: first }));
const seed = {
  teams: [
    {
      name: 'Seeded team',
      users: [...people, ...askedAbout, { email: 'leaked@seed.example', name: 'Leaked', password: leaked }, { email: 'old@seed.example', name: 'Old', password: 'password1' }],
      contacts: [{ email: 'zoe@example.com', name: 'Zoe' }],
    },
  ],
};

describe.each(exampleApps)('on %s', (_framework, startApp) => {
  let range: RangeServer;
  let app: RunningApp;

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map([[leaked, 12]]), fillerRows: 20 });
    app = await startExample(startApp, { unprotected: false, seed, breachUrl: range.url });
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await range.close();
  });

  let host = 0;

  /** A client at an address of its own, so that no test uses up the budget of another. */
  function stranger(accept: 'application/json' | 'text/html' = 'application/json'): Client {
    host += 1;
    return clientOf(app, accept, `127.7.0.${host}`);
  }

  function seeded(name: string): { readonly email: string; readonly password: string } {
    const user = people.find((person) => person.name === name);
    if (user === undefined) throw new Error(`no ${name}`);
    return { email: user.email, password: user.password };
  }

  async function signedIn(email: string, password: string): Promise<Client> {
    const client = stranger();
    expect(await client.post('/login', { email, password })).toMatchObject({ status: 200, json: { ok: true } });
    return client;
  }

  /** All of an answer that a stranger could compare, the time of day aside. */
  function visible({ status, headers, text }: Answered): unknown {
    // A browser without an id gets one with a sign-in that failed: random, and of one length.
    return { status, headers: [...headers].filter(([name]) => name !== 'date').map(([name, value]) => [name, name === 'set-cookie' ? cookieShape(value) : value]), text };
  }

  describe('an honest user of the protected example', () => {
    it('signs up, confirms, signs in, imports, exports, sends, changes and resets the password', async () => {
      const client = stranger();
      expect(await client.post('/signup', ada)).toMatchObject({ status: 202, json: { ok: true } });
      expect(await client.post('/login', ada)).toMatchObject({ status: 401 });
      const token = tokenIn(await mailSent(app, ada.email, 'confirm-sign-up'));
      expect(await client.post('/confirm', { token })).toMatchObject({ status: 200, json: { ok: true } });
      expect((await client.post('/confirm', { token })).status).toBe(400);
      expect(await client.post('/login', ada)).toMatchObject({ status: 200, json: { ok: true } });

      expect(await client.post('/contacts/import', { lines: 'cy@example.com, Cy\ndi@example.com\n' })).toMatchObject({ json: { ok: true, added: 2 } });
      expect((await client.get('/contacts/export.csv')).text).toBe('email,name\r\ncy@example.com,Cy\r\ndi@example.com,\r\n');
      expect((await client.post('/campaigns', { subject: 'Hello', body: 'Bread is ready.' })).json).toEqual({ sent: 2 });
      expect((await client.get('/account')).json).toEqual({ email: ada.email, name: 'Ada', team: 'Bakery' });

      expect(await client.post('/account/password', { currentPassword: first, newPassword: second })).toMatchObject({ status: 200 });
      expect((await mailSent(app, ada.email, 'password-changed')).text).toContain('has just been changed');
      expect((await client.get('/contacts')).status).toBe(200);
      expect(await client.post('/logout', {})).toMatchObject({ status: 200 });
      expect((await client.get('/contacts')).status).toBe(401);
      expect((await client.post('/login', ada)).status).toBe(401);

      expect(await client.post('/forgot', { email: ada.email })).toMatchObject({ status: 202, json: { ok: true } });
      const reset = { token: tokenIn(await mailSent(app, ada.email, 'reset-password')), password: third };
      expect(await client.post('/reset', reset)).toMatchObject({ status: 200, json: { ok: true } });
      expect((await client.get('/contacts')).status).toBe(401);
      expect((await client.post('/reset', { ...reset, password: 'seven barrels of fog' })).status).toBe(400);
      await signedIn(ada.email, third);
    });

    it('confirms and resets with the code of the mail, without JavaScript or a link', async () => {
      const client = stranger('text/html');
      const bea = { email: 'bea@bakery.example', name: 'Bea', team: 'Tea', password: first };
      expect((await client.post('/signup', bea)).text).toContain('Check your mail');
      const sent = await mailSent(app, bea.email, 'confirm-sign-up');
      await client.post('/resend', { email: bea.email });
      const again = await vi.waitFor(() => {
        const [newest] = app.context.mails.list(bea.email);
        expect(newest?.id).not.toBe(sent.id);
        return newest;
      });
      expect((await client.post('/confirm', { email: bea.email, code: again?.code?.toLowerCase() ?? '' })).text).toContain('Your account is open');
      await client.post('/forgot', { email: bea.email });
      const { code = '' } = await mailSent(app, bea.email, 'reset-password');
      expect((await client.post('/reset', { email: bea.email, code, password: second })).text).toContain('Your new password is saved');
      expect((await client.post('/login', { email: bea.email, password: second })).headers.get('location')).toBe('/contacts');
    });

    it('joins the team of an invitation, with the address that was invited only', async () => {
      const { email, password } = seeded('one');
      const inviter = await signedIn(email, password);
      await inviter.post('/team/invite', { email: 'new@seed.example' });
      const { link = '' } = await mailSent(app, 'new@seed.example', 'invitation');
      const visitor = stranger('text/html');
      expect((await visitor.get(link.slice(app.url.length))).text).toContain('Join Seeded team');
      const invitation = new URL(link).searchParams.get('invitation') ?? '';
      for (const address of ['thief@seed.example', 'new@seed.example']) {
        await visitor.post('/signup', { email: address, name: 'N', team: 'Own', password: first, invitation });
        await visitor.post('/confirm', { token: tokenIn(await mailSent(app, address, 'confirm-sign-up')) });
      }
      const joined = await signedIn('new@seed.example', first);
      expect((await joined.get('/team')).json).toMatchObject({ team: 'Seeded team', invited: [] });
      const thief = await signedIn('thief@seed.example', first);
      expect((await thief.get('/contacts')).json).toEqual({ contacts: [] });
    });

    it('hears all that is wrong with a new password, in words', async () => {
      const answered = await stranger().post('/signup', { ...ada, email: 'cyd@bakery.example', password: 'Larkpost1' });
      expect(answered.status).toBe(422);
      const { reasons } = answered.json as { readonly reasons: readonly { readonly code: string; readonly message: string }[] };
      expect(reasons.map(({ code }) => code)).toEqual(['too-short', 'context', 'common', 'weak', 'guidance']);
      expect(app.context.mails.list('cyd@bakery.example')).toEqual([]);
    });

    it('sees every page, each with its headers and without inline script', async () => {
      const client = stranger('text/html');
      expect((await client.get('/contacts')).headers.get('location')).toBe('/login');
      await client.post('/login', seeded('two'));
      for (const path of ['/signup', '/login', '/confirm', '/forgot', '/reset', '/account', '/account/security', '/login/code', '/challenge', '/not-me', '/confirm-email', '/team', '/contacts', '/campaigns', '/mails']) {
        const { status, text, headers } = await client.get(path);
        expect([path, status, headers.get('cache-control')]).toEqual([path, 200, 'no-store']);
        expect(headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(text).not.toMatch(/<script(?! src="\/assets\/[\w-]+\.js" defer><\/script>)|<style|\son\w+=|style=/);
      }
    });
  });

  // ASVS 6.3.8
  describe('the protected example tells nobody who has an account', () => {
    let asked = 0;

    /** Asks about somebody known and somebody unknown, both new to every limit, and compares. */
    async function expectEqual(ask: (email: string) => Promise<Answered>): Promise<{ readonly status: number; readonly text: string; readonly known: string; readonly unknown: string }> {
      const known = askedAbout[asked]?.email;
      if (known === undefined) throw new Error('seed more people');
      const unknown = `nobody-${asked}@seed.example`;
      asked += 1;
      const answered = await ask(unknown);
      expect(visible(await ask(known))).toEqual(visible(answered));
      const { status, text } = answered;
      return { status, text, known, unknown };
    }

    it.each(['application/json', 'text/html'] as const)('at sign-up, for a client of %s', async (accept) => {
      const { status, known, unknown } = await expectEqual((email) => stranger(accept).post('/signup', { ...ada, email }));
      expect(status).toBe(202);
      await mailSent(app, known, 'sign-up-existing-account');
      await mailSent(app, unknown, 'confirm-sign-up');
    });

    it('at sign-up with a password that cannot be used', async () => {
      const { status } = await expectEqual((email) => stranger().post('/signup', { ...ada, email, password: 'short' }));
      expect(status).toBe(422);
    });

    it.each(['application/json', 'text/html'] as const)('at sign-in, for a client of %s', async (accept) => {
      const { status, text } = await expectEqual((email) => stranger(accept).post('/login', { email, password: 'not this one at all' }));
      expect(status).toBe(401);
      if (accept === 'text/html') expect(text).toContain('action="/login"');
    });

    it.each([['/forgot', 'application/json'], ['/forgot', 'text/html'], ['/resend', 'application/json'], ['/resend', 'text/html']] as const)('at %s, for a client of %s', async (path, accept) => {
      const { status } = await expectEqual((email) => stranger(accept).post(path, { email }));
      expect(status).toBe(202);
    });

    it.each(['/confirm', '/reset'])('at %s with a wrong code', async (path) => {
      const { status } = await expectEqual((email) => stranger().post(path, { email, code: 'ABCD-EFGH', password: first }));
      expect(status).toBe(400);
    });

    it('at the invitation, nor in the team that invited', async () => {
      const inviter = await signedIn(seeded('three').email, seeded('three').password);
      const { status, known, unknown } = await expectEqual((email) => inviter.post('/team/invite', { email }));
      expect(status).toBe(200);
      expect((await inviter.get('/team')).json).toMatchObject({ invited: expect.arrayContaining([known, unknown]) as unknown });
      await mailSent(app, known, 'invitation-existing-account');
      await mailSent(app, unknown, 'invitation');
    });

    it('at /api/email-available, which does not exist', async () => {
      expect(await expectEqual((email) => stranger().get(`/api/email-available?email=${email}`))).toMatchObject({ status: 404, text: '{"error":"not found"}' });
      expect((await stranger('text/html').get('/signup')).text).not.toContain('availability');
    });

    it('by its limits', async () => {
      const refused = await expectEqual(async (email) => {
        for (let attempt = 0; attempt < 5; attempt += 1) expect((await stranger().post('/login', { email, password: `guess ${attempt} of a stranger` })).status).toBe(401);
        return stranger().post('/login', { email, password: 'once more, from elsewhere' });
      });
      expect(refused.status).toBe(429);
    });
  });

  describe('a password that attackers have', () => {
    // ASVS 6.2.12
    it.each([['in the breach corpus', 'leaked@seed.example', leaked], ['on the list that comes along', 'old@seed.example', 'password1']])('%s opens nothing, and its owner is mailed a link', async (_where, email, password) => {
      const wrong = await stranger().post('/login', { email, password: 'some other password' });
      const client = stranger();
      const right = await client.post('/login', { email, password });
      expect(visible(right)).toEqual(visible(wrong));
      expect(right.status).toBe(401);
      expect((await client.get('/contacts')).status).toBe(401);
      const mail = await mailSent(app, email, 'reset-password');
      expect(mail.text).toContain('list of stolen passwords');
      expect(await client.post('/reset', { token: tokenIn(mail), password: second })).toMatchObject({ status: 200 });
      await signedIn(email, second);
    });

    it('cannot be chosen, at any of the three doors', async () => {
      const reasonsOf = ({ status, json }: Answered): unknown => [status, (json as { readonly reasons: readonly { readonly code: string }[] }).reasons.map(({ code }) => code)];
      const breached = [422, expect.arrayContaining(['breached'])];
      const { email, password } = seeded('four');
      const client = await signedIn(email, password);
      expect(reasonsOf(await stranger().post('/signup', { ...ada, email: 'dee@bakery.example', password: leaked }))).toEqual(breached);
      expect(reasonsOf(await client.post('/account/password', { currentPassword: password, newPassword: leaked }))).toEqual(breached);
      await client.post('/forgot', { email });
      const token = tokenIn(await mailSent(app, email, 'reset-password'));
      expect(reasonsOf(await client.post('/reset', { token, password: leaked }))).toEqual(breached);
      expect((await client.post('/reset', { token, password: third })).status).toBe(200);
    });

    it('never leaves the process: the service sees five digits', () => {
      expect(range.requests.length).toBeGreaterThan(0);
      for (const { path } of range.requests) expect(path).toMatch(/^\/range\/[0-9A-F]{5}$/);
    });
  });
});
