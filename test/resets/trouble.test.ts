import { describe, expect, it } from 'vitest';
import { createForcedResets, type ForcedResets } from 'portcullis/resets';
import { fakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { deathsWithin, dying } from '../support/record-stores.ts';
import { accountId, accountKey, appKey, by, emptyStore, setup, stores, tableOf, teamKey } from './setup.ts';

const who = { accountId, organizationIds: ['team-1'] };
const nowMs = fakeClock().nowMs();
const team = { by, organizationId: 'team-1' };

const verbs: readonly (readonly [name: string, run: (resets: ForcedResets) => Promise<unknown>])[] = [
  ['mark', async (resets) => resets.mark({ accountId, reason: 'compromised', by })],
  ['markBefore', async (resets) => resets.markBefore({ beforeMs: nowMs, reason: 'compromised', by })],
  ['markBefore of an organization', async (resets) => resets.markBefore({ beforeMs: nowMs, reason: 'compromised', ...team })],
  ['liftBefore', async (resets) => resets.liftBefore({ by })],
  ['liftBefore of an organization', async (resets) => resets.liftBefore(team)],
  ['check', async (resets) => resets.check(who)],
  ['cleared', async (resets) => resets.cleared(who)],
  ['unmark', async (resets) => resets.unmark({ accountId, by })],
  ['markAll', async (resets) => resets.markAll({ id: 'job-1', reason: 'incident', by, pages: tableOf(3, 2) })],
];

/** One of each mark, weaker than those of the verbs. */
async function begun(on: (typeof stores)[number] = 'memoryStore') {
  const kit = setup({ on });
  await kit.resets.mark({ accountId, reason: 'admin', by });
  await kit.resets.markBefore({ beforeMs: nowMs - 1, reason: 'admin', by });
  await kit.resets.markBefore({ beforeMs: nowMs - 1, reason: 'admin', ...team });
  kit.events.length = 0;
  return kit;
}

// ASVS 5.0 16.5.3
describe('a store that is gone', () => {
  const broken = new Error('disk full');
  const failing: RecordStore = { durable: true, read: async () => Promise.reject(broken), compareAndSet: async () => Promise.reject(broken), watch: () => () => undefined };

  it.each(verbs)('makes %s reject with what it says', async (_name, run) => {
    await expect(run(createForcedResets({ records: failing }))).rejects.toBe(broken);
  });

  it.each(verbs.filter(([name]) => name !== 'check'))('when it comes to writing makes %s reject, and nothing is told', async (_name, run) => {
    const { again, records, events } = await begun();
    const readOnly: RecordStore = { durable: true, read: (key) => records.read(key), compareAndSet: async () => Promise.reject(broken), watch: () => () => undefined };
    await expect(run(again({ records: readOnly }))).rejects.toBe(broken);
    expect(events).toEqual([]);
    expect(await again().check(who)).toMatchObject({ reason: 'admin' });
  });
});

describe('a store that lies', () => {
  it.each(verbs.filter(([name]) => name !== 'check'))('about what it has written is no yes to %s', async (_name, run) => {
    for (const answer of [1, 0, 'ok', undefined, null, {}]) {
      const { again, records, events } = await begun();
      const lying: RecordStore = { durable: true, read: (key) => records.read(key), compareAndSet: async () => Promise.resolve(answer as boolean), watch: () => () => undefined };
      await expect(run(again({ records: lying }))).rejects.toMatchObject({ code: 'ERR_STORE', message: 'records.compareAndSet: expected true or false' });
      expect(events).toEqual([]);
    }
  });

  it.each([null, false, 0, '', [], 'a row', 7, {}, { version: 1 }, { value: 7, version: 1 }, { value: null, version: 1 }, { value: '7', version: 1 }, { value: Buffer.from('{}'), version: 1 }])('about what it holds marks nobody as free: %j', async (answer) => {
    const lying: RecordStore = { ...memoryStore(), read: async () => Promise.resolve(answer) as Promise<never> };
    await expect(createForcedResets({ records: lying }).check(who)).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it('in that it is behind for good is a crowd', async () => {
    const { again, records } = await begun();
    const behind: RecordStore = { durable: true, read: (key) => records.read(key), compareAndSet: async () => Promise.resolve(false), watch: () => () => undefined };
    await expect(again({ records: behind }).mark({ accountId, reason: 'compromised', by })).rejects.toMatchObject({ code: 'ERR_BUSY', retryAfterMs: 1_000 });
  });

  it('does not make a listener that throws anybody\'s trouble', async () => {
    const { again, clock } = await begun();
    const resets = again({ emit: () => { throw new Error('log is down'); } });
    expect(await resets.mark({ accountId, reason: 'compromised', by })).toBe(true);
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'compromised', by });
    expect(await resets.markAll({ id: 'job-1', reason: 'incident', by, pages: tableOf(3, 2), onProgress: () => { throw new Error('terminal is gone'); } })).toMatchObject({ marked: 2, already: 1, done: true });
    await resets.cleared({ accountId });
    expect(await resets.check({ accountId })).toBeUndefined();
  });
});

const mark = { reason: 'admin', sinceMs: 1, by };
const before = { ...mark, beforeMs: 1 };

describe('a record that is not as it was written', () => {
  it.each([
    ['not JSON'], ['null'], ['7'], ['[]'],
    [JSON.stringify({ mark: null })], [JSON.stringify({ mark: true })], [JSON.stringify({ mark: {} })],
    [JSON.stringify({ mark: { ...mark, reason: 'expired' } })], [JSON.stringify({ mark: { ...mark, reason: 'toString' } })],
    [JSON.stringify({ mark: { ...mark, sinceMs: '1' } })], [JSON.stringify({ mark: { ...mark, sinceMs: -1 } })], [JSON.stringify({ mark: { ...mark, by: 7 } })],
    [JSON.stringify({ clearedMs: '9' })], [JSON.stringify({ clearedMs: null })], [JSON.stringify({ clearedMs: 1e300 })], [JSON.stringify({ run: 7 })],
  ])('keeps an account shut until an operator removes it: %s', async (value) => {
    const { resets, overwrite, events } = setup();
    await overwrite(accountKey, value);
    for (const ask of [resets.check(who), resets.cleared(who), resets.mark({ accountId, reason: 'compromised', by })]) {
      await expect(ask).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringMatching(/^records: expected (JSON in )?a record of the kind "reset"$/) as string });
    }
    expect(await resets.check({ accountId: 'user-2' })).toBeUndefined();
    expect(await resets.unmark({ accountId, by })).toBe(true);
    expect(await resets.check(who)).toBeUndefined();
    expect(events).toEqual([{ type: 'reset.lifted', accountId, by }]);
  });

  it.each([
    ['not JSON'], ['[]'], ['{}'],
    [JSON.stringify({ lastMs: 1 })], [JSON.stringify({ lastMs: '1', marks: [] })], [JSON.stringify({ lastMs: 1, marks: {} })], [JSON.stringify({ lastMs: 1, marks: [mark] })],
    [JSON.stringify({ lastMs: 1, marks: [{ ...before, beforeMs: '1' }] })], [JSON.stringify({ lastMs: 1, marks: [before, before, before, before] })], [JSON.stringify({ lastMs: 1, marks: [null] })],
  ])('keeps everybody shut whom it may mean, until an operator lifts it: %s', async (value) => {
    for (const [key, scope] of [[appKey, {}], [teamKey, { organizationId: 'team-1' }]] as const) {
      const { resets, overwrite } = setup();
      await overwrite(key, value);
      for (const ask of [resets.check(who), resets.cleared(who), resets.markBefore({ beforeMs: nowMs, reason: 'incident', by, ...scope })]) {
        await expect(ask).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringMatching(/^records: expected (JSON in )?a record of the kind "reset-before"$/) as string });
      }
      expect(await resets.liftBefore({ by, ...scope })).toBe(true);
      expect(await resets.check(who)).toBeUndefined();
    }
  });

  it.each([
    ['not JSON'], ['{}'], ['[]'],
    [JSON.stringify({ run: 'x', reason: 'incident', pages: 1, counts: {}, done: true })],
    [JSON.stringify({ run: 'x', reason: 'incident', pages: -1, counts: { seen: 0, matched: 0, marked: 0, already: 0, failed: 0 }, done: true })],
    [JSON.stringify({ run: 'x', reason: 'incident', pages: 1, counts: { seen: 0, matched: 0, marked: 0, already: 0, failed: 0 }, done: 1 })],
    [JSON.stringify({ run: '', reason: 'incident', pages: 1, counts: { seen: 0, matched: 0, marked: 0, already: 0, failed: 0 }, done: true })],
    [JSON.stringify({ run: 'x', reason: 'incident', pages: 1, cursor: 7, counts: { seen: 0, matched: 0, marked: 0, already: 0, failed: 0 }, done: false })],
  ])('is no job that is done: %s', async (value) => {
    const { resets, overwrite } = setup();
    await overwrite(accountRecordKey('reset-job', 'job-1'), value);
    await expect(resets.markAll({ id: 'job-1', reason: 'incident', by, pages: tableOf(3, 2) })).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringContaining('"reset-job"') as string });
  });
});

const deaths = deathsWithin(6);

// ASVS 5.0 2.3.3
describe.each(stores)('a process that ends at any call of its store, %s', (on) => {
  it.each(deaths)('leaves an order carried out or not, and one that is given again carried out ($atCall, done: $done)', async (death) => {
    for (const [name, run] of verbs.slice(1, 3)) {
      const clock = fakeClock();
      const store = emptyStore(on, clock);
      const { resets, again } = setup({ store, clock });
      await run(again({ records: dying(store, death) })).catch((error: unknown) => {
        expect(error).toMatchObject({ message: 'dead' });
      });
      expect([undefined, 'compromised']).toContain((await resets.check(who))?.reason);
      await run(resets);
      expect(await resets.check(who), name).toMatchObject({ reason: 'compromised' });
      await resets.cleared(who);
      expect(await resets.check(who)).toBeUndefined();
    }
  });

  it.each(deaths)('while it clears leaves the account marked or clear, and clear when it is said again ($atCall, done: $done)', async (death) => {
    const { resets, again, records } = await begun(on);
    await again({ records: dying(records, death) }).cleared(who).catch(() => undefined);
    expect([undefined, 'admin']).toContain((await resets.check(who))?.reason);
    await resets.cleared(who);
    expect(await resets.check(who)).toBeUndefined();
  });
});
