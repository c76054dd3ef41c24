import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { gated } from './gated.ts';
import { accountId, by, keyOf, said, setup, stores, type Setup } from './setup.ts';

/** A setup whose store a test holds in its hand. */
function held(options: Parameters<typeof setup>[0] = {}): Setup & ReturnType<typeof gated> {
  const gate = gated(memoryStore());
  return { ...gate, ...setup({ store: gate.store, ...options }) };
}

describe('what a check costs', () => {
  // ASVS 5.0 7.4.5
  it('is one read in maxStaleMs for a million sessions of as many people, once everybody is revoked', async () => {
    const self = setup();
    const mark = await self.mark('team-1');
    await self.epochs.revokeEveryone({ by });
    self.reads.length = 0;
    let revoked = 0;
    for (let turn = 0; turn < 1_000_000; turn += 1) {
      // Five times in all, as if the million took four seconds.
      if (turn % 250_000 === 249_999) await self.clock.advance(1_000);
      const verdict = await self.epochs.check({ accountId: `user-${turn}`, organizationIds: ['team-1'], mark });
      if (!verdict.live && verdict.reason === 'everyone') revoked += 1;
    }
    expect(revoked).toBe(1_000_000);
    expect(new Set(self.reads)).toEqual(new Set([keyOf('everyone')]));
    expect(self.reads.length).toBeLessThanOrEqual(5);
  });

  it('is one write for each revocation, however many sessions there are', async () => {
    const self = setup();
    for (let turn = 0; turn < 200; turn += 1) await self.epochs.mark({ accountId: `user-${turn}` });
    self.reads.length = 0;
    await self.epochs.revokeEveryone({ by });
    expect(self.reads).toEqual([keyOf('everyone')]);
  });

  it('is nothing within maxStaleMs, and a read for each epoch after it', async () => {
    const self = setup();
    const mark = await self.mark('team-1');
    await self.check(mark);
    self.reads.length = 0;
    await self.clock.advance(999);
    await self.check(mark);
    expect(self.reads).toEqual([]);
    await self.clock.advance(1);
    await self.check(mark);
    expect(self.reads.toSorted()).toEqual(['everyone', 'organization team-1', `user ${accountId}`].map(keyOf).toSorted());
  });

  it('is one read for a thousand that ask at once', async () => {
    const { another, mark } = setup();
    const given = await mark();
    const cold = another();
    expect(await Promise.all(Array.from({ length: 1_000 }, () => said(cold.check(given))))).toEqual(Array.from({ length: 1_000 }, () => 'live'));
    expect(cold.reads).toHaveLength(2);
  });

  it('is a read each with maxStaleMs 0, and then nothing is out of date', async () => {
    const self = setup({ maxStaleMs: 0 });
    const other = self.another();
    const given = await self.mark();
    for (let turn = 0; turn < 3; turn += 1) expect(await said(self.check(given))).toBe('live');
    expect(self.reads.filter((key) => key === keyOf('everyone')).length).toBeGreaterThanOrEqual(4);
    await other.epochs.revokeUser({ accountId });
    expect(await said(self.check(given))).toBe('user');
  });

  it('is bounded in memory: beyond maxCached the one looked at longest ago makes room', async () => {
    const self = held({ maxCached: 3 });
    const mark = await self.mark();
    for (const id of ['a', 'b', 'c']) await self.epochs.check({ accountId: id, mark });
    self.reads.length = 0;
    for (const id of ['a', 'b', 'c']) await self.epochs.check({ accountId: id, mark });
    expect(self.reads).toEqual([]);
    // Sign-ins of strangers displace nobody.
    for (let turn = 0; turn < 50; turn += 1) await self.epochs.mark({ accountId: `nobody ${turn}` });
    self.reads.length = 0;
    for (const id of ['a', 'b', 'c']) await self.epochs.check({ accountId: id, mark });
    expect(self.reads).toEqual([]);
    await self.epochs.check({ accountId: 'd', mark });
    for (const id of ['b', 'c', 'd']) await self.epochs.check({ accountId: id, mark });
    expect(self.reads).toEqual([keyOf('user d')]);
    await self.epochs.check({ accountId: 'a', mark });
    expect(self.reads).toEqual(['user d', 'user a'].map(keyOf));
  });
});

describe.each(stores)('a revocation in another process, on %s,', (on) => {
  // ASVS 5.0 7.4.1
  it.each(['everyone', 'organization', 'user'] as const)('of %s is seen by this one within maxStaleMs', async (scope) => {
    const self = setup({ on });
    const other = self.another();
    const given = await self.mark('team-1');
    expect(await said(self.check(given))).toBe('live');
    if (scope === 'everyone') await other.epochs.revokeEveryone({ by });
    else if (scope === 'organization') await other.epochs.revokeOrganization({ id: 'team-1', by });
    else await other.epochs.revokeUser({ accountId, by });
    await self.clock.advance(1_000);
    expect(await said(self.check(given))).toBe(scope);
  });

  it.each([0, 1_000, 60_000])('lets who signs in there right after it in here at once, with maxStaleMs %i', async (maxStaleMs) => {
    const self = setup({ on, maxStaleMs });
    const other = self.another();
    expect(await said(self.check(await self.mark('team-1')))).toBe('live');
    await other.epochs.revokeEveryone({ by });
    await other.epochs.revokeOrganization({ id: 'team-1', by });
    await other.epochs.revokeUser({ accountId, by });
    const fresh = await other.mark('team-1');
    expect(await said(self.check(fresh))).toBe('live');
  });
});

/** A look that is on its way while everybody is revoked, and is told of that by the watch. */
async function overtakenLook() {
  const self = held({ maxStaleMs: 60_000 });
  const given = await self.mark();
  await self.clock.advance(60_000);
  self.hold();
  const overtaken = said(self.check(given));
  self.pass();
  await self.another().epochs.revokeEveryone({ by });
  self.tell(keyOf('everyone'));
  return { self, given, overtaken };
}

describe('the watch of the store', () => {
  it('tells of everyone\'s record and of the organizations that are remembered, and of no account', async () => {
    const self = held();
    await self.check(await self.mark('team-1', 'team-2'));
    expect(self.watched().toSorted()).toEqual(['everyone', 'organization team-1', 'organization team-2'].map(keyOf).toSorted());
    self.epochs.close();
    expect(self.watched()).toEqual([]);
    expect(await said(self.check(await self.mark('team-3')))).toBe('live');
    expect(self.watched()).toEqual([]);
  });

  it('makes the next check look, long before maxStaleMs', async () => {
    const self = held({ maxStaleMs: 60_000 });
    const other = self.another({ maxStaleMs: 60_000 });
    const given = await self.mark('team-1');
    expect(await said(self.check(given))).toBe('live');
    await other.epochs.revokeOrganization({ id: 'team-1', by });
    expect(await said(self.check(given))).toBe('live');
    self.tell(keyOf('organization team-1'));
    expect(await said(self.check(given))).toBe('organization');
  });

  it('lets no look count that began before it', async () => {
    const { self, given, overtaken } = await overtakenLook();
    // Nobody waits for the old look, and what it says is forgotten.
    expect(await said(self.check(given))).toBe('everyone');
    await self.release();
    expect(await overtaken).toBe('everyone');
    expect(await said(self.check(given))).toBe('everyone');
  });

  it('does so also where the old look is answered before the next check', async () => {
    const { self, given, overtaken } = await overtakenLook();
    await self.release();
    await overtaken;
    expect(await said(self.check(given))).toBe('everyone');
  });

  it('is for a hundred organizations at once, and makes room with them', async () => {
    const self = held({ maxCached: 150 });
    for (let turn = 0; turn < 400; turn += 1) await self.mark(`team-${turn}`);
    expect(self.watched().length).toBeLessThanOrEqual(101);
    expect(new Set(self.watched()).size).toBe(self.watched().length);
  });

  it('may be broken: then a revocation is seen after maxStaleMs', async () => {
    const inner = memoryStore();
    const watch = (): never => {
      throw new Error('not today');
    };
    const self = setup({ store: { durable: true, read: (key) => inner.read(key), compareAndSet: (change) => inner.compareAndSet(change), watch } });
    const given = await self.mark('team-1');
    expect(await said(self.check(given))).toBe('live');
    await self.another().epochs.revokeOrganization({ id: 'team-1', by });
    await self.clock.advance(1_000);
    expect(await said(self.check(given))).toBe('organization');
    self.epochs.close();
  });
});

describe('a store that is slow', () => {
  it.each([['everyone', 'everyone'], ['user', `user ${accountId}`]] as const)('revives nothing by an answer that a revocation of %s has overtaken', async (scope, name) => {
    const self = held();
    const given = await self.mark();
    await self.clock.advance(1_000);
    self.hold('read', keyOf(name));
    // Read before the raise, answered after it.
    const [check, mark] = [self.check(given), self.mark()];
    await self.clock.advance(0);
    self.pass();
    await (scope === 'everyone' ? self.epochs.revokeEveryone({ by }) : self.epochs.revokeUser({ accountId }));
    expect(await said(self.check(given))).toBe(scope);
    await self.release();
    expect(await said(check)).toBe(scope);
    expect(await said(self.check(await mark))).toBe(scope);
    expect(await said(self.check(given))).toBe(scope);
    await self.clock.advance(1_000);
    expect(await said(self.check(given))).toBe(scope);
    expect(await said(self.check(await self.mark()))).toBe('live');
  });

  it('ends nobody by two looks of which the later one is answered first', async () => {
    const self = held();
    const other = self.another();
    await self.mark();
    self.hold('read', keyOf(`user ${accountId}`));
    const early = self.mark();
    await self.clock.advance(0);
    self.pass();
    await other.epochs.revokeUser({ accountId });
    const fresh = await self.mark();
    await self.release();
    expect(await said(self.check(fresh))).toBe('live');
    expect(await said(self.check(await early))).toBe('user');
    expect(await said(self.check(await self.mark()))).toBe('live');
    expect(self.events).toEqual([]);
  });

  it('ends nobody by a write that is answered after a newer one was seen', async () => {
    const self = held();
    await self.mark();
    self.hold('compareAndSet');
    const raising = self.epochs.revokeUser({ accountId });
    await self.clock.advance(1);
    self.pass();
    await self.another().epochs.revokeUser({ accountId });
    const fresh = await self.mark();
    await self.release();
    await raising;
    expect(await said(self.check(fresh))).toBe('live');
    await self.clock.advance(1_000);
    expect(await said(self.check(fresh))).toBe('live');
  });

  it('revives nothing by an answer from before a loss that was seen meanwhile', async () => {
    const self = held();
    await self.epochs.revokeUser({ accountId });
    const given = await self.mark();
    await self.clock.advance(1_000);
    self.hold('read', keyOf(`user ${accountId}`));
    const early = self.check(given);
    await self.clock.advance(1_000);
    self.pass();
    await self.lose(`user ${accountId}`);
    expect(await said(self.check(given))).toBe('user');
    await self.release();
    for (const verdict of [early, self.check(given)]) expect(await said(verdict)).toBe('user');
  });

  it('holds nobody up with the look of somebody else for more than a second', async () => {
    const self = held({ maxStaleMs: 60_000 });
    const given = await self.mark();
    const cold = held({ store: self.store, clock: self.clock, maxStaleMs: 60_000 });
    self.hold();
    const hanging = cold.check(given);
    await self.clock.advance(999);
    const joined = cold.check(given);
    await self.clock.advance(1);
    expect(cold.reads).toHaveLength(1);
    const own = cold.check(given);
    await self.clock.advance(1);
    expect(cold.reads).toHaveLength(2);
    await self.release();
    expect(await Promise.all([hanging, joined, own].map(said))).toEqual(['live', 'live', 'live']);
  });
});

describe('a store that is gone', () => {
  // ASVS 5.0 16.5.3
  it('is not missed within maxStaleMs, and then refuses everybody until it is back', async () => {
    const self = held();
    const given = await self.mark();
    expect(await said(self.check(given))).toBe('live');
    self.fail(true);
    await self.clock.advance(999);
    expect(await said(self.check(given))).toBe('live');
    await self.clock.advance(1);
    for (let turn = 0; turn < 3; turn += 1) await expect(self.check(given)).rejects.toMatchObject({ code: 'ERR_STORE' });
    self.fail(false);
    expect(await said(self.check(given))).toBe('live');
  });

  it('gives no mark, ends no session in silence, and adopts nothing', async () => {
    const self = held({ adoptUnmarkedUntil: new Date(Date.UTC(2030, 0)) });
    const given = await self.mark();
    await self.clock.advance(1_000);
    self.fail(true);
    const asked = [self.mark(), self.epochs.revokeEveryone({ by }), self.epochs.revokeOrganization({ id: 'team-1', by }), self.epochs.revokeUser({ accountId }), self.epochs.revokeOthers({ accountId }), self.check(undefined, { startedAtMs: 1 }), self.epochs.newest(['team-1'])];
    for (const each of await Promise.allSettled(asked)) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE' } });
    expect(self.events).toEqual([]);
    self.fail(false);
    expect(await said(self.check(given))).toBe('live');
  });
});
