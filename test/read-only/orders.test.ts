import { describe, expect, it } from 'vitest';
import { memoryStore } from 'portcullis';
import { createReadOnlyMode, ReadOnlyError, readOnlyDefaults, type ReadOnlyScope } from 'portcullis/read-only';
import { fakeClock } from 'portcullis/testing';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { breakable, order, setup, stores } from './setup.ts';

const user = (id: string): ReadOnlyScope => ({ kind: 'user', id });

describe.each(stores)('orders on %s', (on) => {
  it('are told of, kept and lifted, one scope at a time', async () => {
    const { mode, clock, events } = await setup({ on });
    const startMs = clock.nowMs();
    expect(await mode.set(order)).toEqual({ ...order, scope: { kind: 'everyone' }, sinceMs: startMs });
    await clock.advance(1_000);
    expect(await mode.set({ ...order, level: 'all', scope: { kind: 'organization', id: 'team-1' }, forMs: 60_000 })).toMatchObject({ sinceMs: startMs + 1_000, untilMs: startMs + 61_000 });
    await mode.set({ ...order, level: 'sensitive', scope: user('eve') });
    expect(await mode.status()).toEqual(mode.known().switches);
    expect((await mode.status()).map(({ level }) => level)).toEqual(['writes', 'all', 'sensitive']);
    expect([await mode.lift({ by: 'x', scope: user('adam') }), await mode.lift({ by: 'x', scope: user('eve') }), await mode.lift({ by: 'x', scope: user('eve') })]).toEqual([false, true, false]);
    expect([await mode.lift({ by: 'y' }), (await mode.status()).length]).toEqual([true, 1]);
    expect(events).toEqual([
      { type: 'read-only.changed', level: 'writes', scope: 'everyone', reason: order.reason, by: order.by, forMs: 0 },
      { type: 'read-only.changed', level: 'all', scope: 'organization team-1', reason: order.reason, by: order.by, forMs: 60_000 },
      { type: 'read-only.changed', level: 'sensitive', scope: 'user eve', reason: order.reason, by: order.by, forMs: 0 },
      { type: 'read-only.lifted', scope: 'user eve', by: 'x' },
      { type: 'read-only.lifted', scope: 'everyone', by: 'y' },
    ]);
  });

  it('that change a switch keep its beginning, and can take its end away', async () => {
    const { mode, clock } = await setup({ on });
    const first = await mode.set({ ...order, forMs: 60_000 });
    await clock.advance(30_000);
    expect(await mode.set({ ...order, level: 'all', by: 'operator-2' })).toEqual({ ...order, level: 'all', by: 'operator-2', scope: { kind: 'everyone' }, sinceMs: first.sinceMs });
    await clock.advance(60_000);
    expect(mode.standing().level).toBe('all');
  });

  // ASVS 15.4.2
  it('given a thousand times at once are all done, and none is lost', async () => {
    const { mode, another } = await setup({ on, maxScopes: 400 });
    const other = await another();
    const both = [mode, other];
    const made = await Promise.all(Array.from({ length: 1_000 }, async (_, at) => both[at % 2]?.set({ ...order, scope: user(`user-${at % 300}`), reason: `turn ${at}` })));
    expect(made).toHaveLength(1_000);
    expect((await mode.status()).map(({ scope }) => (scope.kind === 'user' ? scope.id : '')).sort()).toEqual(Array.from({ length: 300 }, (_, at) => `user-${at}`).sort());
    const lifted = await Promise.all(Array.from({ length: 50 }, async (_, at) => both[at % 2]?.lift({ scope: user('user-7'), by: 'x' })));
    expect(lifted.filter(Boolean)).toHaveLength(1);
    expect((await mode.status())).toHaveLength(299);
  });
});

describe('orders', () => {
  it('survive a restart', async () => {
    const path = freshPath();
    const before = openStore(path);
    const first = createReadOnlyMode({ records: before });
    await first.set({ ...order, level: 'all' });
    first.close();
    before.close();
    const second = createReadOnlyMode({ records: openStore(path) });
    expect(await second.ready()).toBe(true);
    expect(second.check({ method: 'GET' })).toMatchObject({ allowed: false, level: 'all' });
    second.close();
  });

  it('beyond a thousand that wait are refused at once', async () => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    const { mode } = await setup({ records: store.records, clock });
    store.fail('hangs');
    for (let turn = 0; turn < 1_024; turn += 1) void mode.set(order).catch(() => undefined);
    await expect(mode.set(order)).rejects.toMatchObject({ code: 'ERR_BUSY', retryAfterMs: 1_000 });
  });

  it('are done after one that failed or hangs', async () => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    const { mode } = await setup({ records: store.records, clock });
    store.fail('rejects');
    await expect(mode.set(order)).rejects.toMatchObject({ code: 'ERR_STORE' });
    store.fail('hangs');
    const late = expect(mode.set(order)).rejects.toMatchObject({ code: 'ERR_STORE', message: 'read-only: the record store did not answer in time; an order may still come into force' });
    await clock.advance(5_000);
    await late;
    store.fail(undefined);
    expect(await mode.set(order)).toMatchObject({ level: 'writes' });
  });

  it('for one organization or user too many are refused; those that are on may change, and everyone has room', async () => {
    const { mode, clock } = await setup({ maxScopes: 2 });
    await mode.set({ ...order, scope: user('a'), forMs: 60_000 });
    await mode.set({ ...order, scope: user('b') });
    await expect(mode.set({ ...order, scope: user('c') })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'read-only.set: expected at most 2 organizations and users; switch it on for everyone' });
    await mode.set({ ...order, level: 'all', scope: user('b') });
    await mode.set(order);
    await clock.advance(60_000);
    await mode.set({ ...order, scope: user('c') });
    expect((await mode.status()).map(({ scope }) => scope)).toEqual([user('b'), { kind: 'everyone' }, user('c')]);
  });

  it('show words as one line, without what turns text around', async () => {
    const { mode } = await setup();
    expect(await mode.set({ ...order, reason: ` spam\r\n\u202eis sent\u0000 ${'x'.repeat(1_000)}`, by: 'op\u200b-1' })).toMatchObject({ reason: `spamis sent ${'x'.repeat(488)}`, by: 'op-1' });
    expect(mode.banner()).toMatchObject({ level: 'writes', reason: expect.stringContaining('spam') as string });
    expect(JSON.stringify(mode.banner())).not.toContain('op-1');
  });

  const wrongOrders: readonly (readonly [string, object, string])[] = [
    ['no level', { level: undefined }, 'read-only.set.level: expected "sensitive" | "writes" | "all", got nothing'],
    ['the level off', { level: 'off' }, 'read-only.set.level: expected "sensitive" | "writes" | "all", got a string of 3 characters'],
    ['no reason', { reason: '' }, 'read-only.set.reason: expected a non-empty string'],
    ['a reason that nobody sees', { reason: ' \u200b\n' }, 'read-only.set.reason: expected a line of text'],
    ['nobody who orders', { by: undefined }, 'read-only.set.by: expected a non-empty string, got nothing'],
    ['a scope that there is not', { scope: { kind: 'team', id: 'a' } }, 'read-only.set.scope: expected { kind: "everyone" } or'],
    ['everyone with an id', { scope: { kind: 'everyone', id: 'a' } }, 'read-only.set.scope: expected'],
    ['a scope without an id', { scope: { kind: 'user' } }, 'read-only.set.scope: expected'],
    ['an empty id', { scope: { kind: 'user', id: '' } }, 'read-only.set.scope: expected'],
    ['a number for an id', { scope: { kind: 'user', id: 5 } }, 'read-only.set.scope: expected'],
    ['an id of 10 MB', { scope: { kind: 'user', id: 'x'.repeat(10_000_000) } }, 'with an id of 1 to 256 characters'],
    ['null for a scope', { scope: null }, 'read-only.set.scope: expected'],
    ['no time', { forMs: 0 }, 'read-only.set.forMs: expected a whole number from 1000 to 31622400000, got 0'],
    ['an endless time', { forMs: Infinity }, 'read-only.set.forMs: expected a whole number'],
    ['a slip in a name', { untilMs: 5 }, 'read-only.set.untilMs: unknown option'],
  ];

  it.each(wrongOrders)('with %s are refused, and nothing is switched', async (_what, slip, message) => {
    const { mode, events } = await setup();
    await expect(mode.set({ ...order, ...slip })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string });
    expect([mode.standing(), events]).toEqual([{ level: 'off' }, []]);
  });

  it('to lift need somebody who orders', async () => {
    const { mode } = await setup();
    await mode.set(order);
    await expect(mode.lift({} as never)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'read-only.lift.by: expected a non-empty string, got nothing' });
    await expect(mode.lift({ by: 'x', scope: { kind: 'everybody' } } as never)).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    expect(mode.standing().level).toBe('writes');
  });
});

describe('options', () => {
  const records = memoryStore();
  const wrongOptions: readonly (readonly [string, object, string])[] = [
    ['no records', { records: undefined }, 'read-only.records: expected an object with read(), compareAndSet(), watch()'],
    ['a level that there is not', { whenUnknown: 'everything' }, 'read-only.whenUnknown: expected "off" | "sensitive" | "writes" | "all"'],
    ['looking too seldom', { pollMs: 1_001 }, 'read-only.pollMs: expected a whole number from 50 to 1000, got 1001'],
    ['one bare operator', { operators: 'root' }, 'read-only.operators: expected an array'],
    ['an operator without an id', { operators: ['root', ''] }, 'read-only.operators[1]: expected a non-empty string'],
    ['too many scopes', { maxScopes: 401 }, 'read-only.maxScopes: expected a whole number from 1 to 400, got 401'],
    ['a slip in a name', { poll: 500 }, 'read-only.poll: unknown option, did you mean "pollMs"?'],
  ];

  it.each(wrongOptions)('are refused: %s', (_what, slip, message) => {
    expect(() => createReadOnlyMode({ records, ...slip })).toThrow(message);
  });

  it('have defaults that are told', () => {
    expect(readOnlyDefaults).toEqual({ whenUnknown: 'writes', pollMs: 500, maxScopes: 250 });
    expect(Object.isFrozen(readOnlyDefaults)).toBe(true);
  });
});

describe('assertWritable', () => {
  it('throws an error that tells why and until when, and not who', async () => {
    const { mode, clock } = await setup();
    await mode.set({ ...order, forMs: 60_000 });
    let caught: unknown;
    try {
      mode.assertWritable({ name: 'x'.repeat(10_000) });
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ReadOnlyError);
    expect(JSON.parse(JSON.stringify(caught))).toEqual({ code: 'ERR_READ_ONLY', name: 'ReadOnlyError', status: 503, level: 'writes', reason: order.reason, untilMs: clock.nowMs() + 60_000, retryAfterMs: 60_000 });
    expect((caught as Error).message.length).toBeLessThan(150);
  });

  it('needs a name', async () => {
    const { mode } = await setup();
    expect(() => {
      mode.assertWritable({} as never);
    }).toThrow('read-only.assertWritable: expected the name of an operation');
  });
});
