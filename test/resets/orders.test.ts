import { describe, expect, it } from 'vitest';
import { createForcedResets, forcedResetsDefaults, resetReasons, type ForcedResets } from 'portcullis/resets';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { accountId, accountKey, by, dayMs, setup, tableOf } from './setup.ts';

const records = memoryStore();

describe('the options', () => {
  it.each([
    [undefined, 'resets.records: expected an object with read(), compareAndSet(), watch(), got nothing'],
    [{ records: {} }, 'resets.records: expected an object with read(), compareAndSet(), watch()'],
    [{ records, concurency: 4 }, 'resets.concurency: unknown option, did you mean "concurrency"?'],
    [{ records, concurrency: 0 }, 'resets.concurrency: expected a whole number from 1 to 256, got 0'],
    [{ records, maxPageAccounts: 1e6 }, 'resets.maxPageAccounts: expected a whole number from 1 to 100000, got 1000000'],
    [{ records, keepJobsForMs: 5 }, 'resets.keepJobsForMs: expected a whole number from 86400000 to 31622400000, got 5'],
    [{ records, clock: null }, 'resets.clock: expected an object with nowMs(), monotonicMs(), after(), got null'],
    [{ records, emit: 'log' }, 'resets.emit: expected a function, got a string of 3 characters'],
  ])('that are wrong are refused by name', (options, message) => {
    expect(() => createForcedResets(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string }) as Error);
  });

  it('have defaults that nobody can change', () => {
    expect(forcedResetsDefaults).toEqual({ maxPageAccounts: 10_000, concurrency: 16, keepJobsForMs: 30 * dayMs });
    expect([forcedResetsDefaults, resetReasons].every(Object.isFrozen)).toBe(true);
    expect(resetReasons).toEqual(['compromised', 'breached', 'incident', 'admin', 'initial']);
  });
});

const long = 'x'.repeat(10_000_000);
const job = { id: 'job-1', reason: 'incident', by, pages: tableOf(1, 1) };
const markBefore = { beforeMs: 1, reason: 'incident', by };

const wrongOrders: readonly (readonly [verb: keyof ForcedResets, order: unknown, message: string])[] = [
  ['mark', undefined, 'resets.mark.accountId: expected an id of 1 to 1024 characters, got nothing'],
  ['mark', null, 'resets.mark: expected an options object, got null'],
  ['mark', { accountId: '', reason: 'admin', by }, 'resets.mark.accountId: expected an id of 1 to 1024 characters, got a string of 0 characters'],
  ['mark', { accountId: 7, reason: 'admin', by }, 'resets.mark.accountId: expected an id of 1 to 1024 characters, got 7'],
  ['mark', { accountId: long, reason: 'admin', by }, 'resets.mark.accountId: expected an id of 1 to 1024 characters, got a string of 10000000 characters'],
  ['mark', { accountId, reason: 'expired', by }, 'resets.mark.reason: expected "compromised" | "breached" | "incident" | "admin" | "initial", got a string of 7 characters'],
  ['mark', { accountId, reason: '__proto__', by }, 'resets.mark.reason: expected'],
  ['mark', { accountId, by }, 'resets.mark.reason: expected'],
  ['mark', { accountId, reason: 'admin' }, 'resets.mark.by: expected a text of 1 to 256 characters, got nothing'],
  ['mark', { accountId, reason: 'admin', by: '\uD800' }, 'resets.mark.by: expected a text of 1 to 256 characters'],
  ['mark', { accountId, reason: 'admin', by, password: 'hunter2' }, 'resets.mark.password: unknown option'],
  ['unmark', { accountId }, 'resets.unmark.by: expected a text of 1 to 256 characters, got nothing'],
  ['unmark', { by }, 'resets.unmark.accountId: expected an id'],
  ['markBefore', { ...markBefore, beforeMs: 0.5 }, 'resets.markBefore.beforeMs: expected a whole number from 1 to '],
  ['markBefore', { ...markBefore, beforeMs: Number.NaN }, 'resets.markBefore.beforeMs: expected a whole number from 1 to '],
  ['markBefore', { ...markBefore, beforeMs: Date.now() * 1_000 }, 'resets.markBefore.beforeMs: expected a whole number from 1 to '],
  ['markBefore', { ...markBefore, beforeMs: new Date() }, 'resets.markBefore.beforeMs: expected a whole number from 1 to '],
  ['markBefore', { ...markBefore, organizationId: '' }, 'resets.markBefore.organizationId: expected an id'],
  ['markBefore', { ...markBefore, organisationId: 'team-1' }, 'resets.markBefore.organisationId: unknown option, did you mean "organizationId"?'],
  ['liftBefore', {}, 'resets.liftBefore.by: expected a text of 1 to 256 characters, got nothing'],
  ['liftBefore', { by, organizationId: null }, 'resets.liftBefore.organizationId: expected an id'],
  ['check', { accountId: undefined }, 'resets.check.accountId: expected an id'],
  ['check', { accountId, organizationIds: null }, 'resets.check.organizationIds: expected an array of ids, got null'],
  ['check', { accountId, organizationIds: 'team-1' }, 'resets.check.organizationIds: expected an array of ids, got a string of 6 characters'],
  ['check', { accountId, organizationIds: [7] }, 'resets.check.organizationIds: expected an id'],
  ['check', { accountId, organizationIds: Array.from({ length: 101 }, (_, index) => `team-${index}`) }, 'resets.check.organizationIds: expected at most 100, got 101'],
  ['cleared', { accountId: '' }, 'resets.cleared.accountId: expected an id'],
  ['cleared', { accountId, asOfMs: Number.NaN }, 'resets.cleared.asOfMs: expected wall-clock ms since 1970, got NaN'],
  ['cleared', { accountId, organizationIds: {} }, 'resets.cleared.organizationIds: expected an array of ids'],
  ['markAll', { ...job, id: '' }, 'resets.markAll.id: expected a text of 1 to 256 characters'],
  ['markAll', { ...job, id: long }, 'resets.markAll.id: expected a text of 1 to 256 characters'],
  ['markAll', { ...job, reason: 'spring cleaning' }, 'resets.markAll.reason: expected'],
  ['markAll', { ...job, pages: [] }, 'resets.markAll.pages: expected a function, got an array of 0'],
  ['markAll', { ...job, where: true }, 'resets.markAll.where: expected a function, got true'],
  ['markAll', { ...job, dryrun: true }, 'resets.markAll.dryrun: unknown option, did you mean "dryRun"?'],
  ['markAll', { ...job, dryRun: 'no' }, 'resets.markAll.dryRun: expected true or false'],
  ['markAll', { ...job, signal: { aborted: true } }, 'resets.markAll.signal: expected an AbortSignal'],
];

describe('an order', () => {
  it.each(wrongOrders)('to %s that is wrong is refused by name, and asks the store for nothing', async (verb, order, message) => {
    const { resets, calls, events } = setup();
    await expect((resets[verb] as (given: unknown) => Promise<unknown>)(order)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string });
    expect({ calls, events }).toEqual({ calls: [], events: [] });
  });

  it('takes any id that an app can have', async () => {
    const { resets } = setup();
    const ids = ['0', ' ', '\0', '__proto__', 'constructor', 'x'.repeat(1_024), '\uD800', '\uD801', 'reset:user-1', '{"a":1}'];
    for (const id of ids) {
      expect(await resets.check({ accountId: id })).toBeUndefined();
      expect(await resets.mark({ accountId: id, reason: 'admin', by: id.isWellFormed() ? id.slice(0, 256) : by })).toBe(true);
    }
    for (const id of ids) expect(await resets.check({ accountId: id })).toMatchObject({ reason: 'admin' });
  });

  // ASVS 5.0 6.4.6
  it('leaves nothing in the store but who, why, when and by whom', async () => {
    const { resets, records: store, clock } = setup();
    await resets.mark({ accountId, reason: 'admin', by });
    expect(JSON.parse((await store.read(accountKey))?.value ?? '')).toEqual({ mark: { reason: 'admin', sinceMs: clock.nowMs(), by } });
    await resets.cleared({ accountId });
    expect(JSON.parse((await store.read(accountKey))?.value ?? '')).toEqual({});
    await clock.advance(30 * dayMs);
    expect(await store.read(accountKey)).toBeUndefined();
  });

  it('to clear what is not marked writes nothing', async () => {
    const { resets, calls, clock, events } = setup();
    await resets.cleared({ accountId });
    expect(calls).not.toContain('compareAndSet');
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'admin', by });
    await resets.cleared({ accountId });
    const writes = calls.filter((call) => call === 'compareAndSet').length;
    await resets.cleared({ accountId });
    expect(calls.filter((call) => call === 'compareAndSet')).toHaveLength(writes);
    // Somebody who signs up now has a new password already: nothing was demanded of them.
    await resets.cleared({ accountId: 'user-2', passwordSetAtMs: clock.nowMs() });
    expect(events.filter(({ type }) => type === 'reset.cleared')).toHaveLength(1);
  });
});
