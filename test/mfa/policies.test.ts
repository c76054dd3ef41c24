import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore, type RecordStore, type SecurityEvent } from 'portcullis';
import { createMfaPolicy, type MfaPolicyOptions, type MfaScope } from 'portcullis/mfa';
import { fakeClock } from 'portcullis/testing';

const day = 24 * 3_600_000;

function setup(options: Partial<MfaPolicyOptions> = {}) {
  const clock = fakeClock();
  const events: SecurityEvent[] = [];
  const mfa = createMfaPolicy({ records: memoryStore({ clock }), clock, emit: (event) => events.push(event), ...options });
  return { clock, events, mfa };
}

const scope: MfaScope = { kind: 'organization', id: 'team-1' };

describe('a policy', () => {
  it('binds from the next question on, keeps its beginning when its deadline moves, and can be lifted', async () => {
    const { clock, events, mfa } = setup();
    expect(await mfa.policiesFor({ organizationIds: ['team-1'] })).toEqual([]);
    const first = await mfa.require({ scope, graceMs: 7 * day, by: 'admin-1' });
    expect(first).toEqual({ scope, sinceMs: clock.nowMs(), graceUntilMs: clock.nowMs() + 7 * day, by: 'admin-1' });
    await clock.advance(day);
    const second = await mfa.require({ scope, graceMs: day, by: 'admin-2' });
    expect(second).toEqual({ scope, sinceMs: first.sinceMs, graceUntilMs: clock.nowMs() + day, by: 'admin-2' });
    expect(await mfa.policiesFor({ organizationIds: ['team-1', 'team-1'] })).toEqual([second]);
    expect(await mfa.lift({ scope, by: 'admin-1' })).toBe(true);
    expect(await mfa.lift({ scope, by: 'admin-1' })).toBe(false);
    expect(await mfa.read(scope)).toBeUndefined();
    expect(events).toMatchObject([
      { type: 'mfa.policy-changed', scope: 'organization team-1', required: true, by: 'admin-1' },
      { type: 'mfa.policy-changed', required: true, by: 'admin-2' },
      { type: 'mfa.policy-changed', required: false, by: 'admin-1' },
    ]);
  });

  // ASVS 5.0 8.4.1
  it('of one tenant never binds another, whatever they are called', async () => {
    const id = fc.oneof(fc.string({ minLength: 1, maxLength: 12 }), fc.constantFrom('app', 'a:b', 'organization a', '__proto__', '\0', 'x'.repeat(5_000), '\ud800'));
    const kinds = fc.constantFrom('organization' as const, 'role' as const);
    await fc.assert(fc.asyncProperty(kinds, id, kinds, id, async (kind, one, otherKind, other) => {
      fc.pre(kind !== otherKind || one !== other);
      const { mfa } = setup();
      await mfa.require({ scope: { kind, id: one }, graceMs: 0, by: 'admin-1' });
      expect(await mfa.policiesFor(otherKind === 'role' ? { roles: [other] } : { organizationIds: [other] })).toEqual([]);
      expect(await mfa.policiesFor(kind === 'role' ? { roles: [one] } : { organizationIds: [one] })).toHaveLength(1);
    }), { numRuns: 60 });
  });

  it('of the app binds everybody', async () => {
    const { mfa } = setup();
    await mfa.require({ scope: { kind: 'app' }, graceMs: 0, by: 'admin-1' });
    expect(await mfa.policiesFor({})).toHaveLength(1);
  });

  // ASVS 5.0 16.5.3
  it.each([
    ['fails', async () => Promise.reject(new Error('down'))],
    ['hands back what is no policy', async () => Promise.resolve({ value: '{"sinceMs":"x"}', version: 1 })],
    ['hands back what is no JSON', async () => Promise.resolve({ value: 'nonsense', version: 1 })],
  ])('is never taken for none when the store %s', async (_name, read) => {
    const records: RecordStore = { durable: true, read, compareAndSet: async () => Promise.resolve(true), watch: () => () => undefined };
    await expect(setup({ records }).mfa.policiesFor({ organizationIds: ['team-1'] })).rejects.toThrow();
  });

  it.each([
    [{ scope, graceMs: -1, by: 'a' }, 'mfa.require.graceMs: expected whole milliseconds from 0 to a year'],
    [{ scope, graceMs: 1.5, by: 'a' }, 'mfa.require.graceMs: expected whole milliseconds from 0 to a year'],
    [{ scope, graceMs: 400 * day, by: 'a' }, 'mfa.require.graceMs: expected whole milliseconds from 0 to a year'],
    [{ scope, graceMs: 0, by: '' }, 'mfa.require.by: expected the id of whoever switches it on'],
    [{ scope: { kind: 'team', id: 'x' }, graceMs: 0, by: 'a' }, 'mfa: expected a scope { kind: "app" } or { kind: "organization" | "role", id }'],
    [{ scope: { kind: 'role', id: '' }, graceMs: 0, by: 'a' }, 'mfa: expected a scope { kind: "app" } or { kind: "organization" | "role", id }'],
  ])('is refused where it is none: %#', async (wanted, message) => {
    await expect(setup().mfa.require(wanted as never)).rejects.toMatchObject({ code: 'ERR_CONFIG', message });
  });

  it('bounds what one member costs', async () => {
    const roles = Array.from({ length: 65 }, (_, at) => `role-${at}`);
    await expect(setup().mfa.policiesFor({ roles })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    expect(await setup().mfa.policiesFor({ roles: roles.slice(1) })).toEqual([]);
  });
});

describe('a preview', () => {
  it('counts a million members and names the first thousand who would have to enroll', async () => {
    function* members() {
      for (let at = 0; at < 1_000_000; at += 1) yield { accountId: `user-${at}` };
    }
    const seen = await setup().mfa.preview(members(), ({ accountId }) => accountId.endsWith('7'));
    expect(seen).toMatchObject({ members: 1_000_000, enrolled: 100_000, truncated: true, affected: { length: 1_000, 0: { accountId: 'user-0' } } });
  });

  it('takes members as they come from a database', async () => {
    async function* members() {
      yield await Promise.resolve({ accountId: 'ada' });
      yield { accountId: 'bo' };
    }
    expect(await setup().mfa.preview(members(), async ({ accountId }) => Promise.resolve(accountId === 'bo'))).toEqual({ members: 2, enrolled: 1, affected: [{ accountId: 'ada' }], truncated: false });
  });
});

describe('reminders', () => {
  const member = { accountId: 'ada', organizationIds: ['team-1'] };

  // ASVS 5.0 6.4.5
  it('come seven days and one day before the deadline, each once, and never after it', async () => {
    const { clock, mfa, events } = setup();
    expect(await mfa.dueReminder(member)).toBeUndefined();
    await mfa.require({ scope, graceMs: 8 * day, by: 'admin-1' });
    const told: number[] = [];
    for (let hour = 0; hour <= 9 * 24; hour += 1) {
      const due = await mfa.dueReminder(member);
      if (due !== undefined) told.push(hour, due.daysLeft);
      await clock.advance(3_600_000);
    }
    expect(told).toEqual([24, 7, 7 * 24, 1]);
    expect(events.filter(({ type }) => type === 'mfa.reminded')).toMatchObject([{ daysLeft: 7, accountId: 'ada' }, { daysLeft: 1 }]);
  });

  it('come late rather than never, one at a time, and begin anew with another deadline', async () => {
    const { clock, mfa } = setup();
    await mfa.require({ scope, graceMs: 3 * day, by: 'admin-1' });
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 3 });
    expect(await mfa.dueReminder(member)).toBeUndefined();
    await mfa.require({ scope, graceMs: 5 * day, by: 'admin-1' });
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 5, deadlineMs: clock.nowMs() + 5 * day });
  });

  it('come once however many processes ask at the same moment', async () => {
    const { mfa } = setup();
    await mfa.require({ scope, graceMs: day, by: 'admin-1' });
    const all = await Promise.all(Array.from({ length: 50 }, () => mfa.dueReminder(member)));
    expect(all.filter((due) => due !== undefined)).toHaveLength(1);
  });

  it.each([[[]], [[0]], [[91]], [[1, 1]], [[1.5]], ['7']])('are refused at %j days', (remindDaysBefore) => {
    expect(() => setup({ remindDaysBefore: remindDaysBefore as never })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }) as Error);
  });
});
