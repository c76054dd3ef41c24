import { describe, expect, it } from 'vitest';
import { accountId, by, said, setup, stores } from './setup.ts';

// ASVS 5.0 7.4.1, 7.4.3, 7.4.5
describe.each(stores)('the check that awaits nothing, on %s,', (on) => {
  it('says nothing before anybody was asked, and then for maxStaleMs that the session lives, without a read', async () => {
    const first = setup({ on });
    const mark = await first.mark('team-1');
    const self = first.another();
    const session = { accountId, organizationIds: ['team-1'], mark };
    expect(self.epochs.checkNow(session)).toBe(undefined);
    expect(await said(self.epochs.check(session))).toBe('live');
    self.reads.length = 0;
    await self.clock.advance(999);
    expect(self.epochs.checkNow(session)).toEqual({ live: true });
    await self.clock.advance(1);
    expect(self.epochs.checkNow(session)).toBe(undefined);
    expect(self.reads).toEqual([]);
  });

  it.each([
    ['everyone', (self: ReturnType<typeof setup>) => self.epochs.revokeEveryone({ by })],
    ['an organization of the mark', (self) => self.epochs.revokeOrganization({ id: 'team-1', by })],
    ['the account', (self) => self.epochs.revokeUser({ accountId })],
  ] satisfies readonly (readonly [string, (self: ReturnType<typeof setup>) => Promise<void>])[])('lets nobody go on from the moment that this process ends the sessions of %s', async (_whose, end) => {
    const self = setup({ on });
    const mark = await self.mark('team-1');
    await self.check(mark);
    expect(self.epochs.checkNow({ accountId, mark })).toEqual({ live: true });
    const ending = end(self);
    await ending;
    expect(self.epochs.checkNow({ accountId, mark })).toBe(undefined);
    expect((await self.check(mark)).live).toBe(false);
  });

  it('lets nobody go on after another process has ended the session, once maxStaleMs are over', async () => {
    const self = setup({ on });
    const mark = await self.mark();
    await self.check(mark);
    await self.another().epochs.revokeUser({ accountId });
    await self.clock.advance(1_000);
    expect(self.epochs.checkNow({ accountId, mark })).toBe(undefined);
    expect((await self.check(mark)).live).toBe(false);
  });

  it('remembers nothing with maxStaleMs 0', async () => {
    const self = setup({ on, maxStaleMs: 0 });
    const mark = await self.mark();
    await self.check(mark);
    expect(self.epochs.checkNow({ accountId, mark })).toBe(undefined);
  });
});

describe('the check that awaits nothing', () => {
  it.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['no account', { accountId: undefined }],
    ['an empty account', { accountId: '' }],
    ['an account that is a list', { accountId: [accountId] }],
    ['ten megabytes of account', { accountId: 'a'.repeat(10_000_000) }],
    ['organizations that are a text', { organizationIds: 'team-1' }],
    ['a hole in the organizations', { organizationIds: Object.assign(new Array<string>(2), { 1: 'team-1' }) }],
    ['a million organizations', { organizationIds: new Array(1_000_000).fill('team-1') }],
    ['an organization that is none of the mark', { organizationIds: ['team-2'] }],
    ['no mark', { mark: undefined }],
    ['a mark that is true', { mark: true }],
    ['a mark of nobody', { mark: { everyone: 0, organizations: {}, user: 0 } }],
    ['a mark that throws', { mark: { get everyone() { throw new Error('no'); } } }],
    ['a mark of the future', { mark: { everyone: 8e15, organizations: {}, user: 8e15 } }],
    ['a session that throws', { get accountId() { throw new Error('no'); } }],
  ])('neither throws nor lets go on for %s', async (_what, given) => {
    const self = setup();
    const mark = await self.mark('team-1');
    await self.check(mark, { organizationIds: ['team-1'] });
    expect(self.epochs.checkNow({ accountId, organizationIds: ['team-1'], mark })).toEqual({ live: true });
    const question = typeof given === 'object' && given !== null ? Object.defineProperties({ accountId, mark }, Object.getOwnPropertyDescriptors(given)) : given;
    expect(self.epochs.checkNow(question as never)).toBe(undefined);
  });
});
