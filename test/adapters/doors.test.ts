import { request } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cookieShape } from '../support/cookies.ts';
import { goodPassword, otherPassword } from '../support/kit.ts';
import { cookieOf, frameworks, type AppOptions, type RunningApp } from './frameworks.ts';

const email = 'ada@example.com';

/** Sends a form on a connection of its own, which the app resets: the address of one that is used again is known for longer. */
function hangUp(url: string, form: Record<string, string>): Promise<void> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-hang-up': '1' };
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent: false, headers }, () => {
      resolve();
    })
      .once('error', reject)
      .end(new URLSearchParams(form).toString());
  });
}

describe.each(frameworks)('the doors on %s', (name, framework) => {
  let running: RunningApp | undefined;

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  async function start(options: AppOptions = {}): Promise<RunningApp> {
    running = await framework.startApp(options);
    return running;
  }

  async function signedUp(app: RunningApp): Promise<void> {
    await app.send('/signup', { form: { email, password: goodPassword } });
    await app.drain();
    const mail = app.mails.find(({ kind }) => kind === 'confirm-sign-up');
    const token = mail?.kind === 'confirm-sign-up' ? mail.link.split('#token=')[1] : '';
    expect((await app.send('/confirm', { form: { token: token ?? '' } })).status).toBe(200);
  }

  async function signedIn(app: RunningApp, password = goodPassword, cookie = ''): Promise<string> {
    const response = await app.send('/login', { form: { email, password }, headers: { cookie } });
    expect(response.status).toBe(200);
    return cookieOf(response);
  }

  async function whoIs(app: RunningApp, cookie: string): Promise<unknown> {
    return ((await (await app.send('/me', { method: 'GET', headers: { cookie } })).json()) as { readonly accountId: unknown }).accountId;
  }

  it('lead from sign-up to sign-out', async () => {
    const app = await start();
    await signedUp(app);
    const cookie = await signedIn(app);
    expect(await whoIs(app, cookie)).toBe('user-1');
    expect((await app.send('/logout', { headers: { cookie } })).status).toBe(204);
    expect(await whoIs(app, cookie)).toBe(null);
    expect(app.events.map(({ type }) => type)).toEqual(['sign-up.requested', 'sign-up.confirmed', 'device.remembered', 'sign-in.succeeded', 'sign-out.succeeded']);
  });

  // checklist 14; ASVS 7.2.4
  it('give the session a new id at sign-in and at a change of password; the old id is dead', async () => {
    const app = await start();
    await signedUp(app);
    const first = await signedIn(app);
    const second = await signedIn(app, goodPassword, first);
    expect(second).not.toBe(first);
    expect([await whoIs(app, first), await whoIs(app, second)]).toEqual([null, 'user-1']);
    const elsewhere = await signedIn(app);
    const changed = await app.send('/password', { form: { currentPassword: goodPassword, newPassword: otherPassword }, headers: { cookie: second } });
    expect(changed.status).toBe(200);
    expect([await whoIs(app, second), await whoIs(app, elsewhere), await whoIs(app, cookieOf(changed))]).toEqual([null, null, 'user-1']);
  });

  it('never adopt a session id that they did not make', async () => {
    const app = await start();
    await signedUp(app);
    const planted = 'connect.sid=s%3Aplanted.AAAA';
    expect(await signedIn(app, goodPassword, planted)).not.toContain('planted');
  });

  it('end every session after a reset, and sign nobody in', async () => {
    const app = await start();
    await signedUp(app);
    const cookie = await signedIn(app);
    await app.send('/forgot', { form: { email } });
    await app.drain();
    const mail = app.mails.find(({ kind }) => kind === 'reset-password');
    const token = mail?.kind === 'reset-password' ? (mail.link.split('#token=')[1] ?? '') : '';
    const reset = await app.send('/reset', { json: { token, password: otherPassword } });
    expect([reset.status, cookieOf(reset), await whoIs(app, cookie)]).toEqual([200, '', null]);
    await signedIn(app, otherPassword);
  });

  it('end the session that the reset itself came with, even where the app forgets it', async () => {
    const app = await start({ hooks: () => ({ endSessions: () => undefined }) });
    await signedUp(app);
    const cookie = await signedIn(app);
    await app.send('/forgot', { form: { email } });
    await app.drain();
    const mail = app.mails.find(({ kind }) => kind === 'reset-password');
    const token = mail?.kind === 'reset-password' ? (mail.link.split('#token=')[1] ?? '') : '';
    expect((await app.send('/reset', { json: { token, password: otherPassword }, headers: { cookie } })).status).toBe(200);
    expect(await whoIs(app, cookie)).toBe(null);
  });

  // checklist 15, 82, 83, 87; ASVS 6.3.8
  it.each(['application/json', 'text/html'])('answer known and unknown accounts with the same bytes (%s)', async (accept) => {
    const app = await start();
    await signedUp(app);
    const seen = async (path: string, form: Record<string, string>) => {
      const response = await app.send(path, { form, headers: { accept } });
      const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'date').map(([name, value]) => [name, name === 'set-cookie' ? cookieShape(value) : value]));
      return { status: response.status, headers, body: await response.text() };
    };
    const login = await seen('/login', { email, password: 'wrong' });
    expect(await seen('/login', { email: 'nobody@example.com', password: 'wrong' })).toEqual(login);
    expect(login).toMatchObject({ status: 401, headers: { 'cache-control': 'no-store', 'www-authenticate': expect.not.stringMatching(/basic/i) as string } });
    if (accept === 'application/json') {
      expect(login.headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(login.body)).toMatchObject({ status: 401, type: expect.stringMatching(/^urn:/) as string });
    }
    const signup = await seen('/signup', { email, password: otherPassword });
    expect(await seen('/signup', { email: 'fresh@example.com', password: otherPassword })).toEqual(signup);
    const forgot = await seen('/forgot', { email });
    expect(await seen('/forgot', { email: 'nobody@example.com' })).toEqual(forgot);
    const resend = await seen('/resend', { email });
    expect(await seen('/resend', { email: 'nobody@example.com' })).toEqual(resend);
  });

  it.each([['null', null], ['something that is no session', {}]])('sign out nobody, where the app says %s for that', async (_what, nobody) => {
    const app = await start({ hooks: () => ({ sessionOf: () => nobody as unknown as undefined }) });
    const response = await app.send('/logout');
    expect([response.status, response.headers.get('clear-site-data')]).toEqual([204, '"storage"']);
    expect((await app.send('/password', { form: { currentPassword: goodPassword, newPassword: otherPassword } })).status).toBe(401);
    expect(app.events.map(({ type }) => type)).not.toContain('sign-out.succeeded');
  });

  // checklist 24; ASVS 15.3.5-15.3.7
  it('answer operators, arrays and nonsense as any wrong entry', async () => {
    const app = await start();
    await signedUp(app);
    const values: readonly unknown[] = [{ $ne: null }, [email], 7, null, true, `${email}\0`, { toString: 'x' }];
    const answers = await Promise.all(values.map((value) => app.send('/login', { json: { email: value, password: value } })));
    expect(answers.map(({ status }) => status)).toEqual(values.map(() => 401));
    for (const body of [{}, [], { __proto__: { email } }]) expect((await app.send('/forgot', { json: body })).status).toBe(202);
    expect((await app.send('/login', { form: { 'email[$ne]': 'x', 'password[$ne]': 'x' } })).status).toBe(401);
    expect((await app.send('/reset', { json: { 'token': { $gt: '' }, 'password': goodPassword } })).status).toBe(400);
  });

  it('name it, once, when no parser has read the form', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      const read = await start();
      for (const init of [{ form: { email } }, { json: { email } }, {}]) await read.send('/login', init);
      await read.close();
      expect(warn).not.toHaveBeenCalled();
      const unread = await start({ parses: false });
      expect((await unread.send('/logout')).status).toBe(204);
      expect(warn).not.toHaveBeenCalled();
      const parsers = name === 'Fastify' ? 'app.register(formbody) of @fastify/formbody; JSON is read without it.' : 'app.use(express.urlencoded({ extended: false }), express.json()).';
      for (const init of [{ form: { email } }, { json: { email } }]) expect((await unread.send('/login', init)).status).toBe(401);
      expect(warn.mock.calls).toEqual([[`portcullis: a form arrived unread, so its fields are missing. Before the doors: ${parsers}`, { code: 'PORTCULLIS_BODY' }]]);
    } finally {
      warn.mockRestore();
    }
  });

  it('take no GET', async () => {
    const app = await start();
    for (const path of ['/signup', '/confirm', '/resend', '/login', '/logout', '/forgot', '/reset', '/password']) {
      const response = await app.send(path, { method: 'GET' });
      expect([path, response.status, response.headers.get('allow')]).toEqual([path, 405, 'POST']);
    }
  });

  // checklist 75; ASVS 3.5.1
  it.each([
    ['another site, by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling domain', { 'sec-fetch-site': 'same-site' }],
    ['another site, by Origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
  ])('refuse requests by %s', async (_who, headers) => {
    const app = await start();
    await signedUp(app);
    expect((await app.send('/login', { form: { email, password: goodPassword }, headers })).status).toBe(403);
    expect(app.events.at(-1)).toMatchObject({ type: 'request.cross-site', route: 'sign-in' });
    expect((await app.send('/login', { form: { email, password: goodPassword }, headers: { origin: 'http://127.0.0.1' } })).status).toBe(200);
  });

  // checklist 26; ASVS 4.1.3
  it('count by the address of the connection, whatever the request claims', async () => {
    const app = await start();
    const attempts = Array.from({ length: 10 }, (_, turn) => {
      const headers = { 'x-forwarded-for': `203.0.113.${turn}`, 'x-real-ip': `203.0.113.${turn}`, 'forwarded': `for=203.0.113.${turn}` };
      return app.send('/login', { form: { email: `user${turn}@example.com`, password: 'wrong' }, headers });
    });
    for (const { status } of await Promise.all(attempts)) expect(status).toBe(401);
    const refused = await app.send('/login', { form: { email: 'last@example.com', password: 'wrong' }, headers: { 'x-forwarded-for': '203.0.113.99' } });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('ratelimit')]).toEqual([429, '30', null]);
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'limiter.misconfigured', problem: 'proxy-not-trusted' }));
  });

  it('do nothing for a client that has hung up, and so has no address to be counted by', async () => {
    const app = await start();
    await signedUp(app);
    const count = app.events.length;
    for (const path of ['/forgot', '/signup', '/login', '/resend']) {
      await expect(hangUp(app.url + path, { email, password: goodPassword })).rejects.toMatchObject({ code: 'ECONNRESET' });
    }
    await app.send('/me', { method: 'GET' });
    await app.drain();
    expect(app.events.slice(count)).toEqual([]);
    expect(app.mails).toHaveLength(1);
  });

  it('count by the forwarded address where the app trusts its proxy', async () => {
    const app = await start({ trustsProxy: true });
    const attempts = Array.from({ length: 12 }, (_, turn) =>
      app.send('/login', { form: { email: `user${turn}@example.com`, password: 'wrong' }, headers: { 'x-forwarded-for': `203.0.113.${turn}` } }),
    );
    for (const { status } of await Promise.all(attempts)) expect(status).toBe(401);
  });

  // checklist 106; ASVS 16.5.4
  it('hand what a hook of the app throws to the app\'s error handler, and the process lives', async () => {
    const app = await start({
      hooks: () => ({
        onSignedIn: () => {
          throw new Error('a bug of the app');
        },
      }),
    });
    await signedUp(app);
    const response = await app.send('/login', { form: { email, password: goodPassword } });
    expect([response.status, await response.text(), app.failures]).toEqual([500, 'sorry', [new Error('a bug of the app')]]);
    expect((await app.send('/me', { method: 'GET' })).status).toBe(200);
  });

  it('let the app show its form again where a new password cannot be used, to browsers alone', async () => {
    const app = await start({
      hooks: (say) => ({
        onRejected: (req, res, { flow, reasons }) => {
          say.text(res, `${flow} of ${(req.body as { readonly email?: string }).email ?? 'nobody'}: ${reasons.map(({ code }) => code).join()}`);
        },
      }),
    });
    const html = { accept: 'text/html' };
    const page = await app.send('/signup', { form: { email, password: 'qzv 77' }, headers: html });
    expect([page.status, page.headers.get('cache-control'), await page.text()]).toEqual([422, 'no-store', `sign-up of ${email}: too-short,guidance`]);
    const json = await app.send('/signup', { form: { email, password: 'qzv 77' } });
    expect([json.status, await json.json()]).toEqual([422, expect.objectContaining({ reasons: [expect.objectContaining({ code: 'too-short' }), expect.anything()] })]);

    await signedUp(app);
    const cookie = await signedIn(app);
    const change = await app.send('/password', { form: { currentPassword: goodPassword, newPassword: 'qzv 77' }, headers: { cookie, ...html } });
    expect(await change.text()).toBe('password-change of nobody: too-short,guidance');
    await app.send('/forgot', { form: { email } });
    await app.drain();
    const mail = app.mails.find(({ kind }) => kind === 'reset-password');
    const token = mail?.kind === 'reset-password' ? (mail.link.split('#token=')[1] ?? '') : '';
    const reset = await app.send('/reset', { form: { token, password: 'qzv 77' }, headers: html });
    expect(await reset.text()).toBe('password-reset of nobody: too-short,guidance');
    // Any other answer is the library's own.
    expect(await (await app.send('/reset', { form: { token: 'none', password: 'qzv 77' }, headers: html })).text()).toContain('Reset failed');
  });

  it('answer a change of password without a session as a failed sign-in', async () => {
    const app = await start();
    expect((await app.send('/password', { form: { currentPassword: goodPassword, newPassword: otherPassword } })).status).toBe(401);
  });
});
