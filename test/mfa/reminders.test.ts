import { describe, expect, it } from 'vitest';
import { createMfaPolicy, mfaDefaults } from 'portcullis/mfa';
import { fakeClock } from 'portcullis/testing';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { day, deaths, dying, emptyStore, hour, setup, stores, team } from './setup.ts';

const member = { accountId: 'ada', organizationIds: ['team-1'] };

// checklist 112; ASVS 5.0 6.4.5
describe.each(stores)('reminders on %s', (on) => {
  it.each([
    ['eight days', 8, undefined],
    ['a moment more than seven days', 7 + 1 / day, undefined],
    ['seven days', 7, 7],
    ['three days', 3, 3],
    ['a moment less than three days', 3 - 1 / day, 3],
    ['one day', 1, 1],
    ['an hour', 1 / 24, 1],
  ])('with %s to go', async (_name, daysToGo, daysLeft) => {
    const { clock, mfa, events } = setup({ on });
    await mfa.require({ scope: team, graceMs: 30 * day, by: 'admin-1' });
    const deadlineMs = clock.nowMs() + 30 * day;
    await clock.advance((30 - daysToGo) * day);
    expect(await mfa.dueReminder(member)).toEqual(daysLeft === undefined ? undefined : { deadlineMs, daysLeft });
    expect(events.slice(1)).toEqual(daysLeft === undefined ? [] : [{ type: 'mfa.reminded', daysLeft, accountId: 'ada' }]);
  });

  it('come seven days and one day before the deadline, each once, and never after it', async () => {
    const { clock, mfa, events } = setup({ on });
    expect(await mfa.dueReminder(member)).toBeUndefined();
    await mfa.require({ scope: team, graceMs: 8 * day, by: 'admin-1' });
    const told: number[] = [];
    for (let passed = 0; passed <= 9 * 24; passed += 1) {
      const due = await mfa.dueReminder(member);
      if (due !== undefined) told.push(passed, due.daysLeft);
      await clock.advance(hour);
    }
    expect(told).toEqual([24, 7, 7 * 24, 1]);
    expect(events.filter(({ type }) => type === 'mfa.reminded')).toEqual([7, 1].map((daysLeft) => ({ type: 'mfa.reminded', daysLeft, accountId: 'ada' })));
  });

  it('come late rather than never, one at a time, and the last one still comes', async () => {
    const { clock, mfa } = setup({ on });
    await mfa.require({ scope: team, graceMs: 3 * day, by: 'admin-1' });
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 3 });
    expect(await mfa.dueReminder(member)).toBeUndefined();
    await clock.advance(2 * day);
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 1 });
    expect(await mfa.dueReminder(member)).toBeUndefined();
  });

  it('come once where somebody is first seen when every one of them is due', async () => {
    const { mfa } = setup({ on });
    await mfa.require({ scope: team, graceMs: hour, by: 'admin-1' });
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 1 });
    expect(await mfa.dueReminder(member)).toBeUndefined();
  });

  it('begin anew when the deadline moves', async () => {
    const { clock, mfa } = setup({ on });
    await mfa.require({ scope: team, graceMs: day, by: 'admin-1' });
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 1 });
    await mfa.require({ scope: team, graceMs: 5 * day, by: 'admin-1' });
    expect(await mfa.dueReminder(member)).toEqual({ daysLeft: 5, deadlineMs: clock.nowMs() + 5 * day });
    await clock.advance(4 * day);
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 1 });
  });

  it('follow the earliest deadline of several, and end once that has passed', async () => {
    const { clock, mfa } = setup({ on });
    await mfa.require({ scope: { kind: 'app' }, graceMs: 20 * day, by: 'admin-1' });
    await mfa.require({ scope: team, graceMs: 2 * day, by: 'admin-1' });
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 2 });
    expect(await mfa.dueReminder({ accountId: 'eve' })).toBeUndefined();
    await clock.advance(19 * day);
    expect(await mfa.dueReminder(member)).toBeUndefined();
    expect(await mfa.dueReminder({ accountId: 'eve' })).toMatchObject({ daysLeft: 1 });
  });

  it('are not told twice when the clock is set back', async () => {
    const { clock, mfa } = setup({ on });
    await mfa.require({ scope: team, graceMs: 8 * day, by: 'admin-1' });
    await clock.advance(7 * day);
    expect(await mfa.dueReminder(member)).toMatchObject({ daysLeft: 1 });
    clock.setWallMs(clock.nowMs() - 5 * day);
    expect(await mfa.dueReminder(member)).toBeUndefined();
  });

  it('are for one member and not for another', async () => {
    const { mfa } = setup({ on });
    await mfa.require({ scope: team, graceMs: day, by: 'admin-1' });
    for (const accountId of ['ada', 'bo', '__proto__', 'a b', '\ud800', '\ud801']) {
      expect(await mfa.dueReminder({ ...member, accountId })).toBeDefined();
      expect(await mfa.dueReminder({ ...member, accountId })).toBeUndefined();
    }
  });

  it('come once however many ask at the same moment', async () => {
    const { mfa, events } = setup({ on });
    await mfa.require({ scope: team, graceMs: day, by: 'admin-1' });
    const all = await Promise.all(Array.from({ length: 50 }, () => mfa.dueReminder(member)));
    expect(all.filter((due) => due !== undefined)).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'mfa.reminded')).toHaveLength(1);
  });

  it.each(deaths)('come at most once when a process dies ($atCall, done: $done)', async (death) => {
    const clock = fakeClock();
    const records = emptyStore(on, clock);
    const whole = createMfaPolicy({ records, clock });
    // One scope, so that the first call reads the policy, the second the reminder, and the third writes it.
    await whole.require({ scope: { kind: 'app' }, graceMs: day, by: 'admin-1' });
    await expect(createMfaPolicy({ records: dying(records, death), clock }).dueReminder({ accountId: 'ada' })).rejects.toThrow('dead');
    const again = [await whole.dueReminder({ accountId: 'ada' }), await whole.dueReminder({ accountId: 'ada' })];
    expect(again.filter((due) => due !== undefined)).toHaveLength(death.atCall === 3 && death.done ? 0 : 1);
  });
});

describe('reminders', () => {
  it('come once for several processes that share a file', async () => {
    const clock = fakeClock();
    const path = freshPath();
    const processes = [1, 2, 3].map(() => createMfaPolicy({ records: openStore(path, { clock }), clock }));
    await processes[0]?.require({ scope: team, graceMs: day, by: 'admin-1' });
    const all = await Promise.all(processes.flatMap((mfa) => Array.from({ length: 10 }, () => mfa.dueReminder(member))));
    expect(all.filter((due) => due !== undefined)).toHaveLength(1);
  });

  it('come at the days that the app names', async () => {
    const { clock, mfa } = setup({ remindDaysBefore: [2, 14, 90] });
    await mfa.require({ scope: team, graceMs: 91 * day, by: 'admin-1' });
    const told: number[] = [];
    for (let passed = 0; passed < 92; passed += 1) {
      const due = await mfa.dueReminder(member);
      if (due !== undefined) told.push(due.daysLeft);
      await clock.advance(day);
    }
    expect(told).toEqual([90, 14, 2]);
  });

  it.each([[[]], [[0]], [[91]], [[1, 1]], [[1.5]], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]], ['7'], [null], [7]])('are refused at %j days', (remindDaysBefore) => {
    expect(() => setup({ remindDaysBefore: remindDaysBefore as never })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringMatching(/^mfa\.remindDaysBefore/) as string }) as Error);
  });

  it('have defaults that nobody can change', () => {
    expect(mfaDefaults).toEqual({ remindDaysBefore: [7, 1] });
    expect([mfaDefaults, mfaDefaults.remindDaysBefore].map(Object.isFrozen)).toEqual([true, true]);
  });

  it.each([[''], [7], [undefined], [null]])('need the id of an account and not %j', async (accountId) => {
    await expect(setup().mfa.dueReminder({ ...member, accountId: accountId as never })).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'mfa.dueReminder: expected the id of an account' });
  });
});
