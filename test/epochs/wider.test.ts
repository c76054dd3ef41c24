import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountId, by, setup, stores } from './setup.ts';

// ASVS 5.0 7.4.1, 7.4.5
describe.each(stores)('the part of a mark that is not the account\'s own, on %s,', (on) => {
  it('counts until everyone or one of its organizations is revoked, and outlives the end of the account\'s own sessions', async () => {
    for (const scope of ['everyone', 'organization'] as const) {
      const self = setup({ on });
      const mark = await self.mark('team-1');
      const counts = (organizationIds?: readonly string[]) => self.epochs.checkWider({ mark, organizationIds });
      await self.epochs.revokeUser({ accountId });
      await self.epochs.revokeOrganization({ id: 'team-2', by });
      expect([await counts(), await counts(['team-1'])]).toEqual([true, true]);
      // Whoever joins one that was once revoked is as new as in a session.
      expect(await counts(['team-1', 'team-2'])).toBe(false);
      await (scope === 'everyone' ? self.epochs.revokeEveryone({ by }) : self.epochs.revokeOrganization({ id: 'team-1', by }));
      expect([await counts(), await counts(['team-1'])]).toEqual([false, false]);
      const { user: _user, ...wider } = await self.mark('team-1');
      expect(await self.epochs.checkWider({ mark: wider })).toBe(true);
    }
  });

  it('is over where another process has revoked, within the time of what is remembered', async () => {
    const self = setup({ on });
    const mark = await self.mark('team-1');
    expect(await self.epochs.checkWider({ mark })).toBe(true);
    await self.another().epochs.revokeOrganization({ id: 'team-1', by });
    await self.clock.advance(1_000);
    expect(await self.epochs.checkWider({ mark })).toBe(false);
    // A mark that is newer than what is remembered asks the store.
    expect(await self.epochs.checkWider({ mark: await self.another().mark('team-1') })).toBe(true);
  });

  it('is over where the store has lost its data', async () => {
    const self = setup({ on });
    const mark = await self.mark();
    await self.lose();
    expect(await self.another().epochs.checkWider({ mark })).toBe(false);
  });
});

describe('what is no mark', () => {
  it('does not count, whatever it is, and never throws', async () => {
    const { epochs } = setup();
    await fc.assert(fc.asyncProperty(fc.anything(), async (mark) => {
      expect(await epochs.checkWider({ mark })).toBe(false);
    }), { numRuns: 300 });
    for (const mark of [undefined, null, new Proxy({}, { getOwnPropertyDescriptor: () => { throw new Error('no'); } }), { everyone: 1 }]) expect(await epochs.checkWider({ mark })).toBe(false);
  });

  it('is told apart from a store that fails and from what are no ids', async () => {
    const self = setup();
    const mark = await self.mark();
    const broken = self.another({ records: { durable: true, read: () => Promise.reject(new Error('gone')), compareAndSet: () => Promise.reject(new Error('gone')), watch: () => () => undefined } });
    await expect(broken.epochs.checkWider({ mark })).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(self.epochs.checkWider({ mark, organizationIds: [''] })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });
});
