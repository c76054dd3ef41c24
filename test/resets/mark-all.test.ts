import { describe, expect, it } from 'vitest';
import type { MarkAllProgress } from 'portcullis/resets';
import { by, setup, stores, tableOf } from './setup.ts';

describe.each(stores)('marking whom the app chooses, %s', (on) => {
  // ASVS 5.0 7.4.5
  it('goes through every page and tells how far it is', async () => {
    const { resets, events } = setup({ on });
    await resets.mark({ accountId: 'user-0', reason: 'compromised', by });
    const told: MarkAllProgress[] = [];
    const job = { id: 'incident-1', reason: 'incident', by, pages: tableOf(25, 10), where: ({ id }: { readonly id: string }) => !id.endsWith('9'), onProgress: (progress: MarkAllProgress) => told.push(progress) } as const;
    const end = { seen: 25, matched: 23, marked: 22, already: 1, failed: 0, done: true, cursor: undefined };
    expect(await resets.markAll(job)).toEqual(end);
    expect(told).toEqual([
      { seen: 10, matched: 9, marked: 8, already: 1, failed: 0, done: false, cursor: '10' },
      { seen: 20, matched: 18, marked: 17, already: 1, failed: 0, done: false, cursor: '20' },
      end,
    ]);
    expect(await resets.check({ accountId: 'user-9' })).toBeUndefined();
    expect(await resets.check({ accountId: 'user-24' })).toMatchObject({ reason: 'incident', opens: 'mailed-link' });
    const { done: _done, cursor: _cursor, ...counts } = end;
    expect(events.filter(({ type }) => type !== 'reset.marked')).toEqual([{ type: 'reset.job-finished', job: 'incident-1', reason: 'incident', by, ...counts }]);
    expect(events.filter(({ type }) => type === 'reset.marked')).toHaveLength(23);
  });
});
