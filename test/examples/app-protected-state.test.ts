import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../examples/shared/start.ts';
import { type Answered, type Client, clientOf, exampleApps, mailSent, startExample, tokenIn } from './app-client.ts';

const first = 'herons over quiet Malmo';
const second = 'eleven teacups in orbit';
const leaked = 'gravel moon sings to nobody';
const people = ['one', 'two', 'three', 'four', 'five', 'six', 'typing-one', 'typing-two', 'typing-three', 'typing-four'].map((name) => ({ email: `${name}@seed.example`, name, password: first }));
const seed = { teams: [{ name: 'Seeded team', users: people, contacts: [{ email: 'zoe@example.com', name: 'Zoe' }] }] };

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
  function stranger(accept: 'application/json' | 'text/html' = 'application/json', at = app): Client {
    host += 1;
    return clientOf(at, accept, `127.8.0.${host}`);
  }

  async function signedIn(email: string, password = first): Promise<Client> {
    const client = stranger();
    expect(await client.post('/login', { email, password })).toMatchObject({ status: 200, json: { ok: true } });
    return client;
  }

  function sessionIn({ headers }: Answered): string {
    return /larkpost\.sid=([^;]+)/.exec(headers.getSetCookie().join('\n'))?.[1] ?? '';
  }

  describe('a session of the protected example', () => {
    it('gets a new id at each sign-in and at a change of password', async () => {
      const client = stranger();
      const ids = [];
      for (let time = 0; time < 2; time += 1) ids.push(sessionIn(await client.post('/login', { email: 'one@seed.example', password: first })));
      ids.push(sessionIn(await client.post('/account/password', { currentPassword: first, newPassword: second })));
      expect(ids.every((id) => id.length > 20)).toBe(true);
      expect(new Set(ids).size).toBe(3);
      expect((await client.get('/contacts')).status).toBe(200);
    });

    it('ends when the password is changed in another one, or reset', async () => {
      const email = 'two@seed.example';
      const [desk, phone] = [await signedIn(email), await signedIn(email)];
      const other = await signedIn('three@seed.example');
      expect((await desk.post('/account/password', { currentPassword: first, newPassword: second })).status).toBe(200);
      expect([(await desk.get('/contacts')).status, (await phone.get('/contacts')).status]).toEqual([200, 401]);
      await stranger().post('/forgot', { email });
      const token = tokenIn(await mailSent(app, email, 'reset-password'));
      expect((await stranger().post('/reset', { token, password: 'seven barrels of old fog' })).status).toBe(200);
      expect((await desk.get('/contacts')).status).toBe(401);
      expect((await other.get('/contacts')).status).toBe(200);
    });

    it('survives a wrong current password, and a new one that cannot be used', async () => {
      const client = await signedIn('three@seed.example');
      expect((await client.post('/account/password', { currentPassword: 'not this one', newPassword: second })).status).toBe(403);
      expect((await client.post('/account/password', { currentPassword: first, newPassword: 'short' })).status).toBe(422);
      expect((await client.get('/contacts')).status).toBe(200);
      await signedIn('three@seed.example');
    });
  });

  describe('the limits of the protected example', () => {
    it('refuse the eleventh failed sign-in of a minute from one address, also to a right password', async () => {
      const client = stranger();
      // Two at a time: more would find the gate before the hasher shut, which is another refusal.
      for (let at = 0; at < 10; at += 2) {
        const pair = await Promise.all([at, at + 1].map((number) => client.post('/login', { email: `name-${number}@seed.example`, password: 'a guess of somebody' })));
        expect(pair.map(({ status }) => status)).toEqual([401, 401]);
      }
      const refused = await client.post('/login', { email: 'four@seed.example', password: first });
      expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
      await signedIn('four@seed.example');
    });

    it('give a right password its charge back', async () => {
      const client = stranger();
      for (let time = 0; time < 12; time += 1) expect((await client.post('/login', { email: 'five@seed.example', password: first })).status).toBe(200);
    });

    it('refuse the twenty-first invitation of an hour, and say when to come back', async () => {
      const inviter = await signedIn('six@seed.example');
      const answers = await Promise.all(Array.from({ length: 21 }, (_, at) => inviter.post('/team/invite', { email: `guest-${at}@seed.example` })));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
      const refused = answers.find(({ status }) => status === 429);
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('refuse a client that asks for hundreds of pages a minute, and nobody else', async () => {
      const flood = stranger('text/html');
      const answers = await Promise.all(Array.from({ length: 310 }, () => flood.get('/login')));
      expect(answers.filter(({ status }) => status === 429)).not.toHaveLength(0);
      // The budget fills up again by five a second.
      const more = await Promise.all(Array.from({ length: 30 }, () => flood.get('/login')));
      expect(more.filter(({ status }) => status === 429)).not.toHaveLength(0);
      expect((await stranger('text/html').get('/login')).status).toBe(200);
    });
  });

  describe('the doors of the protected example', () => {
    it('take JSON bodies too', async () => {
      expect(await stranger().postJson('/login', { email: 'five@seed.example', password: first })).toMatchObject({ status: 200, json: { ok: true } });
    });

    it.each([
      ['an object', { $ne: '' }, 'one'],
      ['an array', ['one@seed.example'], 'one'],
      ['a number', 7, 'two'],
      ['null', null, 'two'],
      ['NUL', '\0@seed.example', 'three'],
      ['a lone surrogate', '\ud800@seed.example', 'three'],
      ['20,000 characters', 'a'.repeat(20_000), 'four'],
    ])('answer %s as any other mistake', async (_what, value, name) => {
      const client = await signedIn(`typing-${name}@seed.example`);
      const body = { email: value, password: value, token: value, code: value, currentPassword: value, newPassword: value, subject: value, body: value, lines: value, name: value };
      const answers = new Map<string, number>();
      for (const path of ['/signup', '/login', '/forgot', '/resend', '/confirm', '/reset', '/account/password', '/team/invite', '/contacts', '/contacts/import']) {
        answers.set(path, (await client.postJson(path, body)).status);
      }
      expect(Object.fromEntries(answers)).toEqual({
        '/signup': 422,
        '/login': 401,
        '/forgot': 202,
        '/resend': 202,
        '/confirm': 400,
        '/reset': 400,
        '/account/password': 403,
        '/team/invite': 422,
        '/contacts': 422,
        '/contacts/import': 422,
      });
    });

    it('refuse a body that is too long or no JSON, without saying more', async () => {
      const client = stranger();
      for (const length of [300_000, 10_000_000]) {
        expect(await client.postJson('/login', { email: 'a'.repeat(length) })).toMatchObject({ status: 413, json: { error: 'That request cannot be read' } });
      }
      expect(await client.postRaw('/login', '{"email":')).toMatchObject({ status: 400, json: { error: 'That request cannot be read' } });
      expect((await client.get('/nowhere')).status).toBe(404);
    });

    it('put nothing that was typed into a page', async () => {
      const markup = '<img src=x onerror=alert(1)>"\'';
      for (const [path, fields] of [
        ['/login', { email: markup, password: markup }],
        ['/signup', { email: `${markup}@seed.example`, name: markup, team: markup, password: markup }],
        ['/reset', { email: markup, code: markup, token: markup, password: markup }],
        ['/confirm', { email: markup, code: markup, token: markup }],
      ] as const) {
        expect((await stranger('text/html').post(path, fields)).text).not.toContain('<img src=x');
      }
    });
  });

  describe('the protected example keeps in its folder', () => {
    it('an audit log without secrets, its key, and all that a restart needs', async () => {
      const dataFolder = mkdtempSync(join(tmpdir(), 'larkpost-kept-'));
      const options = { unprotected: false, host: '127.0.0.1', port: 0, dataFolder, seed, fastSeed: true, breachUrl: range.url };
      try {
        const story = await startApp(options);
        const secrets = await tell(story).finally(() => story.close());
        const log = readFileSync(join(dataFolder, 'audit.jsonl'), 'utf8');
        expect(eventsIn(log)).toEqual(expect.arrayContaining(toldEvents));
        const key = readFileSync(join(dataFolder, 'key'));
        for (const secret of [...secrets, first, second, leaked, '@seed.example', '127.8.', key.toString('base64'), key.toString('hex')]) expect(log).not.toContain(secret);
        for (const file of ['key', 'audit.jsonl']) expect([file, statSync(join(dataFolder, file)).mode & 0o777]).toEqual([file, 0o600]);

        const again = await startApp(options);
        const client = stranger('application/json', again);
        expect((await client.post('/login', { email: 'one@seed.example', password: first })).status).toBe(200);
        expect((await client.post('/login', { email: 'gil@seed.example', password: second })).status).toBe(200);
        expect((await client.get('/mails?to=gil@seed.example')).json).toMatchObject({ mails: [{ kind: 'password-changed' }, {}, {}] });
        await again.close();
        expect(readFileSync(join(dataFolder, 'key')).equals(key)).toBe(true);
        expect(readFileSync(join(dataFolder, 'audit.jsonl'), 'utf8').startsWith(log)).toBe(true);
      } finally {
        rmSync(dataFolder, { recursive: true, force: true });
      }
    });
  });

  const toldEvents = [
    'password.rejected',
    'sign-up.requested',
    'sign-up.confirmed',
    'sign-in.succeeded',
    'sign-in.failed',
    'sign-out.succeeded',
    'password-change.failed',
    'password-reset.requested',
    'password-reset.succeeded',
    'request.malformed',
  ];

  /** Does what is worth a line in the log. Answers the secrets that were under way. */
  async function tell(story: RunningApp): Promise<readonly string[]> {
    const email = 'gil@seed.example';
    const client = stranger('application/json', story);
    await client.post('/signup', { email, name: 'Gil', team: 'Gills', password: leaked });
    await client.post('/signup', { email, name: 'Gil', team: 'Gills', password: first });
    const confirmation = await mailSent(story, email, 'confirm-sign-up');
    await client.post('/confirm', { token: tokenIn(confirmation) });
    await client.post('/login', { email, password: 'a guess of somebody' });
    await client.postJson('/login', { email: 7, password: 7 });
    await client.post('/login', { email, password: first });
    await client.post('/account/password', { currentPassword: 'a guess of somebody', newPassword: second });
    await client.post('/logout', {});
    await client.post('/forgot', { email });
    const reset = await mailSent(story, email, 'reset-password');
    await client.post('/reset', { token: tokenIn(reset), password: second });
    await mailSent(story, email, 'password-changed');
    return ['a guess of somebody', ...[confirmation, reset].flatMap((mail) => [tokenIn(mail), mail.code ?? ''])];
  }

  function eventsIn(log: string): readonly string[] {
    return log.trimEnd().split('\n').map((line) => (JSON.parse(line) as { readonly event: string }).event);
  }
});
