import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LivePicture } from '../../examples/shared/live/picture.ts';
import { liveLimits } from '../../examples/shared/live/viewers.ts';
import type { RunningApp } from '../../examples/shared/start.ts';
import { aheadClock, type AheadClock } from '../support/ahead-clock.ts';
import { exampleApps, startExample } from './app-client.ts';
import { attack, liveSeed, openStream, operatorsOf, ops, password } from './live-page-kit.ts';

const minuteMs = 60_000;

// Streams take their real time, and a thousand of them that of the machine.
describe.each(exampleApps)('the live page on %s', { timeout: 120_000 }, (_framework, startApp) => {
  let range: RangeServer;
  let app: RunningApp;
  let clock: AheadClock;
  let operators: ReturnType<typeof operatorsOf>;

  beforeAll(async () => {
    range = await startRangeServer({ passwords: new Map(), fillerRows: 20 });
    clock = aheadClock();
    app = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed: liveSeed });
    operators = operatorsOf(app, clock);
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await range.close();
  });

  const paths = ['/operator/live', '/operator/live/stream', '/operator/alarms/aaaaaaaaaaaaaaaa/contain'];
  const names = Array.from({ length: 40 }, (_, at) => `person${at}@seed.example`);
  /** Streams that are open. */
  const watching = (): number => app.live?.size() ?? -1;
  const gone = () => vi.waitFor(() => { expect(watching()).toBe(0); }, { timeout: 10_000, interval: 20 });
  const pictureIn = (data: string): LivePicture => JSON.parse(data) as LivePicture;

  // ASVS 5.0 6.3.3, 8.4.2
  it('is there for an operator with a second factor, and for nobody else', async () => {
    const member = operators.client('application/json');
    await member.post('/login', { email: 'ada@seed.example', password });
    const passwordAlone = operators.client('application/json');
    await passwordAlone.post('/operator/login', { email: ops, password });
    for (const path of paths) {
      expect([path, (await operators.client('application/json').get(path)).status]).toEqual([path, 401]);
      expect([path, (await member.get(path)).status]).toEqual([path, 404]);
      expect([path, (await passwordAlone.get(path)).status]).toEqual([path, 403]);
    }
    const operator = await operators.signIn();
    expect((await operator.get('/operator/live')).json).toMatchObject({ level: 'calm' });
    // ASVS 5.0 3.5.1
    expect((await openStream(app, { cookie: operator.cookie(), headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });

  it('streams pictures, none of which anybody keeps', async () => {
    const operator = await operators.signIn();
    const stream = await openStream(app, { cookie: operator.cookie() });
    expect([stream.status, stream.headers['content-type'], stream.headers['cache-control']]).toEqual([200, 'text/event-stream; charset=utf-8', 'no-store']);
    await vi.waitFor(() => { expect(stream.events().length).toBeGreaterThan(2); }, { timeout: 20_000, interval: 100 });
    expect(stream.text()).toMatch(/^retry: 3000\nevent: picture\ndata: \{/);
    for (const { event, data } of stream.events()) expect([event, typeof pictureIn(data).at]).toEqual(['picture', 'string']);
    expect(stream.text()).toContain('"level":{"kind":"calm"');
    stream.close();
    await gone();
  });

  it('answers HEAD with the head alone, and keeps nobody for it', async () => {
    const operator = await operators.signIn();
    const { status, headers } = await fetch(`${app.url}/operator/live/stream`, { method: 'HEAD', headers: { cookie: operator.cookie() } });
    expect([status, headers.get('content-type'), watching()]).toEqual([200, 'text/event-stream; charset=utf-8', 0]);
  });

  it('keeps a few streams of an operator out of a thousand, and serves everybody else meanwhile', async () => {
    const operator = await operators.signIn();
    const addressOf = (at: number): string => `127.8.${Math.floor(at / 200)}.${(at % 200) + 1}`;
    const streams = await Promise.all(Array.from({ length: 1_000 }, (_, at) => openStream(app, { cookie: operator.cookie(), address: addressOf(at) })));
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
    expect(watching()).toBe(liveLimits.ofOneOperator);
    expect((await operator.get('/operator/live')).status).toBe(200);
    for (const stream of streams) stream.close();
    await gone();
  });

  it('shows an attack while it goes on, and leads to its containment', async () => {
    const operator = await operators.signIn('text/html');
    const stream = await openStream(app, { cookie: operator.cookie() });
    await attack(app, { address: '127.9.0.1', names, entered: 'ada@seed.example' });
    const newest = (): LivePicture => pictureIn(stream.events().at(-1)?.data ?? '{"alarms":[]}');
    await vi.waitFor(() => { expect(newest().alarms[0]?.entered).toBe('1 account: ada@seed.example'); }, { timeout: 20_000, interval: 100 });
    const picture = newest();
    expect(picture.level.kind).not.toBe('calm');
    expect(picture.sources[0]).toMatchObject({ network: '127.9.0.1' });
    expect(Number(picture.totals.failures.hour)).toBeGreaterThan(5);
    stream.close();
    const page = await operator.get('/operator/live');
    expect(page.text).toContain(picture.alarms[0]?.title);
    const form = await operator.get(picture.alarms[0]?.contain ?? '');
    expect(form.text).toContain('127.9.0.1');
    expect(form.text).toContain('ada@seed.example');
    // Whoever asks is among the strangers of that hour, and is not to shut themselves out.
    const spread = await operator.get(picture.alarms.find(({ entered }) => entered.startsWith('perhaps'))?.contain ?? '');
    expect([spread.text.includes(`${ops}</textarea>`), spread.text.includes(`${ops}\n`), spread.text.includes('You are left out.')]).toEqual([false, false, true]);
    const known = (await (await operators.signIn()).get(picture.alarms[0]?.contain ?? '')).json as Readonly<Record<string, string>>;
    expect(known).toMatchObject({ sources: expect.stringContaining('127.9.0.1') as string, accounts: 'ada@seed.example' });
    const gone404 = await operator.get('/operator/alarms/aaaaaaaaaaaaaaaa/contain');
    expect([gone404.status, gone404.text.includes('not known any more'), gone404.text.includes('Count first')]).toEqual([404, true, true]);
  });

  it('counts the accounts that a form names, and only those that are there', async () => {
    const operator = await operators.signIn();
    const count = async (fields: Readonly<Record<string, string>>) => operator.post('/operator/contain', { reason: 'Accounts were attacked.', reset: 'yes', ...fields });
    const idOf = (email: string): string => app.context.data.users.byEmail(email)?.id ?? '';
    const named = await count({ accounts: `bea@seed.example, CLEO@seed.example\n${idOf('bea@seed.example')}` });
    expect(named).toMatchObject({ status: 200, json: { plan: { accountIds: [idOf('bea@seed.example'), idOf('cleo@seed.example')] }, counts: { affected: { total: 2 } } } });
    for (const fields of [{ accounts: 'nobody@seed.example' }, { accounts: '<img src=x>' }, { accounts: 'a'.repeat(100_001) }, { sources: '127.0.0.1\n'.repeat(11_000) }, { accounts: Array.from({ length: 1_001 }, () => 'bea@seed.example').join('\n') }]) {
      expect((await count(fields)).status).toBe(422);
    }
    expect((await count({ accounts: ' \n ', sources: '127.66.0.1' })).json).toMatchObject({ plan: { accountIds: [] } });
  });

  // ASVS 5.0 7.5.3
  it('ends where nobody has proven for an hour that it is they', async () => {
    const operator = await operators.signIn();
    const stream = await openStream(app, { cookie: operator.cookie() });
    clock.pass(59 * minuteMs);
    expect((await operator.get('/operator/live')).status).toBe(403);
    await vi.waitFor(() => { expect(stream.events().length).toBeGreaterThan(2); }, { timeout: 20_000, interval: 100 });
    clock.pass(2 * minuteMs);
    await stream.ended;
    expect(stream.events().at(-1)?.data).toMatch(/"why":"(proof|session)"/);
    expect((await openStream(app, { cookie: operator.cookie() })).status).toBe(403);
  });

  it.each(['session', 'epoch', 'role'] as const)('ends once the right is gone: %s', async (how) => {
    const operator = await operators.signIn();
    const stream = await openStream(app, { cookie: operator.cookie() });
    const id = app.context.data.users.byEmail(ops)?.id ?? '';
    if (how === 'session') app.context.sessions.endOthers(id);
    if (how === 'epoch') await app.portcullis?.epochs.revokeUser({ accountId: id, by: 'test' });
    if (how === 'role') app.context.data.database.prepare('UPDATE users SET is_operator = 0 WHERE id = ?').run(id);
    await stream.ended;
    expect(stream.events().at(-1)).toEqual({ event: 'end', data: '{"why":"session"}' });
    if (how === 'role') app.context.data.users.makeOperator(ops);
    else expect((await operator.get('/operator/live')).status).toBe(401);
    if (how === 'session') expect(app.context.sessions.list(id)).toEqual([]);
  });

  it('ends at once with the app', async () => {
    const other = await startExample(startApp, { unprotected: false, breachUrl: range.url, clock, seed: liveSeed });
    const operator = await operatorsOf(other, clock).signIn();
    const stream = await openStream(other, { cookie: operator.cookie() });
    await vi.waitFor(() => { expect(stream.events().length).toBeGreaterThan(0); });
    await other.close();
    await stream.ended;
    expect(stream.events().at(-1)).toEqual({ event: 'end', data: '{"why":"server"}' });
  });
});
