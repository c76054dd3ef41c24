import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resetReasons, type ForcedResets, type ResetReason } from 'portcullis/resets';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { accountId, by, dayMs, emptyStore, setup, stores } from './setup.ts';

// SP 800-63B-4 3.1.1.2; ASVS 5.0 7.4.5
describe.each(stores)('every password that was set before a moment, %s', (on) => {
  it('is marked in one write, whoever many there are, and none that was set since', async () => {
    const { resets, clock, calls, events } = setup({ on });
    const beforeMs = clock.nowMs();
    await resets.markBefore({ beforeMs, reason: 'incident', by });
    expect(calls).toEqual(['read', 'compareAndSet']);
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await resets.check({ accountId: `user-${turn}`, passwordSetAtMs: beforeMs - 1 - turn })).toEqual({ reason: 'incident', sinceMs: beforeMs, by, opens: 'mailed-link' });
      expect(await resets.check({ accountId: `user-${turn}`, passwordSetAtMs: beforeMs + turn })).toBeUndefined();
    }
    expect(events).toEqual([{ type: 'reset.marked-before', beforeMs, reason: 'incident', by }]);
  });

  it.each([undefined, null, Number.NaN, Infinity, -1, '2019', new Date(), {}, 8.64e15])('counts a time of %s, which cannot be one, as the oldest', async (time) => {
    const { resets, clock } = setup({ on });
    await resets.markBefore({ beforeMs: clock.nowMs() - 1_000 * dayMs, reason: 'breached', by });
    expect(await resets.check({ accountId, passwordSetAtMs: time as number })).toMatchObject({ reason: 'breached' });
    await resets.cleared({ accountId, passwordSetAtMs: time as number });
    expect(await resets.check({ accountId, passwordSetAtMs: time as number })).toBeUndefined();
  });

  it('is cleared by a new password, in an app too that does not know when passwords were set', async () => {
    const { resets, clock, events } = setup({ on });
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'compromised', by });
    await resets.cleared({ accountId });
    expect(await resets.check({ accountId })).toBeUndefined();
    expect(await resets.check({ accountId: 'user-2' })).toMatchObject({ reason: 'compromised' });
    expect(events.at(-1)).toEqual({ type: 'reset.cleared', accountId, reason: 'compromised' });
  });

  it('is marked anew by the next order, and not by the same one given again', async () => {
    const { resets, clock, events } = setup({ on });
    const order = { beforeMs: clock.nowMs(), reason: 'incident', by } as const;
    for (const scope of [{}, { organizationId: 'team-1' }]) {
      await resets.markBefore({ ...order, ...scope });
      await resets.cleared({ accountId });
      const told = events.length;
      await resets.markBefore({ ...order, ...scope });
      expect(events).toHaveLength(told);
      expect(await resets.check({ accountId, organizationIds: ['team-1'] })).toBeUndefined();
      await clock.advance(1);
      await resets.markBefore({ ...order, ...scope, beforeMs: clock.nowMs() });
      expect(await resets.check({ accountId, organizationIds: ['team-1'] })).toMatchObject({ reason: 'incident' });
      await resets.liftBefore({ by, ...scope });
      await clock.advance(1);
    }
  });

  it('can be of one organization', async () => {
    const { resets, clock, events } = setup({ on });
    const beforeMs = clock.nowMs();
    await resets.markBefore({ beforeMs, reason: 'admin', by, organizationId: 'team-1' });
    expect(await resets.check({ accountId })).toBeUndefined();
    expect(await resets.check({ accountId, organizationIds: ['team-2', 'app', 'organization team-1'] })).toBeUndefined();
    expect(await resets.check({ accountId, organizationIds: ['team-2', 'team-1'] })).toMatchObject({ reason: 'admin', opens: 'change-password' });
    await resets.markBefore({ beforeMs, reason: 'incident', by });
    expect(await resets.check({ accountId, organizationIds: ['team-1'] })).toMatchObject({ reason: 'incident' });
    expect(await resets.liftBefore({ by })).toBe(true);
    expect(await resets.check({ accountId, organizationIds: ['team-1'] })).toMatchObject({ reason: 'admin' });
    expect(await resets.liftBefore({ by, organizationId: 'team-2' })).toBe(false);
    expect(await resets.liftBefore({ by, organizationId: 'team-1' })).toBe(true);
    expect(await resets.check({ accountId, organizationIds: ['team-1'] })).toBeUndefined();
    expect(events.map(({ type, ...rest }) => [type, (rest as { readonly organization?: string }).organization])).toEqual([
      ['reset.marked-before', 'team-1'], ['reset.marked-before', undefined], ['reset.lifted', undefined], ['reset.lifted', 'team-1'],
    ]);
  });

  it('is cleared for all organizations by one new password, also by somebody who does not know of them', async () => {
    const { resets, clock } = setup({ on });
    for (const organizationId of ['team-1', 'team-2']) await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'admin', by, organizationId });
    await resets.cleared({ accountId });
    expect(await resets.check({ accountId, organizationIds: ['team-1', 'team-2'] })).toBeUndefined();
    expect(await resets.check({ accountId: 'user-2', organizationIds: ['team-2'] })).toMatchObject({ reason: 'admin' });
  });

  it('is not lifted with the mark of an account, nor that with it', async () => {
    const { resets, clock } = setup({ on });
    await resets.mark({ accountId, reason: 'admin', by });
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'incident', by });
    expect(await resets.unmark({ accountId, by })).toBe(true);
    expect(await resets.unmark({ accountId, by })).toBe(false);
    expect(await resets.check({ accountId })).toMatchObject({ reason: 'incident' });
    await resets.mark({ accountId, reason: 'admin', by });
    expect(await resets.liftBefore({ by })).toBe(true);
    expect(await resets.liftBefore({ by })).toBe(false);
    expect(await resets.check({ accountId })).toMatchObject({ reason: 'admin' });
  });

  it('holds when the clock is set back by a day, and whoever was cleared before is marked by an order that comes after', async () => {
    const { resets, clock } = setup({ on });
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'incident', by });
    await resets.cleared({ accountId });
    clock.setWallMs(clock.nowMs() - dayMs);
    expect(await resets.check({ accountId: 'user-2' })).toMatchObject({ reason: 'incident' });
    expect(await resets.check({ accountId })).toBeUndefined();
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'incident', by });
    expect(await resets.check({ accountId })).toMatchObject({ reason: 'incident' });
    await resets.cleared({ accountId });
    expect(await resets.check({ accountId })).toBeUndefined();
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'admin', by, organizationId: 'team-1' });
    expect(await resets.check({ accountId, organizationIds: ['team-1'] })).toMatchObject({ reason: 'admin' });
  });

  it('is marked once by fifty orders at once, and cleared once by fifty changes', async () => {
    const { resets, clock, events } = setup({ on });
    const order = { beforeMs: clock.nowMs(), reason: 'incident', by } as const;
    await Promise.all(Array.from({ length: 50 }, () => resets.markBefore(order)));
    expect(events).toHaveLength(1);
    const marked = await resets.check({ accountId });
    await Promise.all(Array.from({ length: 50 }, () => resets.cleared({ accountId })));
    expect(marked).toBeDefined();
    expect(await resets.check({ accountId })).toBeUndefined();
    expect(events.filter(({ type }) => type === 'reset.cleared').length).toBeGreaterThanOrEqual(1);
  });
});

// ASVS 5.0 15.4.2
describe('a mark that is made while a password is being changed', () => {
  const orders: readonly (readonly [string, (resets: ForcedResets, clock: FakeClock) => Promise<unknown>])[] = [
    ['of the account', (resets) => resets.mark({ accountId, reason: 'compromised', by })],
    ['of every password', (resets, clock) => resets.markBefore({ beforeMs: clock.nowMs(), reason: 'incident', by })],
    ['of an organization', (resets, clock) => resets.markBefore({ beforeMs: clock.nowMs(), reason: 'incident', by, organizationId: 'team-1' })],
  ];

  it.each(orders)('stays, %s, where the app says when the change began', async (_name, order) => {
    const { resets, clock, events } = setup();
    const who = { accountId, organizationIds: ['team-1'] };
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'admin', by });
    await clock.advance(1_000);
    const asOfMs = clock.nowMs();
    await clock.advance(1_000);
    await order(resets, clock);
    await clock.advance(1_000);
    await resets.cleared({ ...who, asOfMs });
    expect(await resets.check(who)).toMatchObject({ opens: 'mailed-link' });
    expect(events.filter(({ type }) => type === 'reset.cleared')).toEqual([]);
    await resets.cleared({ ...who, asOfMs: clock.nowMs() });
    expect(await resets.check(who)).toBeUndefined();
    expect(events.filter(({ type }) => type === 'reset.cleared')).toHaveLength(1);
  });

  it.each(orders)('does not stay for ever, %s, when the clock was set back in between', async (_name, order) => {
    const { resets, clock } = setup();
    const who = { accountId, organizationIds: ['team-1'] };
    await order(resets, clock);
    clock.setWallMs(clock.nowMs() - dayMs);
    await resets.cleared({ ...who, asOfMs: clock.nowMs() });
    expect(await resets.check(who)).toBeUndefined();
  });
});

/** What the piece is to do, with every order kept as it was given. */
class Model {
  orders: { readonly turn: number; readonly beforeMs: number; readonly reason: ResetReason }[] = [];
  setAtMs = 0;
  clearedTurn = -1;

  applying(): readonly ResetReason[] {
    return this.orders.filter(({ turn, beforeMs }) => turn > this.clearedTurn && this.setAtMs < beforeMs).map(({ reason }) => reason);
  }
}

const rank: Readonly<Record<ResetReason, number>> = { initial: 1, admin: 1, incident: 2, breached: 2, compromised: 3 };
const act = fc.oneof(
  fc.record({ do: fc.constant('mark' as const), reason: fc.constantFrom(...resetReasons), agoMs: fc.nat(5_000) }),
  fc.record({ do: fc.constant('change' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
);

async function play(acts: readonly { readonly do: string; readonly reason?: ResetReason; readonly agoMs?: number; readonly ms?: number }[], backwards: boolean): Promise<readonly { readonly is: number; readonly shouldBe: number }[]> {
  const { resets, clock } = setup();
  const model = new Model();
  const seen: { readonly is: number; readonly shouldBe: number }[] = [];
  for (const [turn, { do: what, reason = 'admin', agoMs = 0, ms = 1 }] of acts.entries()) {
    if (what === 'wait') clock.setWallMs(clock.nowMs() + (backwards && ms % 2 === 0 ? -ms : ms));
    if (what === 'mark') {
      const beforeMs = clock.nowMs() - agoMs;
      const said = model.orders.some((order) => order.beforeMs === beforeMs && order.reason === reason);
      await resets.markBefore({ beforeMs, reason, by });
      if (!said) model.orders.push({ turn, beforeMs, reason });
    }
    if (what === 'change') {
      model.setAtMs = clock.nowMs();
      model.clearedTurn = turn;
      await resets.cleared({ accountId });
    }
    const found = await resets.check({ accountId, passwordSetAtMs: model.setAtMs });
    seen.push({ is: found === undefined ? 0 : rank[found.reason], shouldBe: Math.max(0, ...model.applying().map((each) => rank[each])) });
  }
  return seen;
}

describe('any sequence of orders and new passwords', () => {
  it('marks whom the orders mean, as strictly as they say', async () => {
    await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      for (const { is, shouldBe } of await play(acts, false)) expect(is).toBe(shouldBe);
    }), { numRuns: 150 });
  });

  it('marks nobody less strictly when the clock goes back and forth', async () => {
    await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      for (const { is, shouldBe } of await play(acts, true)) expect(is).toBeGreaterThanOrEqual(shouldBe);
    }), { numRuns: 150 });
  });

  it('is remembered by another process', async () => {
    const clock = fakeClock();
    const store = emptyStore('sqliteStore', clock);
    const { resets, again } = setup({ store, clock });
    await resets.markBefore({ beforeMs: clock.nowMs(), reason: 'incident', by });
    await resets.mark({ accountId, reason: 'compromised', by });
    expect(await again().check({ accountId })).toMatchObject({ reason: 'compromised' });
    await again().cleared({ accountId });
    expect(await again().check({ accountId })).toBeUndefined();
    expect(await again().check({ accountId: 'user-2' })).toMatchObject({ reason: 'incident' });
  });
});
