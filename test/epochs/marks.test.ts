import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { accountId, by, dayMs, said, setup } from './setup.ts';

const untilMs = Date.UTC(2026, 5);
const adoptUnmarkedUntil = new Date(untilMs);

const tenMegabytes = 'x'.repeat(10_000_000);
const good = { everyone: 0, organizations: {}, user: 0 };

/** A proxy and a getter that throw. */
const throwing = [
  new Proxy({}, { get: () => { throw new Error('no'); }, getOwnPropertyDescriptor: () => { throw new Error('no'); } }),
  { ...good, get everyone(): number { throw new Error('no'); } },
];

describe('what a session carries', () => {
  // ASVS 5.0 2.2.1, 15.3.5
  it.each<readonly [string, unknown]>([
    ['text', 'mark'],
    ['JSON that nobody has parsed', JSON.stringify(good)],
    ['ten megabytes', tenMegabytes],
    ['a number', 5],
    ['NaN', Number.NaN],
    ['false', false],
    ['an array', [0, {}, 0]],
    ['a function', () => good],
    ['nothing in it', {}],
    ['no organizations', { everyone: 0, user: 0 }],
    ['organizations that are null', { ...good, organizations: null }],
    ['organizations that are a list', { ...good, organizations: ['team-1'] }],
    ['an epoch of an organization that is text', { ...good, organizations: { 'team-1': '0' } }],
    ['an epoch that is NaN', { ...good, user: Number.NaN }],
    ['one that is negative', { ...good, user: -1 }],
    ['one with a fraction', { ...good, everyone: 0.5 }],
    ['one that is infinite', { ...good, everyone: Infinity }],
    ['one beyond all dates', { ...good, everyone: 2 ** 53 }],
    ['one that is text', { ...good, everyone: '0' }],
    ['one that is an object that turns into a number', { ...good, user: { valueOf: () => 0 } }],
    ['an id without a character', { ...good, organizations: { '': 0 } }],
    ['an id of ten megabytes', { ...good, organizations: { [tenMegabytes]: 0 } }],
    ['an organization too many', { ...good, organizations: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`team-${at}`, 0])) }],
    ['members that are inherited', Object.create(good)],
    ['what throws when it is looked at', throwing[0]],
    ['a member that throws', throwing[1]],
  ])('is malformed where it is %s', async (_, mark) => {
    const { check, reads } = setup({ adoptUnmarkedUntil });
    expect(await check(mark, { startedAtMs: 1 })).toEqual({ live: false, reason: 'malformed' });
    expect(reads).toEqual([]);
  });

  it('never throws and is never live, whatever it is', async () => {
    const self = setup();
    await self.mark();
    await self.epochs.revokeUser({ accountId });
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withObjectString: true, withTypedArray: true, maxDepth: 3 });
    const nearly = fc.record({ everyone: anything, organizations: anything, user: anything }, { requiredKeys: [] });
    await fc.assert(fc.asyncProperty(fc.oneof(anything, nearly), async (mark) => {
      expect(await self.check(mark)).toMatchObject({ live: false });
    }), { numRuns: 500 });
  });

  it('is compared with epochs, and names of the prototype are organizations like any other', async () => {
    const self = setup();
    const ids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a b', '\0', '\ud800', 'user user-1', 'x'.repeat(1_024)];
    const given: unknown = JSON.parse(JSON.stringify(await self.mark(...ids)));
    expect(await said(self.check(given, { organizationIds: ids }))).toBe('live');
    for (const id of ids) {
      const before: unknown = JSON.parse(JSON.stringify(await self.mark(...ids)));
      await self.epochs.revokeOrganization({ id, by });
      expect(await said(self.check(before))).toBe('organization');
      expect(await said(self.check(await self.mark(...ids), { organizationIds: ids }))).toBe('live');
    }
    expect(await said(self.check(await self.mark()))).toBe('live');
  });

  it('is taken for what it is after a pollution of the prototype of all objects', async () => {
    const self = setup();
    Object.assign(Object.prototype, { ...await self.mark(), mark: await self.mark() });
    try {
      expect(await said(self.check({}))).toBe('malformed');
    } finally {
      for (const key of ['everyone', 'organizations', 'user', 'mark']) Reflect.deleteProperty(Object.prototype, key);
    }
  });

  it('counts for the account of the session alone', async () => {
    const self = setup();
    await self.epochs.revokeUser({ accountId });
    const given = await self.mark();
    expect(await said(self.check(given, { accountId: 'user-2' }))).toBe('user');
  });

  it('is looked at for the organizations that it names, also where the app names none', async () => {
    const self = setup();
    const given = await self.mark('team-1');
    await self.epochs.revokeOrganization({ id: 'team-1', by });
    expect(await said(self.check(given))).toBe('organization');
    expect(await said(self.check(given, { organizationIds: [] }))).toBe('organization');
    expect(await said(self.check(given, { organizationIds: ['team-2'] }))).toBe('organization');
  });

  it('that names no organization counts as long as that was never revoked', async () => {
    const self = setup();
    const given = await self.mark();
    expect(await said(self.check(given, { organizationIds: ['team-1'] }))).toBe('live');
    await self.epochs.revokeOrganization({ id: 'team-1', by });
    expect(await said(self.check(given, { organizationIds: ['team-1'] }))).toBe('organization');
    expect(await said(self.check(given))).toBe('live');
  });
});

describe('a session without a mark', () => {
  it.each([undefined, null])('is ended: %s', async (mark) => {
    const { check, clock, reads } = setup();
    expect(await said(check(mark, { startedAtMs: clock.nowMs() }))).toBe('unmarked');
    expect(reads).toEqual([]);
  });

  it('lives until the date, and gets a mark that counts', async () => {
    const self = setup({ adoptUnmarkedUntil });
    const verdict = await self.check(undefined, { startedAtMs: self.clock.nowMs() - dayMs, organizationIds: ['team-1'] });
    if (!verdict.live || verdict.adopt === undefined) throw new Error('expected to be adopted');
    expect(verdict.adopt).toEqual(await self.mark('team-1'));
    self.clock.setWallMs(untilMs);
    expect(await self.check(verdict.adopt)).toEqual({ live: true });
    expect(await said(self.check(undefined, { startedAtMs: self.clock.nowMs() - dayMs }))).toBe('unmarked');
    // Over is over, also for a clock that is set back.
    self.clock.setWallMs(untilMs - dayMs);
    expect(await said(self.check(undefined, { startedAtMs: self.clock.nowMs() - dayMs }))).toBe('unmarked');
  });

  it('lives until the date also where nobody says when it started, as long as nothing was raised', async () => {
    const self = setup({ adoptUnmarkedUntil });
    for (const startedAtMs of [undefined, Number.NaN, 0, -1, '1', {}] as number[]) expect(await said(self.check(undefined, { startedAtMs }))).toBe('live');
    await self.epochs.revokeUser({ accountId });
    for (const startedAtMs of [undefined, Number.NaN, 0, -1, `${self.clock.nowMs() + 1}`, {}] as number[]) expect(await said(self.check(undefined, { startedAtMs }))).toBe('user');
  });

  it.each(['everyone', 'organization', 'user'] as const)('is ended by a raise of %s that it did not outlive', async (scope) => {
    const self = setup({ adoptUnmarkedUntil });
    const startedAtMs = self.clock.nowMs();
    expect(await said(self.check(undefined, { startedAtMs, organizationIds: ['team-1'] }))).toBe('live');
    if (scope === 'everyone') await self.epochs.revokeEveryone({ by });
    else if (scope === 'organization') await self.epochs.revokeOrganization({ id: 'team-1', by });
    else await self.epochs.revokeUser({ accountId });
    const check = (atMs: number): Promise<string> => said(self.check(undefined, { startedAtMs: atMs, organizationIds: ['team-1'] }));
    expect(await check(startedAtMs)).toBe(scope);
    // A start that is still to come is none.
    expect(await check(startedAtMs + dayMs)).toBe(scope);
    // Nor is one of the next minute: it may be of a host whose clock is ahead, and from before the raise.
    await self.clock.advance(120_000);
    expect(await check(startedAtMs + 60_000)).toBe(scope);
    expect(await check(startedAtMs + 60_001)).toBe('live');
    expect(await check(startedAtMs)).toBe(scope);
  });

  it.each([['ahead', 30_000], ['behind', -30_000]])('of a host whose clock is %s does not outlive a raise that was made after it', async (_where, skewMs) => {
    for (const scope of ['everyone', 'organization', 'user'] as const) {
      const self = setup({ adoptUnmarkedUntil });
      const other = self.another({ clock: fakeClock(self.clock.nowMs() + skewMs) });
      const session = { startedAtMs: other.clock.nowMs(), organizationIds: ['team-1'] };
      for (const { clock } of [self, other]) await clock.advance(1);
      if (scope === 'everyone') await self.epochs.revokeEveryone({ by });
      else if (scope === 'organization') await self.epochs.revokeOrganization({ id: 'team-1', by });
      else await self.epochs.revokeUser({ accountId });
      for (const waitMs of [0, 1_000, 120_000]) {
        for (const { clock } of [self, other]) await clock.advance(waitMs);
        for (const host of [self, other]) expect(await said(host.check(undefined, session))).toBe(scope);
      }
    }
  });

  it('gets no mark from after a raise that the verdict has not seen', async () => {
    const self = setup({ adoptUnmarkedUntil });
    const other = self.another();
    const session = { startedAtMs: self.clock.nowMs() };
    await self.check(undefined, session);
    await self.clock.advance(5);
    await other.epochs.revokeUser({ accountId });
    // Within maxStaleMs this process may still let it pass; what it adopts then is over all the same.
    const verdict = await self.check(undefined, session);
    await self.clock.advance(1_000);
    if (verdict.live) expect(await said(self.check(verdict.adopt))).toBe('user');
    expect(await said(self.check(undefined, session))).toBe('user');
  });

  it('is not adopted after a raise that only this process remembers, since the store has lost it', async () => {
    const self = setup({ adoptUnmarkedUntil });
    const session = { startedAtMs: self.clock.nowMs() };
    await self.mark();
    await self.clock.advance(5);
    await self.epochs.revokeEveryone({ by });
    await self.lose();
    await self.clock.advance(1_000);
    expect(await said(self.check(undefined, session))).toBe('everyone');
    await self.another().mark();
    await self.clock.advance(1_000);
    expect(await said(self.check(undefined, session))).toBe('everyone');
  });
});

describe('ids', () => {
  // ASVS 5.0 2.2.1
  it.each([undefined, null, '', 5, {}, ['a'], 'x'.repeat(1_025)])('that are none are a wrong call, and no answer: %#', async (id) => {
    const { epochs, events } = setup();
    const wrong = id as string;
    const calls = [
      () => epochs.mark({ accountId: wrong }),
      () => epochs.mark({ accountId, organizationIds: [wrong] }),
      () => epochs.check({ accountId: wrong, mark: good }),
      () => epochs.check({ accountId: wrong, mark: undefined }),
      () => epochs.check({ accountId, organizationIds: [wrong], mark: good }),
      () => epochs.revokeEveryone({ by: wrong }),
      () => epochs.revokeOrganization({ id: wrong, by }),
      () => epochs.revokeOrganization({ id: 'team-1', by: wrong }),
      () => epochs.revokeUser({ accountId: wrong, by }),
      () => epochs.revokeOthers({ accountId: wrong, by }),
      () => epochs.newest([wrong]),
    ];
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(ConfigError);
    expect(events).toEqual([]);
  });

  it.each([null, 'team-1', { length: 1 }, Array.from({ length: 101 }, (_, at) => `team-${at}`)])('in what is no list of a hundred are a wrong call too: %#', async (given) => {
    const { epochs } = setup();
    const organizationIds = given as string[];
    for (const call of [() => epochs.mark({ accountId, organizationIds }), () => epochs.check({ accountId, organizationIds, mark: good }), () => epochs.newest(organizationIds)]) await expect(call()).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });

  it('may be there twice', async () => {
    const self = setup();
    const given = await self.mark('team-1', 'team-1');
    expect(given.organizations).toEqual({ 'team-1': 0 });
    expect(await said(self.check(given, { organizationIds: ['team-1', 'team-1'] }))).toBe('live');
  });
});
