import { afterEach, describe, expect, it } from 'vitest';
import type { Mail } from 'portcullis';
import { expressDoors } from 'portcullis/express';
import { aheadClock } from '../support/ahead-clock.ts';
import { goodPassword } from '../support/kit.ts';
import { codeAt } from '../support/person.ts';
import { frameworks, type AppOptions, type RunningApp } from './frameworks.ts';

const email = 'ada@example.com';
const stepMs = 30_000;
const clock = aheadClock();

/** A browser: keeps its cookies and sends forms. */
function openBrowser(app: RunningApp) {
  const jar = new Map<string, string>();
  return {
    jar,
    async send(path: string, form: Record<string, string> = {}, options: { readonly method?: string; readonly headers?: Record<string, string> } = {}): Promise<{ readonly status: number; readonly body: Record<string, unknown>; readonly response: Response }> {
      const method = options.method ?? 'POST';
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await app.send(path, { method, ...(method === 'POST' && { form }), headers: { cookie, ...options.headers } });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/Max-Age=0(;|$)/.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      const text = await response.text();
      return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}, response };
    },
  };
}

type Browser = ReturnType<typeof openBrowser>;

async function tokenIn(app: RunningApp, kind: Mail['kind'], field: 'link' | 'disownLink' = 'link'): Promise<string> {
  await app.drain();
  const mail = app.mails.findLast((each) => each.kind === kind) as Readonly<Record<string, unknown>> | undefined;
  return String(mail?.[field]).split('#token=')[1] ?? '';
}

describe.each(frameworks)('the doors of second factors on %s', (_name, framework) => {
  let running: RunningApp | undefined;

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  async function start(options: AppOptions = {}): Promise<RunningApp> {
    // Each app starts at the beginning of a code's half minute: no code grows too old on its way, however slow the machine.
    clock.pass(stepMs - (clock.nowMs() % stepMs));
    running = await framework.startApp({ clock, ...options });
    return running;
  }

  async function signedUp(app: RunningApp): Promise<Browser> {
    const browser = openBrowser(app);
    await browser.send('/signup', { email, password: goodPassword });
    expect((await browser.send('/confirm', { token: await tokenIn(app, 'confirm-sign-up') })).status).toBe(200);
    expect((await browser.send('/login', { email, password: goodPassword })).status).toBe(200);
    return browser;
  }

  async function enrolled(app: RunningApp, browser: Browser): Promise<{ readonly secret: string; readonly factorId: string; readonly recoveryCodes: readonly string[] }> {
    expect((await browser.send('/enroll', { factorName: 'phone' })).status).toBe(202);
    expect((await browser.send('/challenge', { token: await tokenIn(app, 'challenge') })).status).toBe(200);
    const begun = await browser.send('/enroll', { factorName: 'phone' });
    expect(begun).toMatchObject({ status: 200, body: { secret: expect.any(String) as string, uri: expect.any(String) as string, qr: { svg: expect.any(String) as string } } });
    expect(begun.response.headers.get('cache-control')).toBe('no-store');
    const { secret, factorId } = begun.body as { readonly secret: string; readonly factorId: string };
    // The step before, so that a test need not wait for the next code.
    const done = await browser.send('/confirm-factor', { factorId, code: codeAt(secret, clock.nowMs() - stepMs) });
    expect(done).toMatchObject({ status: 200, body: { factor: { name: 'phone' }, recoveryCodes: { length: 10 } } });
    return { secret, factorId, recoveryCodes: done.body['recoveryCodes'] as readonly string[] };
  }

  // OWASP Authentication Cheat Sheet, ASVS 5.0 6.3.7
  it('move an account without a second factor once a link in the old mailbox was opened, and lead a browser on', async () => {
    const purposes: string[] = [];
    const app = await start({
      hooks: (say) => ({
        onConfirmed: (_req, res, { purpose }) => {
          purposes.push(purpose);
          say.redirect(res, '/account');
        },
      }),
    });
    const browser = await signedUp(app);
    expect((await browser.send('/change-email', { newEmail: 'ada@example.net' })).status).toBe(202);
    expect(app.mails.some(({ to }) => to === 'ada@example.net')).toBe(false);
    const page = { headers: { accept: 'text/html' } };
    const led = await browser.send('/challenge', { token: await tokenIn(app, 'challenge') }, page);
    expect([led.status, led.response.headers.get('location'), purposes]).toEqual([303, '/account', ['email-change']]);
    expect((await browser.send('/change-email', { newEmail: 'ada@example.net' })).status).toBe(202);
    expect((await browser.send('/confirm-email', { token: await tokenIn(app, 'confirm-email-change') })).status).toBe(200);
  });

  // ASVS 5.0 14.3.1
  it('tell a browser to forget its storage at sign-out and with a session that was ended, never its cache, and its cookies where the app says so', async () => {
    const app = await start();
    const browser = await signedUp(app);
    const out = await browser.send('/logout');
    expect(out.response.headers.get('clear-site-data')).toBe('"storage"');
    expect(out.response.headers.getSetCookie().find((line) => line.startsWith('__Host-portcullis-pending='))).toContain('Max-Age=0');
    expect((await browser.send('/login', { email, password: goodPassword })).status).toBe(200);
    expect((await browser.send('/inside')).status).toBe(200);
    await app.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    const ended = await browser.send('/inside');
    expect([ended.status, ended.response.headers.get('clear-site-data')]).toEqual([401, '"storage"']);
    expect((await openBrowser(app).send('/inside')).response.headers.get('clear-site-data')).toBeNull();
    await app.close();
    const other = await start({ hooks: () => ({ clearSiteData: ['storage', 'cookies'] }) });
    expect((await openBrowser(other).send('/logout')).response.headers.get('clear-site-data')).toBe('"storage", "cookies"');
    const nothing = (): void => undefined;
    expect(() => expressDoors(other.portcullis, { sessionOf: () => undefined, remember: nothing, endSessions: nothing, onSignedIn: nothing, clearSiteData: ['cache' as 'storage'] })).toThrow(/clearSiteData/);
  });

  it('lead from a mailed link to an authenticator, and from a password over a code into the app', async () => {
    const app = await start();
    const browser = await signedUp(app);
    const { secret } = await enrolled(app, browser);
    expect((await browser.send('/logout')).status).toBe(204);
    const first = await browser.send('/login', { email, password: goodPassword });
    expect(first).toMatchObject({ status: 403, body: { type: 'urn:portcullis:mfa-required', methods: ['totp', 'recovery-code'] } });
    // ASVS 5.0 2.3.1
    expect((await browser.send('/inside', {}, { method: 'GET' })).status).toBe(401);
    expect(await browser.send('/code', { code: codeAt(secret, clock.nowMs()) })).toMatchObject({ status: 200, body: { ok: true } });
    expect(await browser.send('/inside', {}, { method: 'GET' })).toMatchObject({ status: 200, body: { inside: true } });
    expect(browser.jar.has('__Host-portcullis-pending')).toBe(false);
  });

  // ASVS 5.0 7.2.4
  it('give the session a new id at each rise, and the old one is dead', async () => {
    const app = await start();
    const browser = await signedUp(app);
    const ids = [browser.jar.get('connect.sid')];
    const { secret } = await enrolled(app, browser);
    ids.push(browser.jar.get('connect.sid'));
    expect((await browser.send('/step-up', { password: goodPassword, code: codeAt(secret, clock.nowMs()) })).status).toBe(200);
    ids.push(browser.jar.get('connect.sid'));
    expect(new Set(ids).size).toBe(3);
    const old = openBrowser(app);
    old.jar.set('connect.sid', ids[1] ?? '');
    expect((await old.send('/inside', {}, { method: 'GET' })).status).toBe(401);
  });

  // ASVS 5.0 3.3.1 to 3.3.4
  it('set cookies that are theirs alone: __Host-, Secure, HttpOnly, SameSite, no Domain', async () => {
    const app = await start();
    const browser = await signedUp(app);
    await enrolled(app, browser);
    await browser.send('/logout');
    browser.jar.clear();
    const { response } = await browser.send('/login', { email, password: goodPassword });
    const ours = response.headers.getSetCookie().filter((line) => line.includes('portcullis'));
    expect(ours).toHaveLength(2);
    for (const line of ours) {
      expect(line).toMatch(/^__Host-portcullis-\w+=[\w.-]+; /);
      for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=']) expect(line).toContain(attribute);
      expect(line).not.toMatch(/domain=/i);
      expect(line).not.toContain('ada');
    }
  });

  // ASVS 5.0 7.5.3
  it('ask for a fresh proof before a sensitive action, and let pass once it is given', async () => {
    const app = await start();
    const browser = await signedUp(app);
    const { secret } = await enrolled(app, browser);
    expect((await browser.send('/export', {}, { method: 'GET' })).status).toBe(200);
    const anew = openBrowser(app);
    expect(await anew.send('/export', {}, { method: 'GET' })).toMatchObject({ status: 401 });
    const stale = [...(await sessionsOf(app))].find(([, data]) => data.facts !== undefined);
    if (stale?.[1].facts === undefined) throw new Error('no session');
    app.store.set(stale[0], { ...stale[1], facts: { ...stale[1].facts, proofs: { password: clock.nowMs() - 120_000, totp: clock.nowMs() - 120_000 } } });
    expect(await browser.send('/export', {}, { method: 'GET' })).toMatchObject({ status: 403, body: { type: 'urn:portcullis:reauthentication-required', missing: [], expired: ['password', 'second-factor'] } });
    expect((await browser.send('/step-up', { password: goodPassword, code: '000000' })).status).toBe(403);
    expect((await browser.send('/step-up', { password: goodPassword, code: codeAt(secret, clock.nowMs()) })).status).toBe(200);
    expect((await browser.send('/export', {}, { method: 'GET' })).status).toBe(200);
  });

  it('end every session when the owner of the mailbox says that it was somebody else', async () => {
    const app = await start({ challenge: { strangers: 'mail' } });
    const owner = openBrowser(app);
    await owner.send('/signup', { email, password: goodPassword });
    await owner.send('/confirm', { token: await tokenIn(app, 'confirm-sign-up') });
    expect((await owner.send('/login', { email, password: goodPassword })).status).toBe(401);
    expect((await owner.send('/challenge', { token: await tokenIn(app, 'challenge') })).status).toBe(200);
    expect((await owner.send('/inside', {}, { method: 'GET' })).status).toBe(200);
    const thief = openBrowser(app);
    expect((await thief.send('/login', { email, password: goodPassword })).status).toBe(401);
    expect((await openBrowser(app).send('/not-me', { token: await tokenIn(app, 'challenge', 'disownLink') })).status).toBe(200);
    expect((await owner.send('/inside', {}, { method: 'GET' })).status).toBe(401);
    expect((await owner.send('/login', { email, password: goodPassword })).status).toBe(401);
  });

  // ASVS 5.0 3.5.1 to 3.5.3
  it.each(['/code', '/enroll', '/confirm-factor', '/remove-factor', '/suspend-factor', '/restore-factor', '/codes', '/forget-devices', '/step-up', '/challenge', '/not-me', '/change-email', '/confirm-email'])('take %s by POST and from their own site alone', async (path) => {
    const app = await start();
    const browser = openBrowser(app);
    expect((await browser.send(path, {}, { method: 'GET' })).status).toBe(405);
    expect((await browser.send(path, {}, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });

  // ASVS 5.0 2.2.1
  it.each([{}, { code: '' }, { 'code[$ne]': '1' }, { code: '1'.repeat(9_000) }, { factorId: '__proto__', code: '000000' }, { token: '../../x' }, { deviceId: 'constructor' }])('answer %j like any failure, and never with a 500', async (form) => {
    const app = await start({ limits: { mode: 'observe' } });
    const browser = await signedUp(app);
    for (const path of ['/code', '/enroll', '/confirm-factor', '/remove-factor', '/suspend-factor', '/restore-factor', '/codes', '/forget-devices', '/step-up', '/challenge', '/not-me', '/change-email', '/confirm-email']) {
      expect((await browser.send(path, form as Record<string, string>)).status).toBeLessThan(500);
    }
  });

  it('finish a sign-in that another side has vouched for', async () => {
    const app = await start({ pathways: { elsewhere: {} } });
    const browser = await signedUp(app);
    await enrolled(app, browser);
    const anew = openBrowser(app);
    expect(await anew.send('/from-elsewhere?id=user-1')).toMatchObject({ status: 403, body: { type: 'urn:portcullis:mfa-required' } });
    expect((await anew.send('/inside', {}, { method: 'GET' })).status).toBe(401);
  });

  function sessionsOf(app: RunningApp): Promise<Map<string, { readonly facts?: import('portcullis').SessionFacts; readonly cookie: never }>> {
    return new Promise((resolve) => {
      app.store.all((_error, all) => {
        resolve(new Map(Object.entries(all ?? {})) as never);
      });
    });
  }
});
