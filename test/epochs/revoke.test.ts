import { describe, expect, it } from 'vitest';
import { accountId, by, dayMs, said, setup, stores } from './setup.ts';

describe.each(stores)('sessions, on %s,', (on) => {
  it('live with the mark that they were given', async () => {
    const { check, mark } = setup({ on });
    expect(await check(await mark('team-1'))).toEqual({ live: true });
    expect(await check(await mark(), { organizationIds: ['team-1'] })).toEqual({ live: true });
  });

  it('carry a mark that is plain JSON and comes back from it as it was', async () => {
    const { check, mark } = setup({ on });
    const given = await mark('team-1', '__proto__');
    const kept: unknown = JSON.parse(JSON.stringify(given));
    expect(kept).toEqual(given);
    expect(given).toEqual({ everyone: expect.any(Number) as number, organizations: Object.fromEntries([['team-1', 0], ['__proto__', 0]]), user: 0 });
    expect(await check(kept)).toEqual({ live: true });
  });

  // ASVS 5.0 7.4.5
  it('of everybody end at once', async () => {
    const self = setup({ on });
    const marks = [await self.mark(), await self.mark('team-1'), await self.epochs.mark({ accountId: 'user-2' })];
    await self.epochs.revokeEveryone({ by });
    for (const given of marks) expect(await said(self.check(given))).toBe('everyone');
    expect(await said(self.epochs.check({ accountId: 'user-2', mark: marks[2] }))).toBe('everyone');
    expect(self.events).toEqual([{ type: 'session.epoch-raised', scope: 'everyone', by }]);
  });

  // ASVS 5.0 7.4.5, 8.4.1
  it('of an organization end, and no other\'s', async () => {
    const self = setup({ on });
    const [mine, other] = [await self.mark('team-1', 'team-2'), await self.mark('team-2')];
    await self.epochs.revokeOrganization({ id: 'team-1', by });
    expect(await said(self.check(mine))).toBe('organization');
    expect(await said(self.check(other))).toBe('live');
    expect(self.events).toEqual([{ type: 'session.epoch-raised', scope: 'organization', id: 'team-1', by }]);
  });

  // ASVS 5.0 7.4.2, 7.4.5
  it('of an account end, and no other\'s', async () => {
    const self = setup({ on });
    const [mine, other] = [await self.mark(), await self.epochs.mark({ accountId: 'user-2' })];
    await self.epochs.revokeUser({ accountId });
    expect(await said(self.check(mine))).toBe('user');
    expect(await said(self.check(other, { accountId: 'user-2' }))).toBe('live');
    expect(self.events).toEqual([{ type: 'session.epoch-raised', accountId, scope: 'user', by: accountId }]);
  });

  // ASVS 5.0 7.4.3
  it('of an account end but for the one that goes on', async () => {
    const self = setup({ on });
    const others = [await self.mark('team-1'), await self.mark()];
    const kept = await self.epochs.revokeOthers({ accountId, organizationIds: ['team-1'] });
    expect(await said(self.check(kept))).toBe('live');
    for (const given of others) expect(await said(self.check(given))).toBe('user');
  });

  it('that begin in the millisecond of a raise, or after it, live', async () => {
    const self = setup({ on });
    for (let turn = 0; turn < 3; turn += 1) {
      const before = await self.mark('team-1');
      await self.epochs.revokeEveryone({ by });
      await self.epochs.revokeOrganization({ id: 'team-1', by });
      await self.epochs.revokeUser({ accountId, by });
      expect(await said(self.check(await self.mark('team-1')))).toBe('live');
      expect(await said(self.check(before))).toBe('everyone');
    }
  });

  it('that began before a raise stay ended when the clock is set back a day, and new ones live', async () => {
    const self = setup({ on });
    const before = await self.mark('team-1');
    await self.epochs.revokeUser({ accountId });
    const between = await self.mark('team-1');
    self.clock.setWallMs(self.clock.nowMs() - dayMs);
    expect(await said(self.check(between))).toBe('live');
    await self.epochs.revokeUser({ accountId });
    for (const given of [before, between]) expect(await said(self.check(given))).toBe('user');
    expect(await said(self.check(await self.mark('team-1')))).toBe('live');
    await self.epochs.revokeEveryone({ by });
    expect(await said(self.check(await self.mark('team-1')))).toBe('live');
  });
});
