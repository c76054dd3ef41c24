import { describe, expect, it } from 'vitest';
import { resetReasons, type ResetReason } from 'portcullis/resets';
import { accountId, by, dayMs, setup, stores } from './setup.ts';

const strict: readonly ResetReason[] = ['compromised', 'breached', 'incident'];

describe.each(stores)('a mark of one account, %s', (on) => {
  // ASVS 5.0 6.2.10
  it.each(resetReasons)('for the reason "%s" says who, why, since when and what the old password still opens', async (reason) => {
    const { resets, clock, events } = setup({ on });
    expect(await resets.check({ accountId })).toBeUndefined();
    expect(await resets.mark({ accountId, reason, by })).toBe(true);
    const sinceMs = clock.nowMs();
    await clock.advance(dayMs);
    expect(await resets.check({ accountId })).toEqual({ reason, sinceMs, by, opens: strict.includes(reason) ? 'mailed-link' : 'change-password' });
    expect(events).toEqual([{ type: 'reset.marked', accountId, reason, by }]);
  });

  it('says by its type which reasons leave the old password nothing', async () => {
    const { resets } = setup({ on });
    await resets.mark({ accountId, reason: 'breached', by });
    const forced = await resets.check({ accountId });
    if (forced?.opens !== 'mailed-link') throw new Error('not marked');
    const reason: 'compromised' | 'breached' | 'incident' = forced.reason;
    expect(reason).toBe('breached');
  });

  it('is of that account and of no other', async () => {
    const { resets } = setup({ on });
    await resets.mark({ accountId, reason: 'admin', by });
    expect(await resets.check({ accountId: 'user-2' })).toBeUndefined();
  });

  it('gives way to a stricter one and to no other', async () => {
    const { resets, clock } = setup({ on });
    const rank: Readonly<Record<ResetReason, number>> = { initial: 1, admin: 1, incident: 2, breached: 2, compromised: 3 };
    for (const first of resetReasons) {
      for (const second of resetReasons) {
        const id = `${first}-${second}`;
        await resets.mark({ accountId: id, reason: first, by });
        const firstMs = clock.nowMs();
        await clock.advance(1_000);
        const stricter = rank[second] > rank[first];
        expect(await resets.mark({ accountId: id, reason: second, by: 'admin-2' })).toBe(stricter);
        expect(await resets.check({ accountId: id })).toMatchObject(stricter ? { reason: second, by: 'admin-2', sinceMs: clock.nowMs() } : { reason: first, by, sinceMs: firstMs });
      }
    }
  });

  it('is made once, when fifty orders come at once', async () => {
    const { resets, events } = setup({ on });
    const done = await Promise.all(Array.from({ length: 50 }, () => resets.mark({ accountId, reason: 'breached', by })));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  it('is cleared by a new password, and by time never', async () => {
    const { resets, clock, events } = setup({ on });
    await resets.mark({ accountId, reason: 'compromised', by });
    await clock.advance(4_000 * dayMs);
    expect(await resets.check({ accountId })).toMatchObject({ reason: 'compromised' });
    await resets.cleared({ accountId });
    expect(await resets.check({ accountId })).toBeUndefined();
    expect(events.slice(1)).toEqual([{ type: 'reset.cleared', accountId, reason: 'compromised' }]);
  });

  it('can be taken back by an operator, who is told of', async () => {
    const { resets, events } = setup({ on });
    await resets.mark({ accountId, reason: 'admin', by });
    expect(await resets.unmark({ accountId, by: 'admin-2' })).toBe(true);
    expect(await resets.unmark({ accountId, by: 'admin-2' })).toBe(false);
    expect(await resets.check({ accountId })).toBeUndefined();
    expect(events.slice(1)).toEqual([{ type: 'reset.lifted', accountId, by: 'admin-2' }]);
  });

  it('holds when the clock is set back by a day', async () => {
    const { resets, clock } = setup({ on });
    await resets.mark({ accountId, reason: 'incident', by });
    clock.setWallMs(clock.nowMs() - dayMs);
    expect(await resets.check({ accountId })).toMatchObject({ reason: 'incident' });
    expect(await resets.mark({ accountId, reason: 'incident', by })).toBe(false);
    await resets.cleared({ accountId });
    expect(await resets.check({ accountId })).toBeUndefined();
  });
});
