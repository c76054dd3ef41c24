import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { memoryStore, type RecordStore } from 'portcullis';
import { createReadOnlyMode } from 'portcullis/read-only';
import { fakeClock } from 'portcullis/testing';
import { deathsWithin, dying } from '../support/record-stores.ts';
import { order, recordKey, setup } from './setup.ts';

const everyone = { level: 'writes', scope: { kind: 'everyone' }, reason: 'r', by: 'b', sinceMs: 1 };
const good = { born: 'b', revision: 1, switches: [everyone] };

const corrupt: readonly (readonly [string, string])[] = [
  ['no JSON', '{"born":'], ['nothing', ''], ['null', 'null'], ['an array', '[]'], ['a number', '5'], ['another object', '{"level":"off"}'],
  ['no switches', JSON.stringify({ ...good, switches: undefined })], ['switches that are none', JSON.stringify({ ...good, switches: {} })],
  ['no revision', JSON.stringify({ ...good, revision: undefined })], ['a revision of text', JSON.stringify({ ...good, revision: '1' })], ['an odd revision', '{"born":"b","revision":1e400,"switches":[]}'],
  ['no origin', JSON.stringify({ ...good, born: '' })], ['a long origin', JSON.stringify({ ...good, born: 'x'.repeat(65) })],
  ['a level that there is not', JSON.stringify({ ...good, switches: [{ ...everyone, level: 'off' }] })], ['an inherited level', JSON.stringify({ ...good, switches: [{ ...everyone, level: 'toString' }] })],
  ['no scope', JSON.stringify({ ...good, switches: [{ ...everyone, scope: undefined }] })], ['a scope without an id', JSON.stringify({ ...good, switches: [{ ...everyone, scope: { kind: 'user' } }] })],
  ['an id that is long', JSON.stringify({ ...good, switches: [{ ...everyone, scope: { kind: 'user', id: 'x'.repeat(257) } }] })],
  ['an end that is text', JSON.stringify({ ...good, switches: [{ ...everyone, untilMs: 'soon' }] })], ['an end that is null', JSON.stringify({ ...good, switches: [{ ...everyone, untilMs: null }] })],
  ['an end before 1970', JSON.stringify({ ...good, switches: [{ ...everyone, untilMs: -1 }] })], ['no beginning', JSON.stringify({ ...good, switches: [{ ...everyone, sinceMs: undefined }] })],
  ['a switch that is null', JSON.stringify({ ...good, switches: [null] })], ['one scope twice', JSON.stringify({ ...good, switches: [everyone, { ...everyone, level: 'sensitive' }] })],
  ['too many', JSON.stringify({ ...good, switches: Array.from({ length: 1_001 }, (_, id) => ({ ...everyone, scope: { kind: 'user', id: `u${id}` } })) })],
  ['10 MB of something', JSON.stringify({ ...good, born: 'x'.repeat(10_000_000) })],
];

async function write(records: RecordStore, value: string): Promise<void> {
  const before = await records.read(recordKey);
  expect(await records.compareAndSet({ key: recordKey, expectedVersion: before?.version ?? 0, value })).toBe(true);
}

// ASVS 16.5.3
describe.each(corrupt)('a record that holds %s', (_what, value) => {
  it('is never "off": what was known last holds, and whenUnknown in a process that starts', async () => {
    const { mode, another, records, clock } = await setup();
    await mode.set({ ...order, level: 'all' });
    await write(records, value);
    await clock.advance(5_000);
    expect([mode.check({ method: 'GET' }).allowed, mode.known().state]).toEqual([false, 'stale']);
    const fresh = await another();
    expect([fresh.check({ method: 'POST' }).allowed, fresh.check({ method: 'GET' }).allowed, fresh.known().state]).toEqual([false, true, 'unknown']);
    await expect(mode.status()).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(mode.lift({ by: 'x' })).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it('does not keep anybody from switching on, and nothing that was known is lost by that', async () => {
    const { mode, another, records, clock } = await setup();
    await mode.set({ ...order, level: 'all', scope: { kind: 'user', id: 'eve' } });
    await write(records, value);
    const fresh = await another();
    await fresh.set(order);
    expect(fresh.check({ method: 'POST' }).allowed).toBe(false);
    await clock.advance(1_000);
    for (const each of [mode, fresh]) expect([each.standing().level, each.standing({ accountId: 'eve' }).level, each.known().state]).toEqual(['writes', 'all', 'current']);
    expect(await fresh.lift({ by: 'x' })).toBe(true);
  });
});

describe('records', () => {
  it('of any content are read, or are ERR_STORE', async () => {
    const clock = fakeClock();
    const records = memoryStore({ clock });
    const mode = createReadOnlyMode({ records, clock });
    const level = fc.constantFrom('sensitive', 'writes', 'all', 'off', 'ALL');
    const scope = fc.oneof(fc.constant({ kind: 'everyone' }), fc.record({ kind: fc.constantFrom('user', 'organization', 'team'), id: fc.oneof(fc.string(), fc.integer()) }));
    const one = fc.record({ level, scope, reason: fc.oneof(fc.string(), fc.constant(null)), by: fc.string(), sinceMs: fc.oneof(fc.integer(), fc.double()), untilMs: fc.oneof(fc.integer(), fc.double(), fc.constant(undefined)) });
    const value = fc.oneof(fc.json(), fc.string(), fc.record({ born: fc.string(), revision: fc.integer(), switches: fc.array(one, { maxLength: 3 }) }).map((record) => JSON.stringify(record)));
    await fc.assert(
      fc.asyncProperty(value, async (content) => {
        await write(records, content);
        const status = await mode.status().catch((error: unknown) => error);
        if (Array.isArray(status)) for (const each of status) expect(['sensitive', 'writes', 'all']).toContain((each as { level: string }).level);
        else expect(status).toMatchObject({ code: 'ERR_STORE' });
      }),
      { numRuns: 300 },
    );
    mode.close();
  });

  it.each([['null', null], ['false', false], ['a number', 7], ['text', 'on'], ['an array', []], ['an object without a value', {}]])('that the store makes up (%s) are never none', async (_what, answer) => {
    const clock = fakeClock();
    const records = { ...memoryStore({ clock }), read: async () => Promise.resolve(answer as never) };
    const { mode } = await setup({ records, clock });
    await clock.advance(2_000);
    expect([mode.known().state, mode.check({ method: 'POST' }).allowed]).toEqual(['unknown', false]);
    await expect(mode.status()).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it.each([['a count', 1], ['nothing', undefined], ['an object', { changes: 1 }]])('whose write is answered with %s count as not written', async (_what, answer) => {
    const clock = fakeClock();
    const records = { ...memoryStore({ clock }), compareAndSet: async () => Promise.resolve(answer as never) };
    const { mode, events } = await setup({ records, clock });
    await expect(mode.set(order)).rejects.toMatchObject({ code: 'ERR_STORE', message: 'records.compareAndSet: expected true or false' });
    expect([mode.check({ method: 'POST' }).allowed, events]).toEqual([true, []]);
  });

  it('that cannot be watched are looked at', async () => {
    const clock = fakeClock();
    for (const watch of [() => { throw new Error('no'); }, () => undefined as never, () => () => { throw new Error('closed'); }]) {
      const { mode, another } = await setup({ records: { ...memoryStore({ clock }), watch }, clock });
      const other = await another();
      await mode.set(order);
      await clock.advance(500);
      expect(other.check({ method: 'POST' }).allowed).toBe(false);
    }
  });
});

// ASVS 2.3.3
describe('a process that dies at any call of its store', () => {
  const deaths = deathsWithin(3);

  it.each(deaths)('leaves the whole order or none of it (call $atCall, done: $done)', async (death) => {
    const { mode, another, records, clock } = await setup();
    await mode.set({ ...order, scope: { kind: 'user', id: 'eve' } });
    const before = await mode.status();
    const dead = await another({ records: dying(records, death) });
    await dead.set({ ...order, level: 'all' }).catch(() => undefined);
    dead.close();
    await clock.advance(1_000);
    const after = await (await another()).status();
    expect([before, [...before, { ...order, level: 'all', scope: { kind: 'everyone' }, sinceMs: expect.any(Number) as number }]]).toContainEqual(after);
    expect(mode.known()).toEqual({ state: 'current', switches: after });
  });
});

describe('a listener that throws', () => {
  it('breaks nothing', async () => {
    const { mode, clock } = await setup({ emit: () => { throw new Error('listener'); }, operators: ['root'] });
    await mode.set(order);
    expect(mode.check({ method: 'POST', accountId: 'root' }).allowed).toBe(true);
    expect(mode.check({ method: 'POST' }).allowed).toBe(false);
    await clock.advance(120_000);
    expect(await mode.lift({ by: 'x' })).toBe(true);
  });
});
