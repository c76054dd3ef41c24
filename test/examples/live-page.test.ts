import { startRangeServer, type RangeServer } from 'portcullis/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LivePicture } from '../../examples/shared/live/picture.ts';
import type { RunningApp } from '../../examples/shared/start.ts';
import { exampleApps, startExample } from './app-client.ts';
import { aheadClock, attack, liveSeed, openStream, operatorsOf, ops, password, type AheadClock } from './live-page-kit.ts';

describe.each(exampleApps)('the live page on %s', (_framework, startApp) => {
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
    stream.close();
  });

  it('shows an attack while it goes on, and leads to its containment', async () => {
    const operator = await operators.signIn('text/html');
    const stream = await openStream(app, { cookie: operator.cookie() });
    await attack(app, { address: '127.9.0.1', names, entered: 'ada@seed.example' });
    await vi.waitFor(() => { expect(pictureIn(stream.events().at(-1)?.data ?? '{}').alarms.length).toBeGreaterThan(0); }, { timeout: 20_000, interval: 100 });
    const picture = pictureIn(stream.events().at(-1)?.data ?? '{}');
    stream.close();
    const page = await operator.get('/operator/live');
    expect(page.text).toContain(picture.alarms[0]?.title);
    const form = await operator.get(picture.alarms[0]?.contain ?? '');
    expect(form.text).toContain('127.9.0.1');
    expect(form.text).toContain('ada@seed.example');
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
  });
});
