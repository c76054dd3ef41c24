import { describe, expect, it } from 'vitest';
import type { GuardReason } from 'portcullis/login-guard';
import { guarded, type Guarded } from './support.ts';

const minuteMs = 60_000;
const bad = '203.0.113.9';
const sprayed = 'Winter2026!';
/** What a standing can be held against somebody for, in the order in which it is told. */
const all = ['source', 'account', 'sprayed-password', 'surge'] as const satisfies readonly GuardReason[];
const subsets = Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_reason, at) => (bits & (1 << at)) !== 0));

let serial = 0;

/** A failure of a stranger whom nothing else is known about. */
function failElsewhere({ fail }: Guarded, more: Parameters<Guarded['fail']>[0] = {}): Promise<boolean> {
  serial += 1;
  return fail({ address: `10.${serial >> 16 & 255}.${serial >> 8 & 255}.${serial & 255}`, account: `account-${serial}`, password: `guess ${serial}`, ...more });
}

/** Four days in which it is learned what is usual, and then an attack from everywhere. */
async function surging(world: Guarded): Promise<void> {
  for (let each = 0; each < 4 * 288; each += 1) {
    await world.guard.known({ address: '192.0.2.1' });
    if (each % 24 === 0) await failElsewhere(world);
    world.clock.setWallMs(world.clock.nowMs() + 5 * minuteMs);
  }
  for (let each = 0; each < 20; each += 1) {
    await failElsewhere(world);
    world.clock.setWallMs(world.clock.nowMs() + minuteMs);
  }
}

/** Everything that makes these the reasons, and nothing else, for an attempt of bob from the bad network. */
async function suspected(reasons: readonly GuardReason[], { mode = 'enforce' }: { readonly mode?: 'enforce' | 'observe' } = {}): Promise<Guarded> {
  const world = guarded({ mode });
  // Of a site that is two days old at most, a surge is told and no reason.
  if (reasons.includes('surge')) await surging(world);
  if (reasons.includes('source')) for (let each = 0; each < 8; each += 1) await failElsewhere(world, { address: bad });
  if (reasons.includes('account')) for (let each = 0; each < 10; each += 1) await failElsewhere(world, { account: 'bob' });
  if (reasons.includes('sprayed-password')) for (let each = 0; each < 6; each += 1) await failElsewhere(world, { password: sprayed });
  world.events.length = 0;
  return world;
}

const attempt = { address: bad, account: 'bob', exists: true, password: sprayed, about: { accountId: 'bob', address: bad } };

// OWASP OAT-007, OAT-008; ASVS 5.0 16.3.1
describe('what is known against a right password of a stranger', () => {
  it.each(subsets.map((reasons) => [reasons.join(', ') || 'nothing', reasons] as const))('is told whole, to whoever asks and in the event: %s', async (_which, reasons) => {
    const { guard, events } = await suspected(reasons);
    const pass = await guard.reserve(attempt);
    expect(pass).toMatchObject({ refused: false, reasons });
    expect(pass.after({ familiar: false })).toEqual({ stepUp: reasons.length > 0, reasons });
    expect(events).toEqual(reasons.length === 0 ? [] : [{ type: 'login-guard.decided', verdict: 'step-up', reasons, enforced: true, accountId: 'bob', address: bad }]);
  });

  it('is less by the surge alone where the account has been entered from that network before', async () => {
    const { guard, events } = await suspected(all);
    const familiar = ['source', 'account', 'sprayed-password'];
    expect((await guard.reserve(attempt)).after({ familiar: true })).toEqual({ stepUp: true, reasons: familiar });
    expect(events).toMatchObject([{ verdict: 'step-up', reasons: familiar }]);
  });

  it('is told whole and changes nothing where the guard observes', async () => {
    const { guard, events } = await suspected(all, { mode: 'observe' });
    expect((await guard.reserve(attempt)).after({ familiar: false })).toEqual({ stepUp: false, reasons: all });
    expect(events).toMatchObject([{ verdict: 'step-up', reasons: all, enforced: false }]);
  });
});

/** The bad network fails until none of its passwords is looked at. */
async function refusing(reasons: readonly GuardReason[], mode: 'enforce' | 'observe' = 'enforce'): Promise<Guarded> {
  const world = await suspected(reasons, { mode });
  for (let each = 0; each < 32; each += 1) await failElsewhere(world, { address: bad });
  world.events.length = 0;
  return world;
}

describe('what is known against a password that nobody looks at, since its network is refused', () => {
  it('is told whole to whoever asks', async () => {
    const { guard } = await refusing(all);
    expect(await guard.reserve(attempt)).toMatchObject({ refused: true, reasons: all });
  });
});
