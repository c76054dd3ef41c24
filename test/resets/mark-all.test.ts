import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ForcedResets, MarkAllJob, MarkAllProgress } from 'portcullis/resets';
import { fakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { marchThrough } from './march.ts';
import { dying } from '../support/record-stores.ts';
import { accountKey, accountOf, by, dayMs, emptyStore, setup, stores, tableOf } from './setup.ts';

const order = { id: 'job-1', reason: 'incident', by } as const;

async function countMarked(resets: ForcedResets, count: number): Promise<number> {
  const found = await Promise.all(Array.from({ length: count }, (_, index) => resets.check({ accountId: `user-${index}` })));
  return found.filter((reset) => reset?.reason === 'incident').length;
}

function eventsOf(events: readonly { readonly type: string; readonly accountId?: string }[], type: string): readonly (string | undefined)[] {
  return events.filter((event) => event.type === type).map(({ accountId }) => accountId);
}

describe.each(stores)('marking whom the app chooses, %s', (on) => {
  // ASVS 5.0 7.4.5
  it('goes through every page and tells how far it is', async () => {
    const { resets, events } = setup({ on });
    await resets.mark({ accountId: 'user-0', reason: 'compromised', by });
    const told: MarkAllProgress[] = [];
    const job: MarkAllJob = { ...order, pages: tableOf(25, 10), where: ({ id }) => !id.endsWith('9'), onProgress: (progress) => told.push(progress) };
    const end = { seen: 25, matched: 23, marked: 22, already: 1, failed: 0, done: true, cursor: undefined };
    expect(await resets.markAll(job)).toEqual(end);
    expect(told).toEqual([
      { seen: 10, matched: 9, marked: 8, already: 1, failed: 0, done: false, cursor: '10' },
      { seen: 20, matched: 18, marked: 17, already: 1, failed: 0, done: false, cursor: '20' },
      end,
    ]);
    expect(await resets.check({ accountId: 'user-9' })).toBeUndefined();
    expect(await resets.check({ accountId: 'user-24' })).toMatchObject({ reason: 'incident', opens: 'mailed-link', by });
    const { done: _done, cursor: _cursor, ...counts } = end;
    expect(events.filter(({ type }) => type !== 'reset.marked')).toEqual([{ type: 'reset.job-finished', job: 'job-1', reason: 'incident', by, ...counts }]);
    expect(eventsOf(events, 'reset.marked')).toHaveLength(23);
  });

  it('does a job that is done no second time, in another process either, until it is forgotten', async () => {
    const { resets, again, clock, events } = setup({ on });
    const first = await resets.markAll({ ...order, pages: tableOf(5, 2) });
    await resets.cleared({ accountId: 'user-1' });
    let asked = 0;
    const pages: MarkAllJob['pages'] = async (cursor) => {
      asked += 1;
      return tableOf(5, 2)(cursor);
    };
    expect(await again().markAll({ ...order, pages })).toEqual(first);
    expect(asked).toBe(0);
    await clock.advance(30 * dayMs);
    expect(await again().markAll({ ...order, pages })).toEqual({ ...first, marked: 1, already: 4 });
    expect(eventsOf(events, 'reset.job-finished')).toHaveLength(2);
  });

  it('refuses to go on with a job for another reason', async () => {
    const { resets } = setup({ on });
    await resets.markAll({ ...order, pages: tableOf(1, 1) });
    await expect(resets.markAll({ ...order, reason: 'admin', pages: tableOf(1, 1) })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'resets.markAll.reason: expected "incident", with which the job of this id was begun' });
  });

  it('counts in a dry run what it would do, and writes nothing', async () => {
    const { resets, calls, events } = setup({ on });
    await resets.mark({ accountId: 'user-3', reason: 'incident', by });
    calls.length = events.length = 0;
    const dry = await resets.markAll({ ...order, pages: tableOf(7, 3), dryRun: true });
    expect(dry).toEqual({ seen: 7, matched: 7, marked: 6, already: 1, failed: 0, done: true, cursor: undefined });
    expect(calls).not.toContain('compareAndSet');
    expect(events).toEqual([]);
    expect(await resets.markAll({ ...order, pages: tableOf(7, 3) })).toEqual(dry);
  });

  // ASVS 5.0 2.3.3
  it('ends up the same wherever it was killed: nobody skipped, nobody marked twice, the counts right', async () => {
    // A file for each death takes its time: there every fifth will do.
    for (let atCall = 1; atCall < 60; atCall += on === 'memoryStore' ? 1 : 5) {
      const clock = fakeClock();
      const store = emptyStore(on, clock);
      const { resets, again, events } = setup({ store, clock });
      await resets.mark({ accountId: 'user-4', reason: 'incident', by });
      const killed = await again({ records: dying(store, { atCall, done: true }), concurrency: 2 }).markAll({ ...order, pages: tableOf(11, 4) }).catch(() => undefined);
      // Whoever gets a new password meanwhile is not asked for another one.
      const early = (await resets.check({ accountId: 'user-0' })) !== undefined;
      if (early) await resets.cleared({ accountId: 'user-0' });
      const end = killed ?? (await again().markAll({ ...order, pages: tableOf(11, 4) }));
      expect(end).toEqual({ seen: 11, matched: 11, marked: 10, already: 1, failed: 0, done: true, cursor: undefined });
      expect(await countMarked(resets, 11)).toBe(early ? 10 : 11);
      const told = eventsOf(events, 'reset.marked');
      expect(new Set(told).size).toBe(told.length);
    }
  });

  it('done by two processes at once marks everybody once and counts everybody once', async () => {
    const { again, resets, events } = setup({ on });
    const job: MarkAllJob = { ...order, pages: tableOf(200, 10) };
    const ends = await Promise.all([again({ concurrency: 3 }).markAll(job), again({ concurrency: 5 }).markAll(job), again({ concurrency: 1 }).markAll(job)]);
    for (const end of ends) expect(end).toEqual({ seen: 200, matched: 200, marked: 200, already: 0, failed: 0, done: true, cursor: undefined });
    expect(await countMarked(resets, 200)).toBe(200);
    expect(new Set(eventsOf(events, 'reset.marked')).size).toBe(200);
    expect(eventsOf(events, 'reset.marked')).toHaveLength(200);
    expect(eventsOf(events, 'reset.job-finished')).toHaveLength(1);
  });

  it('counts an account whose record cannot be read as failed, tells which, and goes on', async () => {
    const { resets, overwrite, events } = setup({ on });
    await overwrite(accountKey, 'not JSON');
    await overwrite(accountRecordKey('reset', 'user-2'), '[]');
    expect(await resets.markAll({ ...order, pages: tableOf(5, 2) })).toEqual({ seen: 5, matched: 5, marked: 3, already: 0, failed: 2, done: true, cursor: undefined });
    expect(eventsOf(events, 'store.failed')).toEqual(['user-1', 'user-2']);
    await expect(resets.check({ accountId: 'user-1' })).rejects.toMatchObject({ code: 'ERR_STORE' });
  });
});

describe('a job that goes wrong', () => {
  const broken = new Error('table is locked');

  it('stops with what the app\'s functions throw, and goes on when it is called again', async () => {
    for (const at of [0, 9, 10, 24]) {
      const { resets } = setup();
      const where: MarkAllJob['where'] = ({ id }) => {
        if (id === `user-${at}`) throw broken;
        return Promise.resolve(true);
      };
      await expect(resets.markAll({ ...order, pages: tableOf(25, 10), where })).rejects.toBe(broken);
      const from: (string | undefined)[] = [];
      const pages: MarkAllJob['pages'] = async (cursor) => {
        from.push(cursor);
        if (from.length === 2) throw broken;
        return tableOf(25, 10)(cursor);
      };
      const rest = async (): Promise<MarkAllProgress> => resets.markAll({ ...order, pages });
      if (at < 20) await expect(rest()).rejects.toBe(broken);
      expect(await rest()).toMatchObject({ seen: 25, marked: 25, already: 0, done: true });
      expect(from[0]).toBe([undefined, '10', '20'][Math.floor(at / 10)]);
    }
  });

  const bad: readonly (readonly [page: unknown, message: string])[] = [
    [undefined, 'expected { accounts: [...], next }'],
    [null, 'expected { accounts: [...], next }'],
    [[], 'expected { accounts: [...], next }'],
    [{ accounts: 'all' }, 'expected { accounts: [...], next }'],
    [{ accounts: new Set() }, 'expected { accounts: [...], next }'],
    [{ accounts: Array.from({ length: 10_001 }, (_, index) => accountOf(`user-${index}`)) }, 'expected at most 10000 accounts, got 10001'],
    [{ accounts: [accountOf('user-1'), null] }, 'expected accounts with an id'],
    [{ accounts: [{ ...accountOf('user-1'), id: 7 }] }, 'expected accounts with an id'],
    [{ accounts: [accountOf('')] }, 'expected accounts with an id'],
    [{ accounts: [accountOf('x'.repeat(1_025))] }, 'expected accounts with an id'],
    [{ accounts: [], next: null }, 'expected next to be undefined or a text of 1 to 4096 characters'],
    [{ accounts: [], next: '' }, 'expected next to be undefined or a text'],
    [{ accounts: [], next: 12 }, 'expected next to be undefined or a text'],
    [{ accounts: [], next: 'x'.repeat(4_097) }, 'expected next to be undefined or a text'],
  ];

  it.each(bad)('refuses a page that is none, and marks nobody of it', async (page, message) => {
    const { resets, events } = setup();
    await expect(resets.markAll({ ...order, pages: async () => Promise.resolve(page as never) })).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringContaining(`resets.markAll.pages: ${message}`) as string });
    expect(events).toEqual([]);
  });

  it.each([1, 0, 'yes', null, undefined, {}, [true]])('takes no %j for a choice', async (answer) => {
    const { resets, events } = setup();
    for (const where of [() => answer as never, async () => Promise.resolve(answer as never)]) {
      await expect(resets.markAll({ ...order, pages: tableOf(2, 1), where })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'resets.markAll.where: expected true or false' });
    }
    expect(events).toEqual([]);
  });

  it.each([1, 2, 3, 7])('notices cursors that go round in circles of %i', async (length) => {
    const { resets } = setup();
    let asked = 0;
    const pages: MarkAllJob['pages'] = async (cursor) => {
      asked += 1;
      return Promise.resolve({ accounts: [], next: String((Number(cursor ?? -1) + 1) % length) });
    };
    await expect(resets.markAll({ ...order, pages })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'resets.markAll.pages: expected a cursor that moves on' });
    expect(asked).toBeLessThan(10 * length + 10);
  });

  it('that loses its record in the middle stops, and begins anew', async () => {
    const { resets, records, events } = setup();
    const key = accountRecordKey('reset-job', 'job-1');
    const where: MarkAllJob['where'] = async ({ id }) => {
      if (id === 'user-3') await records.compareAndSet({ key, expectedVersion: (await records.read(key))?.version ?? 0, value: null });
      return true;
    };
    await expect(resets.markAll({ ...order, pages: tableOf(6, 2), where })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'records: the record of a job is gone; call markAll again' });
    expect(await resets.markAll({ ...order, pages: tableOf(6, 2) })).toMatchObject({ seen: 6, matched: 6, marked: 2, already: 4, done: true });
    expect(eventsOf(events, 'reset.marked')).toHaveLength(6);
  });
});

describe('a job with a signal', () => {
  it('stops before its first page where it was aborted before', async () => {
    const { resets, calls } = setup();
    await expect(resets.markAll({ ...order, pages: tableOf(3, 1), signal: AbortSignal.abort('not now') })).rejects.toBe('not now');
    expect(calls).not.toContain('compareAndSet');
  });

  it('stops between two accounts, and can be resumed', async () => {
    const { resets, again } = setup({ concurrency: 1 });
    const stop = new AbortController();
    const where: MarkAllJob['where'] = ({ id }) => {
      if (id === 'user-12') stop.abort(new Error('operator'));
      return true;
    };
    await expect(resets.markAll({ ...order, pages: tableOf(30, 10), where, signal: stop.signal })).rejects.toThrow('operator');
    expect(await countMarked(resets, 30)).toBeLessThanOrEqual(13);
    expect(await again().markAll({ ...order, pages: tableOf(30, 10) })).toMatchObject({ seen: 30, marked: 30, already: 0 });
  });

  it.each(['pages', 'where'])('stops where the app\'s %s never answers', async (which) => {
    const { resets } = setup();
    const stop = new AbortController();
    const never = async (): Promise<never> => new Promise(() => undefined);
    const job: MarkAllJob = { ...order, pages: tableOf(3, 1), [which]: never, signal: stop.signal };
    const running = resets.markAll(job);
    setTimeout(() => {
      stop.abort(new Error('operator'));
    }, 5);
    await expect(running).rejects.toThrow('operator');
  });

  it('keeps no listener on the signal when it has ended', async () => {
    const { resets } = setup();
    const { signal } = new AbortController();
    expect(await resets.markAll({ ...order, pages: tableOf(50, 10), signal })).toMatchObject({ marked: 50 });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a job of a size', () => {
  it('works on as many accounts at once as it was told, and never on more', async () => {
    const { resets } = setup({ concurrency: 7 });
    let running = 0;
    let most = 0;
    const where: MarkAllJob['where'] = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      running -= 1;
      return true;
    };
    await resets.markAll({ ...order, pages: tableOf(100, 50), where });
    expect(most).toBe(7);
  });

  it('marks a hundred thousand accounts and keeps none of them', async () => {
    const { retained, end } = await marchThrough(100_000);
    expect(end).toEqual({ seen: 100_000, matched: 100_000, marked: 100_000, already: 0, failed: 0, done: true, cursor: undefined });
    // What 100,000 accounts would keep alive is over 20 MB.
    expect(Math.max(...retained) - Math.min(...retained)).toBeLessThan(5_000_000);
  });
});
