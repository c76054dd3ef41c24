import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { type Client, clientOf, exampleApps, mailTo, startExample, tokenIn } from './app-client.ts';

const ada = { email: 'ada@bakery.example', name: 'Ada', team: 'Bakery', password: 'first password' };
const seed = {
  teams: [
    {
      name: 'Seeded team',
      users: [
        { email: 'one@seed.example', name: 'One', password: 'password1' },
        { email: 'two@seed.example', name: 'Two', password: 'letmein22' },
      ],
      contacts: [
        { email: 'zoe@example.com', name: 'Zoe, the "Boss"' },
        { email: 'eve@example.com', name: '=1+1' },
      ],
    },
  ],
};

describe.each(exampleApps)('on %s', (_framework, startApp) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startExample(startApp, { unprotected: true, seed });
  });

  afterAll(async () => {
    await app.close();
  });

  async function signedIn(email: string, password: string): Promise<Client> {
    const client = clientOf(app);
    expect(await client.post('/login', { email, password })).toMatchObject({ status: 200, json: { ok: true } });
    return client;
  }

  describe('an honest user of the unprotected example', () => {
    it('signs up, confirms, signs in, imports, exports, sends, changes and resets the password', async () => {
      const client = clientOf(app);
      expect(await client.post('/signup', ada)).toMatchObject({ status: 201, json: { ok: true } });
      expect(await client.post('/login', ada)).toMatchObject({ status: 403 });
      expect(await client.post('/confirm', { token: tokenIn(mailTo(app, ada.email, 'confirm-sign-up')) })).toMatchObject({ status: 200 });
      expect(await client.post('/login', ada)).toMatchObject({ status: 200, json: { ok: true } });

      await client.post('/contacts', { email: 'Bo@Example.com', name: 'Bo' });
      expect(await client.post('/contacts/import', { lines: 'cy@example.com, Cy\n\ndi@example.com\n' })).toMatchObject({ json: { ok: true, added: 2 } });
      expect((await client.get('/contacts')).json).toEqual({
        contacts: [
          { email: 'bo@example.com', name: 'Bo' },
          { email: 'cy@example.com', name: 'Cy' },
          { email: 'di@example.com', name: '' },
        ],
      });
      expect((await client.get('/contacts/export.csv')).text).toBe('email,name\r\nbo@example.com,Bo\r\ncy@example.com,Cy\r\ndi@example.com,\r\n');
      expect((await client.post('/campaigns', { subject: 'Hello', body: 'Bread is ready.' })).json).toEqual({ sent: 3 });

      const change = { currentPassword: ada.password, newPassword: 'second password' };
      expect(await client.post('/account/password', change)).toMatchObject({ status: 200 });
      await client.post('/logout', {});
      expect((await client.get('/contacts')).status).toBe(401);

      await client.post('/forgot', { email: ada.email });
      const reset = { token: tokenIn(mailTo(app, ada.email, 'reset-password')), password: 'third password' };
      expect(await client.post('/reset', reset)).toMatchObject({ status: 200, json: { ok: true } });
      expect((await client.post('/reset', reset)).status).toBe(400);
      await signedIn(ada.email, 'third password');
    });

    it('confirms and resets with the code of the mail, without JavaScript or a link', async () => {
      const client = clientOf(app, 'text/html');
      const bea = { email: 'bea@bakery.example', name: 'Bea', team: 'Tea', password: 'first password' };
      expect((await client.post('/signup', bea)).text).toContain('Check your mail');
      await client.post('/resend', { email: bea.email });
      const { code = '' } = mailTo(app, bea.email, 'confirm-sign-up');
      expect((await client.post('/confirm', { email: bea.email, code })).headers.get('location')).toBe('/login?done=confirmed');
      await client.post('/forgot', { email: bea.email });
      const { code: resetCode = '' } = mailTo(app, bea.email, 'reset-password');
      const answered = await client.post('/reset', { email: bea.email, code: resetCode, password: 'second password' });
      expect(answered.headers.get('location')).toBe('/login?done=password-reset');
      expect((await client.post('/login', { ...bea, password: 'second password' })).headers.get('location')).toBe('/contacts');
    });

    it('joins the team of an invitation, with the address that was invited only', async () => {
      const inviter = await signedIn('one@seed.example', 'password1');
      await inviter.post('/team/invite', { email: 'new@seed.example' });
      const { link = '' } = mailTo(app, 'new@seed.example', 'invitation');
      const visitor = clientOf(app, 'text/html');
      expect((await visitor.get(link.slice(app.url.length))).text).toContain('Join Seeded team');
      const invitation = new URL(link).searchParams.get('invitation') ?? '';
      for (const email of ['thief@seed.example', 'new@seed.example']) {
        await visitor.post('/signup', { email, name: 'N', team: 'Own', password: 'long enough', invitation });
        await visitor.post('/confirm', { token: tokenIn(mailTo(app, email, 'confirm-sign-up')) });
      }
      const joined = await signedIn('new@seed.example', 'long enough');
      expect((await joined.get('/team')).json).toMatchObject({ team: 'Seeded team', invited: [] });
      const thief = await signedIn('thief@seed.example', 'long enough');
      expect((await thief.get('/contacts')).json).toEqual({ contacts: [] });
    });

    it('gets a CSV file that a spreadsheet reads as text', async () => {
      const { text, headers } = await (await signedIn('one@seed.example', 'password1')).get('/contacts/export.csv');
      expect(text).toBe('email,name\r\neve@example.com,\'=1+1\r\nzoe@example.com,"Zoe, the ""Boss"""\r\n');
      expect(headers.get('content-disposition')).toContain('attachment; filename=');
    });

    it('sees every page, each with its headers and without inline script', async () => {
      const client = clientOf(app, 'text/html');
      expect((await client.get('/contacts')).headers.get('location')).toBe('/login');
      await client.post('/login', { email: 'two@seed.example', password: 'letmein22' });
      for (const path of ['/signup', '/login', '/confirm', '/forgot', '/reset', '/account', '/team', '/contacts', '/campaigns', '/mails']) {
        const { status, text, headers } = await client.get(path);
        expect([path, status, headers.get('cache-control')]).toEqual([path, 200, 'no-store']);
        expect(headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(text).not.toMatch(/<script(?! src="\/assets\/[\w-]+\.js" defer><\/script>)|<style|\son\w+=|style=/);
      }
    });

    it('can let a password manager fill every password field', async () => {
      const client = await signedIn('two@seed.example', 'letmein22');
      expect((await client.get('/login')).text).toMatch(/autocomplete="username"[^]*autocomplete="current-password"/);
      expect((await client.get('/signup')).text).toMatch(/autocomplete="username"[^]*autocomplete="new-password"/);
      expect((await client.get('/reset')).text).toContain('autocomplete="new-password"');
    });
  });

  describe('the development inbox', () => {
    it('shows each mail, with a link that can be followed', async () => {
      const client = clientOf(app, 'text/html');
      await client.post('/forgot', { email: 'two@seed.example' });
      const mail = mailTo(app, 'two@seed.example', 'reset-password');
      expect((await client.get('/mails')).text).toContain(`href="/mails/${mail.id}"`);
      expect((await client.get(`/mails/${mail.id}`)).text).toContain(`<a href="${mail.link ?? ''}">`);
      expect((await clientOf(app).get('/mails?to=two@seed.example')).json).toMatchObject({ mails: [{ id: mail.id, code: mail.code }] });
      expect((await client.get('/mails/..%2Fapp.sqlite')).status).toBe(404);
    });

    it('is a folder of JSON files', () => {
      const folder = join(dirname(app.context.data.database.location() ?? ''), 'mails');
      const files = readdirSync(folder);
      expect(files.length).toBe(app.context.mails.list().length);
      expect(JSON.parse(readFileSync(join(folder, files[0] ?? ''), 'utf8'))).toHaveProperty('subject');
    });
  });

  describe('the unprotected example leaks as most apps do', () => {
    it('at sign-up', async () => {
      const answered = await clientOf(app).post('/signup', { ...ada, email: 'one@seed.example' });
      expect(answered).toMatchObject({ status: 409, json: { error: 'An account with this address already exists.' } });
    });

    it('at sign-in', async () => {
      const client = clientOf(app);
      expect(await client.post('/login', { email: 'nobody@seed.example', password: 'x' })).toMatchObject({ status: 401, json: { error: 'No such account.' } });
      expect(await client.post('/login', { email: 'one@seed.example', password: 'x' })).toMatchObject({ status: 401, json: { error: 'Wrong password.' } });
    });

    it('at forgot', async () => {
      const client = clientOf(app);
      expect(await client.post('/forgot', { email: 'nobody@seed.example' })).toMatchObject({ status: 404, json: { error: 'There is no account with that address.' } });
      expect((await client.post('/forgot', { email: 'one@seed.example' })).status).toBe(200);
    });

    it('at resend', async () => {
      const client = clientOf(app);
      expect((await client.post('/resend', { email: 'nobody@seed.example' })).status).toBe(404);
      expect((await client.post('/resend', { email: 'one@seed.example' })).status).toBe(409);
    });

    it('at the invitation', async () => {
      const client = await signedIn('one@seed.example', 'password1');
      expect(await client.post('/team/invite', { email: 'two@seed.example' })).toMatchObject({ status: 409, json: { error: 'two@seed.example already has an account.' } });
    });

    it('at /api/email-available', async () => {
      const client = clientOf(app);
      expect((await client.get('/api/email-available?email=one@seed.example')).json).toEqual({ available: false });
      expect((await client.get('/api/email-available?email=nobody@seed.example')).json).toEqual({ available: true });
    });

    it('and never refuses to hear another guess', async () => {
      const client = clientOf(app);
      for (let guess = 0; guess < 30; guess += 1) await client.post('/login', { email: 'one@seed.example', password: `guess ${guess}` });
      await signedIn('one@seed.example', 'password1');
    });
  });

  describe('the routes that the drill relies on', () => {
    it('tell the address of the client', async () => {
      expect((await clientOf(app, 'application/json', '127.4.5.6').get('/whoami-address')).json).toEqual({ address: '127.4.5.6' });
      expect((await clientOf(app).get('/health')).json).toEqual({ ok: true });
    });

    it('take JSON bodies too', async () => {
      const client = clientOf(app);
      expect(await client.postJson('/login', { email: 'one@seed.example', password: 'password1' })).toMatchObject({ status: 200, json: { ok: true } });
    });

    it.each([
      ['an object', { $ne: '' }],
      ['an array', ['one@seed.example']],
      ['a number', 7],
      ['null', null],
      ['NUL', '\0@seed.example'],
      ['a lone surrogate', '\ud800@seed.example'],
      ['200,000 characters', 'a'.repeat(200_000)],
    ])('answer %s as any other mistake', async (_what, value) => {
      const client = await signedIn('two@seed.example', 'letmein22');
      const body = { email: value, password: value, token: value, code: value, currentPassword: value, newPassword: value, subject: value, body: value, lines: value, name: value };
      for (const path of ['/signup', '/login', '/forgot', '/resend', '/confirm', '/reset', '/account/password', '/team/invite', '/contacts', '/contacts/import']) {
        const { status } = await client.postJson(path, body);
        expect([path, status >= 400 && status < 500]).toEqual([path, true]);
      }
    });

    it('refuse a body that is too long or no JSON, without saying more', async () => {
      const client = clientOf(app);
      expect(await client.postJson('/login', { email: 'a'.repeat(300_000) })).toMatchObject({ status: 413, json: { error: 'That request cannot be read' } });
      expect((await client.get('/nowhere')).status).toBe(404);
    });
  });

  describe('what users type', () => {
    it('stays text on every page', async () => {
      const client = clientOf(app, 'text/html');
      await client.post('/login', { email: 'two@seed.example', password: 'letmein22' });
      const markup = '<img src=x onerror=alert(1)>"\'';
      await client.post('/contacts', { email: 'x@example.com', name: markup });
      await client.post('/campaigns', { subject: markup, body: markup });
      for (const path of ['/contacts', '/campaigns']) {
        const { text } = await client.get(path);
        expect(text).not.toContain('<img src=x');
        expect(text).toContain('&#60;img src=x');
      }
      expect((await client.post('/login', { email: markup, password: '' })).text).not.toContain('<img src=x');
      expect((await client.get(`/login?done=${encodeURIComponent(markup)}`)).text).not.toContain('img src=x');
    });
  });
});
