import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { localPage } from '../../examples/shared/local-pages.ts';
import type { RunningApp } from '../../examples/shared/start.ts';
import { aheadClock, nextCode } from '../support/ahead-clock.ts';
import { type Client, clientOf, exampleApps, mailSent, startExample, tokenIn } from './app-client.ts';

const password = 'herons over quiet Malmo';
const minuteMs = 60_000;

describe.each(exampleApps)('on %s', (_framework, startApp) => {
  let range: RangeServer;
  let app: RunningApp;
  let host = 0;
  let teams = 0;
  const clock = aheadClock();

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock });
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await range.close();
  });

  /** Somebody of a team, with a browser and a program that share nothing but the account. */
  interface Somebody {
    readonly id: string;
    readonly email: string;
    readonly teamId: number;
  }

  /** A team of an administrator and a member. */
  async function newTeam(): Promise<{ readonly admin: Somebody; readonly member: Somebody }> {
    teams += 1;
    const passwordHash = await hashOf();
    const add = (name: string, team: { readonly newName: string } | { readonly joinId: number }): Somebody => {
      const email = `${name}-${teams}@team.example`;
      app.context.data.users.create({ email, name, team, passwordHash, status: 'active' });
      const user = app.context.data.users.byEmail(email);
      if (user === undefined) throw new Error('not created');
      return { id: user.id, email, teamId: user.teamId };
    };
    const admin = add('admin', { newName: `Team ${teams}` });
    return { admin, member: add('member', { joinId: admin.teamId }) };
  }

  let hash: string | undefined;

  /** One hash will do for all of them. */
  async function hashOf(): Promise<string> {
    if (hash === undefined) {
      const client = stranger();
      await client.post('/signup', { email: 'model@team.example', name: 'Model', team: 'Models', password });
      await client.post('/confirm', { token: tokenIn(await mailSent(app, 'model@team.example', 'confirm-sign-up')) });
      hash = app.context.data.users.byEmail('model@team.example')?.passwordHash ?? '';
    }
    return hash;
  }

  function stranger(accept: 'application/json' | 'text/html' = 'application/json'): Client {
    host += 1;
    return clientOf(app, accept, `127.9.${Math.floor(host / 250)}.${(host % 250) + 1}`);
  }

  async function signedIn({ email }: Pick<Somebody, 'email'>, accept: 'application/json' | 'text/html' = 'application/json'): Promise<Client> {
    const client = stranger(accept);
    expect((await client.post('/login', { email, password })).status).toBe(accept === 'text/html' ? 303 : 200);
    return client;
  }

  interface Enrolled {
    readonly secret: string;
    readonly factorId: string;
    readonly codes: readonly string[];
  }

  /** Sets an authenticator up, mailed link and all. */
  async function enroll(client: Client, { email }: Pick<Somebody, 'email'>, at = app): Promise<Enrolled> {
    let begun = await client.post('/account/security/enroll', { factorName: 'phone' });
    if (begun.status === 202) {
      expect((await client.post('/challenge', { token: tokenIn(await mailSent(at, email, 'challenge')) })).status).toBe(200);
      begun = await client.post('/account/security/enroll', { factorName: 'phone' });
    }
    const { secret, factorId } = begun.json as { readonly secret: string; readonly factorId: string };
    const confirmed = await client.post('/account/security/confirm', { factorId, code: nextCode(clock, secret) });
    expect(confirmed.status).toBe(200);
    return { secret, factorId, codes: (confirmed.json as { readonly recoveryCodes?: readonly string[] }).recoveryCodes ?? [] };
  }

  describe('the second step of the protected example, over HTTP', () => {
    // ASVS 6.3.3, 6.5.1
    it('opens nothing on the password alone, and each code once', async () => {
      const { admin } = await newTeam();
      const { secret, codes } = await enroll(await signedIn(admin), admin);
      const [one, other] = [stranger(), stranger()];
      for (const client of [one, other]) {
        expect(await client.post('/login', { email: admin.email, password })).toMatchObject({ status: 403, json: { type: 'urn:portcullis:mfa-required', methods: ['totp', 'recovery-code'] } });
        expect((await client.get('/contacts')).status).toBe(401);
      }
      const code = nextCode(clock, secret);
      expect(await one.post('/login/code', { code })).toMatchObject({ status: 200, json: { ok: true, stage: 'full' } });
      expect((await other.post('/login/code', { code })).status).toBe(401);
      expect(await other.post('/login/code', { code: codes[0] ?? '' })).toMatchObject({ status: 200, json: { codesLeft: 9 } });
      expect((await other.get('/contacts')).status).toBe(200);
      const third = stranger();
      await third.post('/login', { email: admin.email, password });
      expect((await third.post('/login/code', { code: codes[0] ?? '' })).status).toBe(401);
    });

    it('shows the secret on one page, which no cache keeps, and the codes on another', async () => {
      const { admin } = await newTeam();
      const client = await signedIn(admin, 'text/html');
      await client.post('/account/security/enroll', {});
      await client.post('/challenge', { link: (await mailSent(app, admin.email, 'challenge')).link ?? '' });
      const page = await client.post('/account/security/enroll', { factorName: '<b>phone</b>' });
      const secret = /<code class="secret">([A-Z2-7 ]+)<\/code>/.exec(page.text)?.[1] ?? '';
      const factorId = /name="factorId" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
      expect(secret.replaceAll(' ', '')).toHaveLength(32);
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.headers.get('content-security-policy')).toContain("img-src 'self' data:;");
      expect(/<title>(.*)<\/title>/.exec(page.text)?.[1]).not.toContain(secret.slice(0, 4));
      // ASVS 14.2.1
      expect([...page.text.matchAll(/(?:href|action)="([^"]*)"/g)].map(([, url]) => url).join(' ')).not.toMatch(new RegExp(secret.replaceAll(' ', ' ?')));
      const again = await client.post('/account/security/confirm', { factorId, code: '000000' });
      expect([again.status, again.text.includes(secret)]).toEqual([401, false]);
      const codes = await client.post('/account/security/confirm', { factorId, code: nextCode(clock, secret) });
      expect(codes.headers.get('cache-control')).toBe('no-store');
      expect(codes.headers.get('content-security-policy')).not.toContain('data:');
      const list = await client.get('/account/security');
      expect(list.text).toContain('&#60;b&#62;phone&#60;/b&#62;');
      expect(list.text).not.toContain(/<code>([\w-]+)<\/code>/.exec(codes.text)?.[1]);
      expect((await client.get('/account/security')).headers.get('content-security-policy')).not.toContain('data:');
    });

    // ASVS 7.5.1, 7.5.3
    it('asks for fresh proofs before the list leaves the house, and keeps the text that was to be sent', async () => {
      const { admin } = await newTeam();
      const client = await signedIn(admin, 'text/html');
      expect((await client.get('/contacts/export.csv')).status).toBe(200);
      clock.pass(16 * minuteMs);
      expect((await client.get('/contacts')).status).toBe(200);
      expect((await client.get('/contacts/export.csv')).headers.get('location')).toBe('/step-up?next=%2Fcontacts');
      expect((await client.post('/campaigns', { subject: 'Rye', body: 'is <ready>' })).headers.get('location')).toBe('/step-up?next=%2Fcampaigns');
      const form = await client.get('/step-up?next=%2Fcampaigns');
      expect(form.text).toContain('name="next" value="/campaigns"');
      expect(form.text).not.toContain('name="code"');
      const wrong = await client.post('/step-up', { next: '/campaigns', password: 'not this one' });
      expect([wrong.status, wrong.text.includes('role="alert"'), wrong.text.includes('value="/campaigns"')]).toEqual([403, true, true]);
      expect((await client.post('/step-up', { next: '/campaigns', password })).headers.get('location')).toBe('/campaigns?done=stepped-up');
      expect((await client.get('/campaigns')).text).toContain('is &#60;ready&#62;</textarea>');
      expect((await client.post('/campaigns', { subject: 'Rye', body: 'is <ready>' })).headers.get('location')).toBe('/campaigns?done=campaign-sent');
      expect((await client.get('/campaigns')).text).not.toContain('is &#60;ready&#62;</textarea>');
      expect((await client.get('/contacts/export.csv')).status).toBe(200);
    });

    it('goes nowhere but to pages of its own after a fresh proof', async () => {
      for (const path of ['https://evil.example', '//evil.example', '/\\evil.example', '/contacts//evil.example\n', 'javascript:alert(1)', '/nowhere', ['/team'], undefined, '/team/members/../../x/second-step']) {
        expect(['/contacts', '/team']).toContain(localPage(path));
      }
      const { admin } = await newTeam();
      const client = await signedIn(admin, 'text/html');
      expect((await client.post('/step-up', { next: '//evil.example', password })).headers.get('location')).toBe('/contacts?done=stepped-up');
    });

    it('takes a code too, in one form, where a second step is on', async () => {
      const { admin } = await newTeam();
      const client = await signedIn(admin);
      const { secret, factorId } = await enroll(client, admin);
      clock.pass(16 * minuteMs);
      expect(await client.post('/account/security/remove', { factorId })).toMatchObject({ status: 403, json: { missing: [], expired: ['password', 'second-factor'] } });
      expect((await client.post('/step-up', { password, code: '000000' })).status).toBe(403);
      expect((await client.post('/step-up', { password, code: nextCode(clock, secret) })).status).toBe(200);
      expect((await client.post('/account/security/remove', { factorId })).status).toBe(200);
      expect((await client.get('/account/security')).json).toMatchObject({ enrolled: false, totp: [], codesLeft: 0 });
    });

    it('remembers a browser if asked to, lists it, and forgets it', async () => {
      const { admin } = await newTeam();
      const desk = await signedIn(admin);
      const { secret } = await enroll(desk, admin);
      const phone = stranger();
      await phone.post('/login', { email: admin.email, password });
      expect((await phone.post('/login/code', { code: nextCode(clock, secret), remember: 'on' })).status).toBe(200);
      await phone.post('/logout', {});
      expect((await phone.post('/login', { email: admin.email, password })).status).toBe(200);
      const { devices } = (await phone.get('/account/security')).json as { readonly devices: readonly { readonly id: string; readonly secondFactorUntilMs?: number }[] };
      const remembered = devices.find(({ secondFactorUntilMs }) => secondFactorUntilMs !== undefined);
      expect(devices).toHaveLength(2);
      expect((await desk.post('/account/security/devices', { deviceId: remembered?.id ?? '' })).status).toBe(200);
      await phone.post('/logout', {});
      expect((await phone.post('/login', { email: admin.email, password })).status).toBe(403);
    });

    // ASVS 6.4.3, 6.4.4
    it('is asked for at a new password too', async () => {
      const { admin } = await newTeam();
      const { secret } = await enroll(await signedIn(admin), admin);
      const client = stranger('text/html');
      await client.post('/forgot', { email: admin.email });
      const reset = { token: tokenIn(await mailSent(app, admin.email, 'reset-password')), password: 'eleven teacups in orbit' };
      expect((await client.get('/reset')).text).not.toContain('secondFactor');
      for (const secondFactor of [undefined, '', '000000']) {
        const refused = await client.post('/reset', { ...reset, ...(secondFactor !== undefined && { secondFactor }) });
        expect([refused.status, refused.text.includes('name="secondFactor"'), refused.text.includes(`value="${reset.token}"`)]).toEqual([403, true, true]);
      }
      expect((await client.post('/reset', { ...reset, secondFactor: nextCode(clock, secret) })).status).toBe(200);
      expect((await client.post('/login', { email: admin.email, password: reset.password })).headers.get('location')).toBe('/login/code');
    });
  });

  describe('after a restart the protected example', () => {
    // ASVS 6.5.1
    it('still asks for the second step, knows which codes are used, and who decides for a team', async () => {
      const dataFolder = mkdtempSync(join(tmpdir(), 'larkpost-second-'));
      const email = 'ida@kiln.example';
      const options = { unprotected: false, host: '127.0.0.1', port: 0, dataFolder, seed: { teams: [{ name: 'Kiln', users: [{ email, name: 'Ida', password }], contacts: [] }] }, fastSeed: true, breachUrl: range.url, clock };
      try {
        const before = await startApp(options);
        const client = clientOf(before, 'application/json', '127.9.9.1');
        await client.post('/login', { email, password });
        const { secret, codes } = await enroll(client, { email }, before);
        expect((await client.post('/team/second-step', { graceDays: '0' })).status).toBe(200);
        await client.post('/logout', {});
        await client.post('/login', { email, password });
        const used = nextCode(clock, secret);
        expect((await client.post('/login/code', { code: used })).status).toBe(200);
        await before.close();

        const after = await startApp(options);
        const again = clientOf(after, 'application/json', '127.9.9.2');
        expect((await again.post('/login', { email, password })).status).toBe(403);
        expect((await again.post('/login/code', { code: used })).status).toBe(401);
        expect((await again.post('/login/code', { code: codes[4] ?? '' })).json).toMatchObject({ codesLeft: 9 });
        expect((await again.post('/team/second-step/off', {})).status).toBe(200);
        await after.close();
      } finally {
        rmSync(dataFolder, { recursive: true, force: true });
      }
    });
  });

  describe('an administrator of the protected example', () => {
    it('alone decides for the team, and for no other team', async () => {
      const [{ admin, member }, others] = [await newTeam(), await newTeam()];
      const [boss, worker, foreigner] = [await signedIn(admin), await signedIn(member), await signedIn(others.admin)];
      for (const [client, path] of [[worker, '/team/second-step'], [worker, '/team/second-step/off'], [worker, `/team/members/${admin.id}/second-step`], [foreigner, `/team/members/${member.id}/second-step`], [boss, `/team/members/${admin.id}/second-step`]] as const) {
        expect([path, (await client.post(path, { graceDays: '0' })).status]).toEqual([path, 404]);
      }
      const page = await (await signedIn(member, 'text/html')).get('/team');
      expect(page.text).not.toContain('second step');
      expect((await boss.post('/team/second-step', { graceDays: '1' })).status).toBe(422);
      expect((await boss.post('/team/second-step', { graceDays: '7' })).status).toBe(200);
      expect((await foreigner.get('/contacts')).status).toBe(200);
      expect((await worker.get('/contacts')).status).toBe(200);
    });

    // ASVS 6.3.4, 8.3.2
    it('makes a second step mandatory for sessions that are older than that', async () => {
      const { admin, member } = await newTeam();
      const [boss, worker] = [await signedIn(admin), await signedIn(member)];
      expect((await boss.post('/team/second-step', { graceDays: '0' })).status).toBe(200);
      const routes = ['/contacts', '/contacts/export.csv', '/campaigns', '/team', '/account', '/account/security'];
      for (const path of routes) expect([path, await worker.get(path)]).toMatchObject([path, { status: 403, json: { type: 'urn:portcullis:mfa-enrollment-required' } }]);
      for (const path of ['/contacts', '/contacts/import', '/campaigns', '/account/password', '/account/email', '/team/invite', '/account/security/codes', '/account/security/devices']) {
        expect([path, (await worker.post(path, { email: 'a@b.example', subject: 'S', body: 'B', lines: 'a@b.example' })).status]).toEqual([path, 403]);
      }
      expect(app.context.data.drafts.of(member.id)).toBe(undefined);
      // That session began before the team decided, and so it needs no mail.
      await enroll(worker, member);
      for (const path of routes) expect([path, (await worker.get(path)).status]).toEqual([path, 200]);
      const { id } = (((await worker.get('/account/security')).json as { readonly totp: readonly { readonly id: string }[] }).totp[0] ?? { id: '' });
      expect((await worker.post('/account/security/remove', { factorId: id })).status).toBe(409);
    });

    it('takes away what somebody has lost, which ends their sessions and lets them only enroll', async () => {
      const { admin, member } = await newTeam();
      const [boss, worker] = [await signedIn(admin), await signedIn(member)];
      const lost = await enroll(worker, member);
      expect((await boss.post(`/team/members/${member.id}/second-step`, {})).json).toEqual({ ok: true, removed: 1 });
      await vi.waitFor(() => {
        // Among all of them: which of two mails of one moment is written last is nobody's promise.
        expect(app.context.mails.list(member.email).map(({ text }) => text).join()).toContain('by an administrator of your team');
      }, { timeout: 10_000 });
      expect((await worker.get('/contacts')).status).toBe(401);
      const again = stranger();
      expect(await again.post('/login', { email: member.email, password })).toMatchObject({ status: 200, json: { stage: 'enroll' } });
      expect((await again.get('/contacts')).status).toBe(403);
      // The password alone enrolls nothing: the mailbox has to say yes.
      expect((await again.post('/account/security/enroll', {})).status).toBe(202);
      expect((await again.post('/login/code', { code: lost.codes[0] ?? '' })).status).toBe(401);
    });
  });

  describe('a mailed link of the protected example', () => {
    it('that was not asked for shuts the password, from any browser', async () => {
      const { admin } = await newTeam();
      const thief = await signedIn(admin);
      await thief.post('/account/security/enroll', {});
      const mail = await mailSent(app, admin.email, 'challenge');
      const disownLink = /http\S+\/not-me#token=\S+/.exec(mail.text)?.[0] ?? '';
      const owner = stranger('text/html');
      expect((await owner.post('/not-me', { link: disownLink })).text).toContain('They are stopped');
      expect((await thief.get('/contacts')).status).toBe(401);
      expect((await stranger().post('/login', { email: admin.email, password })).status).toBe(401);
      expect((await mailSent(app, admin.email, 'reset-password')).text).toContain('You told us');
    });

    // ASVS 6.3.8, 6.3.7
    it('moves an account to another address, and says nothing of whose address that is', async () => {
      const [{ admin, member }] = [await newTeam()];
      const client = await signedIn(admin, 'text/html');
      expect((await client.post('/account/email', { newEmail: 'nothing' })).text).toContain('That is not an email address.');
      expect((await client.post('/account/email', { newEmail: member.email })).text).toContain('Before we go on we make sure that it is you');
      const link = /http\S+\/challenge#token=\S+/.exec((await mailSent(app, admin.email, 'challenge')).text)?.[0] ?? '';
      expect((await client.post('/challenge', { link })).headers.get('location')).toBe('/account?done=owner-confirmed');
      expect((await client.get('/account?done=owner-confirmed')).text).toContain('Thank you, it is you');
      const [taken, free] = [await client.post('/account/email', { newEmail: member.email }), await client.post('/account/email', { newEmail: `new-${admin.email}` })];
      expect([taken.status, taken.text]).toEqual([free.status, free.text]);
      await mailSent(app, member.email, 'email-change-existing-account');
      const { code = '' } = await mailSent(app, `new-${admin.email}`, 'confirm-email-change');
      expect((await client.post('/confirm-email', { code })).text).toContain('Your address is changed');
      for (const to of [admin.email, `new-${admin.email}`]) await mailSent(app, to, 'email-changed');
      expect(app.context.data.users.byId(admin.id)?.email).toBe(`new-${admin.email}`);
    });
  });
});
