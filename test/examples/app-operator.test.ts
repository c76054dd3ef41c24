import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyRing } from 'portcullis';
import { verifyAuditFiles } from 'portcullis/audit';
import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { localPage } from '../../examples/shared/local-pages.ts';
import type { RunningApp } from '../../examples/shared/start.ts';
import { aheadClock, nextCode } from '../support/ahead-clock.ts';
import { type Answered, type Client, clientOf, exampleApps, mailSent, startExample, tokenIn } from './app-client.ts';

type Accept = 'application/json' | 'text/html';

const password = 'herons over quiet Malmo';
const other = 'eleven teacups in orbit';
const ops = 'ops@larkpost.example';
const minuteMs = 60_000;

describe.each(exampleApps)('on %s', (_framework, startApp) => {
  let range: RangeServer;
  let app: RunningApp;
  let dataFolder: string;
  let host = 0;
  let secret = '';
  const clock = aheadClock();
  const person = (name: string) => ({ email: `${name}@seed.example`, name, password });
  const seed = {
    teams: [
      { name: 'Seeded', users: ['ada', 'bea', 'cleo', 'dora', 'eve'].map(person), contacts: [{ email: 'zoe@example.com', name: 'Zoe' }] },
      { name: 'Operations', users: [{ email: ops, name: 'Olu', password, operator: true }], contacts: [] },
    ],
  };

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    dataFolder = mkdtempSync(join(tmpdir(), 'larkpost-operator-'));
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed, dataFolder });
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await range.close();
    rmSync(dataFolder, { recursive: true, force: true });
  });

  function stranger(accept: Accept = 'application/json', address?: string): Client {
    host += 1;
    return clientOf(app, accept, address ?? `127.6.0.${host}`);
  }

  async function signedIn(name: string, { accept = 'application/json', address }: { readonly accept?: Accept; readonly address?: string } = {}): Promise<Client> {
    const client = stranger(accept, address);
    expect((await client.post('/login', { email: `${name}@seed.example`, password })).status).toBe(accept === 'text/html' ? 303 : 200);
    return client;
  }

  /** An operator with a second step, who has just signed in. */
  async function operator(accept: Accept = 'application/json'): Promise<Client> {
    if (secret === '') await enrollOperator();
    const client = stranger(accept);
    await client.post('/operator/login', { email: ops, password });
    const entered = await client.post('/login/code', { code: nextCode(clock, secret) });
    expect([entered.status, entered.headers.get('location')]).toEqual(accept === 'text/html' ? [303, '/operator'] : [200, null]);
    return client;
  }

  async function enrollOperator(): Promise<void> {
    const client = stranger();
    expect(await client.post('/operator/login', { email: ops, password })).toMatchObject({ status: 200, json: { stage: 'enroll' } });
    expect((await client.get('/operator')).status).toBe(403);
    await client.post('/account/security/enroll', { factorName: 'phone' });
    await client.post('/challenge', { token: tokenIn(await mailSent(app, ops, 'challenge')) });
    const begun = (await client.post('/account/security/enroll', { factorName: 'phone' })).json as { readonly secret: string; readonly factorId: string };
    secret = begun.secret;
    expect((await client.post('/account/security/confirm', { factorId: begun.factorId, code: nextCode(clock, secret) })).status).toBe(200);
  }

  const idOf = (email: string): string => app.context.data.users.byEmail(email)?.id ?? '';

  function logged(event: string): readonly Readonly<Record<string, unknown>>[] {
    const lines = readFileSync(join(dataFolder, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>).filter((entry) => entry['event'] === event);
  }

  const operatorRoutes = ['/operator', '/operator/sessions', '/operator/contain', '/operator/incidents/x', '/operator/incidents/x/report.html'];
  const operatorForms = ['/operator/read-only', '/operator/read-only/off', '/operator/sessions', '/operator/account', '/operator/contain', '/operator/contain/x', '/operator/incidents/x/lift'];

  describe('the operator of the protected example', () => {
    // ASVS 5.0 6.3.3, 8.4.2
    it('is the only one for whom there are such pages, and only with a second step', async () => {
      const member = await signedIn('ada');
      const passwordAlone = stranger();
      await passwordAlone.post('/operator/login', { email: ops, password });
      for (const [client, status] of [[stranger(), 401], [member, 404]] as const) {
        for (const path of operatorRoutes) expect([path, (await client.get(path)).status]).toEqual([path, status]);
        for (const path of operatorForms) expect([path, (await client.post(path, {})).status]).toEqual([path, status]);
      }
      for (const path of operatorRoutes) expect((await passwordAlone.get(path)).status).toBe(403);
      expect((await stranger('text/html').get('/operator')).headers.get('location')).toBe('/operator/login');
      expect((await (await operator()).get('/operator')).status).toBe(200);
      expect(app.portcullis?.readOnly.known().switches).toEqual([]);
    });

    // ASVS 5.0 7.5.3
    it('proves it anew before a look that is old, and keeps a form that was begun in time', async () => {
      const client = await operator('text/html');
      clock.pass(11 * minuteMs);
      expect((await client.get('/operator/contain')).headers.get('location')).toBe('/step-up?next=%2Foperator%2Fcontain');
      expect((await client.post('/operator/read-only', { level: 'writes', reason: 'A test.' })).headers.get('location')).toBe('/operator?done=read-only-on');
      clock.pass(20 * minuteMs);
      expect((await client.post('/operator/read-only/off', {})).headers.get('location')).toBe('/step-up?next=%2Foperator');
      expect((await client.post('/step-up', { password, code: nextCode(clock, secret), next: '/operator' })).headers.get('location')).toBe('/operator?done=stepped-up');
      expect((await client.post('/operator/read-only/off', {})).headers.get('location')).toBe('/operator?done=read-only-off');
      expect(['/operator', '/operator/contain', '/operator/incidents/2025-x', '/operator/incidents/a/b', '//evil', '/operator/../x'].map(localPage)).toEqual(['/operator', '/operator/contain', '/operator/incidents/2025-x', '/operator', '/contacts', '/operator']);
    });

    // ASVS 5.0 3.5.1
    it('does nothing that a page of another site asks for', async () => {
      const client = await operator();
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }]) {
        expect((await client.post('/operator/read-only', { level: 'all', reason: 'Evil.' }, headers)).status).toBe(403);
      }
      expect(app.portcullis?.readOnly.known().switches).toEqual([]);
    });

    it('switches read-only on and off, by name, and is told what cannot be used', async () => {
      const client = await operator();
      for (const fields of [{}, { level: 'off', reason: 'x' }, { level: 'writes', reason: ' ' }, { level: 'writes', reason: 'x', minutes: '-1' }, { level: 'writes', reason: 'x', minutes: '1e3' }, { level: 'writes', reason: 'x', minutes: '43201' }]) {
        expect((await client.post('/operator/read-only', fields as Record<string, string>)).status).toBe(422);
      }
      const setAt = clock.nowMs();
      expect(await client.post('/operator/read-only', { level: 'writes', reason: 'We look into spam.', minutes: '30' })).toMatchObject({ status: 200, json: { level: 'writes', by: idOf(ops) } });
      const state = (await client.get('/operator')).json as { readonly switches: readonly { readonly untilMs: number }[]; readonly findings: readonly unknown[] };
      expect(state.switches).toMatchObject([{ level: 'writes', reason: 'We look into spam.', by: idOf(ops) }]);
      expect(state.switches[0]?.untilMs).toBeGreaterThanOrEqual(setAt + 30 * minuteMs);
      expect(state.findings).toContainEqual(expect.objectContaining({ check: 'records.durable', level: 'ok' }));
      expect((await (await signedIn('ada')).post('/contacts', { email: 'x@example.com', name: '' })).status).toBe(503);
      expect(await client.post('/operator/read-only/off', {})).toMatchObject({ json: { lifted: true } });
      await app.portcullis?.readOnly.set({ level: 'writes', scope: { kind: 'user', id: 'u-1' }, reason: 'One account.', by: 'command' });
      expect(await client.post('/operator/read-only/off', {})).toMatchObject({ json: { lifted: false } });
      expect(await client.post('/operator/read-only/off', { kind: 'user', id: 'u-1' })).toMatchObject({ json: { lifted: true } });
      await vi.waitFor(() => {
        expect(logged('read-only.changed').at(-1)).toMatchObject({ details: { by: 'command' } });
        expect(logged('read-only.lifted').at(-1)).toMatchObject({ details: { by: idOf(ops) } });
      });
    });

    it('ends the sessions of one account, and says how its password goes on', async () => {
      const client = await operator();
      for (const fields of [{ email: 'nobody@seed.example', order: 'sessions' }, { email: 'bea@seed.example', order: 'delete' }, { email: 'bea', order: 'sessions' }]) expect((await client.post('/operator/account', fields)).status).toBe(422);
      for (const order of ['sessions', 'change', 'reset'] as const) {
        const member = await signedIn('bea', { accept: 'text/html' }).catch(() => undefined);
        expect((await client.post('/operator/account', { email: 'bea@seed.example', order })).status).toBe(200);
        if (member !== undefined) expect((await member.get('/contacts')).headers.get('location')).toBe('/login');
        const again = await stranger('text/html').post('/login', { email: 'bea@seed.example', password });
        expect([order, again.status, again.headers.get('location')]).toEqual([order, ...{ sessions: [303, '/contacts'], change: [303, '/account/password'], reset: [401, null] }[order]]);
      }
      await vi.waitFor(() => {
        expect(logged('reset.marked').map(({ details }) => details)).toEqual(expect.arrayContaining([expect.objectContaining({ by: idOf(ops), reason: 'admin' }), expect.objectContaining({ by: idOf(ops), reason: 'compromised' })]));
      });
    });

    // ASVS 5.0 7.4.5
    it('ends everybody\'s sessions, its own too, after being asked', async () => {
      const [client, member] = [await operator('text/html'), await signedIn('ada')];
      expect((await client.get('/operator/sessions')).text).toContain('and so are you');
      expect((await member.get('/contacts')).status).toBe(200);
      expect((await client.post('/operator/sessions', {})).headers.get('location')).toBe('/operator/login?done=everybody-out');
      expect([(await member.get('/contacts')).status, (await client.get('/operator')).headers.get('location')]).toEqual([401, '/operator/login']);
    });
  });

  interface DryRun {
    readonly plan: { readonly id: string };
    readonly counts: { readonly affected: { readonly total: number }; readonly others: { readonly accounts: number; readonly withoutSecondFactor: number } };
  }

  interface Incident {
    readonly isRunning: boolean;
    readonly status: { readonly complete: boolean; readonly affected: { readonly total: number }; readonly lift?: { readonly by: string } };
    readonly facts: { readonly accounts: readonly { readonly accountId: string; readonly changes: readonly { readonly kind: string; readonly what: string }[] }[]; readonly timeline: readonly { readonly what: string }[] };
  }

  /** The incident, once nothing of it is under way. */
  async function settled(client: Client, id: string): Promise<Incident> {
    return vi.waitFor(
      async () => {
        const { json } = await client.get(`/operator/incidents/${id}`);
        expect(json).toMatchObject({ isRunning: false });
        return json as Incident;
      },
      { timeout: 10_000, interval: 50 },
    );
  }

  const attack = { reason: 'Accounts were attacked.', sources: '127.66.0.0/16', reset: 'yes', secondFactor: 'no' };

  describe('an attack on the protected example', () => {
    it('is counted first, contained once, watched, reported and lifted', async () => {
      const robbed = await signedIn('cleo');
      const thief = await signedIn('cleo', { address: '127.66.1.1' });
      const { sessions } = (await thief.get('/account/security')).json as { readonly sessions: readonly { readonly handle: string; readonly isThis: boolean }[] };
      const others = sessions.filter(({ isThis }) => !isThis).map(({ handle }) => handle);
      expect(others).toHaveLength(1);
      for (const handle of [...others, 'of nobody']) expect((await thief.post('/account/security/sessions', { session: handle })).status).toBe(200);
      expect((await robbed.get('/contacts')).status).toBe(401);
      // ASVS 5.0 7.5.2, 16.3.3
      const cleo = idOf('cleo@seed.example');
      await vi.waitFor(() => { expect(logged('session.ended')).toMatchObject([{ account: cleo, details: { by: cleo }, owasp: 'authn_token_revoked' }]); });
      expect((await thief.get('/contacts/export.csv')).status).toBe(200);
      expect((await thief.post('/campaigns', { subject: 'Buy now', body: 'Spam' })).status).toBe(200);
      const bystander = await signedIn('dora');
      const client = await operator();

      const counted = (await client.post('/operator/contain', attack)).json as DryRun;
      expect(counted.counts).toMatchObject({ affected: { total: 1 }, others: { accounts: 5, withoutSecondFactor: 5 } });
      expect((await thief.get('/contacts')).status).toBe(200);
      expect(await (await operator()).get(`/operator/incidents/${counted.plan.id}`)).toMatchObject({ status: 404 });

      const pressed = await Promise.all([1, 2, 3].map(() => client.post(`/operator/contain/${counted.plan.id}`, {})));
      // The sessions end meanwhile: a press that comes later is no longer signed in.
      expect(pressed.filter(({ status }) => status === 202).length).toBeGreaterThan(0);
      expect(pressed.every(({ status }) => status === 202 || status === 401)).toBe(true);
      await vi.waitFor(async () => {
        expect([(await thief.get('/contacts')).status, (await bystander.get('/contacts')).status, (await client.get('/operator')).status]).toEqual([401, 401, 401]);
      });

      const again = await operator();
      const incident = await settled(again, counted.plan.id);
      expect(incident.status).toMatchObject({ complete: true, affected: { total: 1 } });
      expect(incident.facts.accounts).toMatchObject([{ accountId: idOf('cleo@seed.example') }]);
      expect(incident.facts.accounts[0]?.changes).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'export', what: '1 contacts' }), expect.objectContaining({ kind: 'campaign', what: '"Buy now" to 1 contacts' }), expect.objectContaining({ kind: 'session', what: 'session.ended' })]));
      const page = await (await operator('text/html')).get(`/operator/incidents/${counted.plan.id}`);
      for (const words of ['cleo@seed.example', 'Ordered by Olu', '&#34;Buy now&#34; to 1 contacts', 'session: session.ended', 'Containment ordered', 'Lift read-only']) expect(page.text.toLowerCase()).toContain(words.toLowerCase());
      for (const [form, type] of [['html', 'text/html'], ['txt', 'text/plain'], ['json', 'application/json']] as const) {
        const report = await again.get(`/operator/incidents/${counted.plan.id}/report.${form}`);
        expect([report.status, report.headers.get('content-type')?.split(';')[0], report.text.includes('Accounts were attacked.')]).toEqual([200, type, true]);
      }

      // The right password of the affected opens a mail; everybody else goes on reading.
      expect((await stranger().post('/login', { email: 'cleo@seed.example', password })).status).toBe(401);
      const token = tokenIn(await mailSent(app, 'cleo@seed.example', 'reset-password'));
      expect((await stranger().post('/reset', { token, password: other })).status).toBe(200);
      const owner = stranger();
      expect((await owner.post('/login', { email: 'cleo@seed.example', password: other })).status).toBe(200);
      const writing = { email: 'new@example.com', name: 'New' };
      expect([(await owner.get('/contacts')).status, (await owner.post('/contacts', writing)).status, (await owner.get('/contacts/export.csv')).status]).toEqual([200, 503, 503]);
      await mailSent(app, 'cleo@seed.example', 'incident-affected');
      await mailSent(app, 'dora@seed.example', 'incident-notice');
      expect(app.context.mails.list('dora@seed.example').filter(({ kind }) => kind === 'incident-notice')).toHaveLength(1);

      expect(await again.post(`/operator/incidents/${counted.plan.id}/lift`, {})).toMatchObject({ json: { found: true, readOnly: 'lifted' } });
      expect((await owner.post('/contacts', writing)).status).toBe(200);
      expect(await again.post(`/operator/contain/${counted.plan.id}`, {})).toMatchObject({ status: 202 });
      expect((await settled(again, counted.plan.id)).status.lift).toMatchObject({ by: idOf(ops) });
      expect((await owner.get('/contacts')).status).toBe(200);
    });

    it.each([
      ['no reason', { reason: '' }],
      ['a source that is none', { sources: '127.0.0.1\nnot an address' }],
      ['a network that is none', { sources: '127.0.0.1/33' }],
      ['a moment that is none', { from: 'yesterday' }],
      ['an end before the beginning', { from: '2025-10-23T18:20', until: '2025-10-23T18:00' }],
      ['a beginning that is to come', { from: '2125-10-23T18:20' }],
    ])('is not counted with %s', async (_what, fields) => {
      const client = await operator();
      expect((await client.post('/operator/contain', { ...attack, ...fields })).status).toBe(422);
    });

    it('is gone on with by the next start, where the app was stopped in the middle', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'larkpost-stopped-'));
      const options = { unprotected: false, host: '127.0.0.1', port: 0, dataFolder: folder, seed, fastSeed: true, breachUrl: range.url };
      try {
        const first = await startApp(options);
        const plan = { id: 'stopped-1', by: 'ops', reason: 'Stopped in the middle.', sources: [], reset: true, secondFactor: false };
        first.context.data.containments.keep(plan);
        first.context.data.containments.move(plan.id, 'draft', 'ordered');
        await first.close();
        const second = await startApp(options);
        await vi.waitFor(async () => {
          expect(await second.portcullis?.incident.status(plan.id)).toMatchObject([{ complete: true }]);
          expect(second.context.data.containments.read(plan.id)).toMatchObject({ state: 'done' });
        }, 10_000);
        await second.close();
        const keys = createKeyRing({ keys: [{ id: 'k1', secret: readFileSync(join(folder, 'key')) }] });
        expect(await verifyAuditFiles({ path: join(folder, 'audit.jsonl'), keys })).toMatchObject({ ok: true });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describe('the operator\'s pages', () => {
    it('escape what people have typed', async () => {
      const client = await operator('text/html');
      const markup = '<img src=x onerror=alert(1)>';
      const answers: Answered[] = [];
      answers.push(await client.post('/operator/contain', { ...attack, reason: markup, sources: markup }));
      answers.push(await client.post('/operator/contain', { ...attack, reason: markup }));
      answers.push(await client.post('/operator/read-only', { level: markup, reason: markup, minutes: markup }));
      answers.push(await client.post('/operator/account', { email: `${markup}@x`, order: markup }));
      expect(answers.map(({ status }) => status)).toEqual([422, 200, 422, 422]);
      for (const { text } of answers) expect(text).not.toContain('<img src=x');
    });
  });
});
