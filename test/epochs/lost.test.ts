import { describe, expect, it } from 'vitest';
import { accountId, by, dayMs, keyOf, said, setup, stores, type Setup } from './setup.ts';

/** Writes an old value back, as a backup does. */
async function restore({ records }: Setup, scope: string, value: string | undefined): Promise<void> {
  const found = await records.read(keyOf(scope));
  await records.compareAndSet({ key: keyOf(scope), expectedVersion: found?.version ?? 0, value: value ?? null });
}

describe.each(stores)('a store that has lost its data, on %s,', (on) => {
  // ASVS 5.0 16.5.3
  it('revives nothing: neither what was ended nor what was marked before the first raise, in no process', async () => {
    const self = setup({ on });
    const first = await self.mark('team-1');
    await self.epochs.revokeUser({ accountId });
    const second = await self.mark('team-1');
    await self.epochs.revokeEveryone({ by });
    const third = await self.mark('team-1');
    await self.lose();
    await self.clock.advance(1_000);
    const processes = [self, self.another()];
    for (const { check } of processes) for (const given of [first, second, third]) expect(await said(check(given))).toBe('everyone');
    const fresh = await self.mark('team-1');
    for (const { check } of [...processes, self.another()]) {
      for (const given of [first, second, third]) expect(await said(check(given))).toBe('everyone');
      expect(await said(check(fresh))).toBe('live');
    }
  });

  it('revives nothing either where the clock was set back to when it all began', async () => {
    const self = setup({ on });
    const startMs = self.clock.nowMs();
    const first = await self.mark();
    await self.clock.advance(dayMs);
    await self.epochs.revokeUser({ accountId });
    await self.lose();
    self.clock.setWallMs(startMs);
    const cold = self.another();
    const fresh = await cold.mark();
    await self.clock.advance(1_000);
    for (const { check } of [self, cold]) {
      expect(await said(check(first))).toBe('everyone');
      expect(await said(check(fresh))).toBe('live');
    }
  });

  it('lets a new sign-in in at once in the process where it happens, and everywhere after maxStaleMs', async () => {
    const self = setup({ on });
    await self.epochs.revokeUser({ accountId });
    expect(await said(self.check(await self.mark('team-1')))).toBe('live');
    await self.lose();
    const cold = self.another();
    const fresh = await cold.mark('team-1');
    expect(await said(cold.check(fresh))).toBe('live');
    await self.clock.advance(1_000);
    expect(await said(self.check(fresh))).toBe('live');
  });

  it('is told from a new life by whoever signs in first, and nobody pays for what an organization was before', async () => {
    const self = setup({ on });
    await self.epochs.revokeOrganization({ id: 'team-1', by });
    await self.lose();
    const cold = self.another();
    const marks = [await cold.mark('team-1'), await self.mark('team-1')];
    await self.clock.advance(1_000);
    for (const { check } of [self, cold]) for (const given of marks) expect(await said(check(given))).toBe('live');
  });

  it('costs one read, however many sessions of before ask', async () => {
    const self = setup({ on });
    const given = await self.mark();
    await self.lose();
    await self.clock.advance(1_000);
    self.reads.length = 0;
    for (let turn = 0; turn < 500; turn += 1) expect(await said(self.epochs.check({ accountId: `user-${turn}`, mark: given }))).toBe('everyone');
    expect(self.reads).toEqual([keyOf('everyone')]);
  });

  it('gives each new life a birth of its own', async () => {
    const self = setup({ on });
    const births = new Set<number>();
    for (let turn = 0; turn < 20; turn += 1) {
      births.add((await self.another().mark()).everyone);
      await self.lose('everyone');
      self.reads.length = 0;
    }
    await self.mark();
    expect(births.size).toBe(20);
    for (const birth of births) expect(birth).toBeLessThanOrEqual(2 ** 40);
  });
});

describe.each(stores)('one row that is gone or old, on %s,', (on) => {
  it.each(['organization', 'user'] as const)('of %s ends the sessions in a process that has seen it, until somebody signs in there', async (scope) => {
    const self = setup({ on });
    const name = scope === 'user' ? `user ${accountId}` : 'organization team-1';
    const before = await self.mark('team-1');
    if (scope === 'user') await self.epochs.revokeUser({ accountId });
    else await self.epochs.revokeOrganization({ id: 'team-1', by });
    const after = await self.mark('team-1');
    await self.lose(name);
    await self.clock.advance(1_000);
    for (const given of [before, after]) expect(await said(self.check(given))).toBe(scope);
    self.clock.setWallMs(self.clock.nowMs() - dayMs);
    const fresh = await self.mark('team-1');
    expect(await said(self.check(fresh))).toBe('live');
    for (const given of [before, after]) expect(await said(self.check(given))).toBe(scope);
    expect(self.events.at(-1)).toMatchObject({ type: 'session.epoch-raised', scope, by: 'epochs' });
  });

  it('of everyone, put back from a backup, ends everybody in a process that has seen the newer one', async () => {
    const self = setup({ on });
    const first = await self.mark();
    const backup = await self.records.read(keyOf('everyone'));
    await self.epochs.revokeEveryone({ by });
    const second = await self.mark();
    await restore(self, 'everyone', backup?.value);
    await self.clock.advance(1_000);
    for (const given of [first, second]) expect(await said(self.check(given))).toBe('everyone');
    const fresh = await self.mark();
    for (const given of [first, second]) expect(await said(self.check(given))).toBe('everyone');
    for (const { check } of [self, self.another()]) expect(await said(check(fresh))).toBe('live');
  });

  it('that comes back as it was lets its sessions live again, and no others', async () => {
    const self = setup({ on });
    const before = await self.mark();
    await self.epochs.revokeUser({ accountId });
    const after = await self.mark();
    const row = await self.records.read(keyOf(`user ${accountId}`));
    await self.lose(`user ${accountId}`);
    await self.clock.advance(1_000);
    expect(await said(self.check(after))).toBe('user');
    await restore(self, `user ${accountId}`, row?.value);
    await self.clock.advance(1_000);
    expect(await said(self.check(after))).toBe('live');
    expect(await said(self.check(before))).toBe('user');
  });
});
