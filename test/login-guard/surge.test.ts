import { describe, expect, it } from 'vitest';
import { guarded, type Guarded } from './support.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** An address of its own for each number. */
function addressOf(at: number): string {
  return `10.${at >> 16 & 255}.${at >> 8 & 255}.${at & 255}`;
}

let serial = 0;

function failOnce({ fail }: Guarded): Promise<boolean> {
  serial += 1;
  return fail({ address: addressOf(serial), account: `account-${serial}`, password: `guess ${serial}` });
}

/** So many days with a sign-in of a known browser each 5 minutes, and a failure of a stranger with each `visits` of them. */
async function failing(world: Guarded, days: number, visits: number): Promise<void> {
  for (let each = 0; each < days * 288; each += 1) {
    await world.guard.known({ address: '192.0.2.1' });
    if (each % visits === 0) await failOnce(world);
    world.clock.setWallMs(world.clock.nowMs() + 5 * minuteMs);
  }
}

/** So many days with a stranger's typo each two hours. */
function peace(world: Guarded, days: number): Promise<void> {
  return failing(world, days, 24);
}

/** One pair of a leak from one address, at a pace. */
async function attack(world: Guarded, attempts: number, everyMs: number): Promise<void> {
  for (let each = 0; each < attempts; each += 1) {
    await failOnce(world);
    world.clock.setWallMs(world.clock.nowMs() + everyMs);
  }
}

/** Somebody in a new browser mistypes and then comes in; where more is asked for, only if they open what is mailed. */
async function mistype({ fail, guard, clock }: Guarded, opens = true): Promise<void> {
  serial += 1;
  const who = { address: addressOf(serial), account: `account-${serial}`, exists: true };
  await fail({ ...who, password: 'rihgt' });
  clock.setWallMs(clock.nowMs() + 20_000);
  const pass = await guard.reserve({ ...who, password: 'right' });
  const { stepUp } = pass.after({ familiar: false });
  if (stepUp) await guard.settle(pass.receipt, 'held');
  if (!stepUp || opens) await guard.settle(pass.receipt, 'entered');
}

/** The attempts of an attack, with each `visits` sign-ins of known browsers, until it is seen. */
async function attemptsUntilSeen(world: Guarded, most: number, visits: number): Promise<number> {
  for (let each = 1; each <= most; each += 1) {
    await failing(world, visits / 288, visits);
    if (surges(world).includes('fast began')) return each;
  }
  return Infinity;
}

function surges({ events }: Guarded): readonly string[] {
  return events.flatMap((event) => (event.type === 'login-guard.surge' ? [`${event.test} ${event.state}`] : []));
}

// OWASP OAT-008
describe('an attack from as many addresses as attempts', () => {
  it('is seen within twenty of them, and strangers are asked for more, but not where the account has been before', async () => {
    const world = guarded();
    await peace(world, 4);
    expect(surges(world)).toEqual([]);
    await attack(world, 20, minuteMs);
    expect(surges(world)).toContain('fast began');
    const stranger = { address: '198.51.100.7', account: 'bob', password: 'right' };
    expect(await world.enter(stranger)).toEqual(['surge']);
    expect(await world.enter(stranger, true)).toEqual([]);
  });

  it.each([
    [true, ['fast began', 'slow began']],
    // Were each of them counted, ten failures an hour would look usual.
    [false, []],
  ])('is seen all the same where one account signs in all day long to make it look usual, once each of its sign-ins is one more: %s', async (again, seen) => {
    const world = guarded();
    await peace(world, 4);
    for (let each = 0; each < 480; each += 1) {
      for (let turn = 0; turn < 60; turn += 1) await world.guard.known({ address: '203.0.113.9', again });
      if (each < 120) world.clock.setWallMs(world.clock.nowMs() + minuteMs);
      else if (each % 6 === 0) await attack(world, 1, 6 * minuteMs);
    }
    expect(surges(world)).toEqual(seen);
  });

  it.each([[true, []], [false, ['fast began', 'slow began']]])('cannot be feigned by an account that signed in all day long before, once each of its sign-ins is one more: %s', async (again, seen) => {
    const world = guarded();
    await peace(world, 4);
    for (let each = 0; each < 10_000; each += 1) await world.guard.known({ address: '203.0.113.9', again });
    await peace(world, 6);
    expect(surges(world)).toEqual(seen);
  });

  it('is over by itself once it has ended', async () => {
    const world = guarded();
    await peace(world, 4);
    await attack(world, 40, minuteMs);
    // So few sign-ins say little a day.
    await peace(world, 8);
    expect(surges(world).filter((each) => each.startsWith('fast'))).toEqual(['fast began', 'fast ended']);
    expect(await world.enter({ address: '198.51.100.7', account: 'bob', password: 'right' })).toEqual([]);
  });

  it('is told and no more in the first two days, when nobody knows what is usual', async () => {
    const world = guarded();
    await peace(world, 1);
    await attack(world, 40, minuteMs);
    expect(surges(world)).toContain('fast began');
    expect(await world.enter({ address: '198.51.100.7', account: 'bob', password: 'right' })).toEqual([]);
  });

  it('that is slow is told within days, and nobody is asked for more', async () => {
    const world = guarded();
    await peace(world, 7);
    for (let day = 0; day < 5 && !surges(world).includes('slow began'); day += 1) {
      for (let each = 0; each < 12; each += 1) {
        await attack(world, 1, 0);
        for (let visit = 0; visit < 24; visit += 1) {
          await world.guard.known({ address: '192.0.2.1' });
          world.clock.setWallMs(world.clock.nowMs() + 5 * minuteMs);
        }
        await failOnce(world);
      }
    }
    expect(surges(world)).toContain('slow began');
  });
});

describe('a failure that is made good from where it was made', () => {
  it('is none: people who mistype once an hour neither raise an alarm nor hide an attack', async () => {
    const [plain, mistyping] = [guarded(), guarded()];
    for (let hour = 0; hour < 14 * 24; hour += 1) {
      for (const world of [plain, mistyping]) await failing(world, 1 / 24, 12);
      await mistype(mistyping);
    }
    expect([surges(plain), surges(mistyping)]).toEqual([[], []]);
    const seen = await attemptsUntilSeen(plain, 60, 4);
    expect(seen).toBeLessThanOrEqual(40);
    expect(await attemptsUntilSeen(mistyping, 60, 4)).toBe(seen);
  });

  it.each([['each of them opens what is mailed meanwhile', 1], ['half of them never do', 2]])('lets a surge end within two days where people mistype four times an hour, and %s', async (_what, every) => {
    const world = guarded();
    const hours = async (count: number) => {
      for (let hour = 0; hour < count; hour += 1) {
        await failing(world, 1 / 24, 12);
        for (let each = 0; each < 4; each += 1) await mistype(world, each % every === 0);
      }
    };
    await hours(14 * 24);
    expect(surges(world)).toEqual([]);
    await attack(world, 60, minuteMs);
    await hours(48);
    expect(surges(world).filter((each) => each.startsWith('fast'))).toEqual(['fast began', 'fast ended']);
  });

  it('hides no attack of its owner: nothing is saved for it', async () => {
    const world = guarded();
    await peace(world, 7);
    const own = Array.from({ length: 12 }, (_, each) => ({ address: `203.0.113.${each}`, account: `own-${each}` }));
    for (const each of own) {
      await world.fail({ ...each, password: 'wrong' });
      await peace(world, 1 / 24);
    }
    let count = 0;
    for (; count < 40 && !surges(world).includes('fast began'); count += 1) {
      await attack(world, 1, minuteMs);
      for (const each of own) await world.enter({ ...each, password: 'right' }, true);
    }
    // Those of this hour and of the one before.
    expect(count).toBeLessThanOrEqual(20 + 2);
  });

  it('cannot be saved in one surge for the next', async () => {
    const world = guarded();
    await peace(world, 7);
    const own = Array.from({ length: 60 }, (_, each) => ({ address: `203.0.113.${each}`, account: `own-${each}` }));
    await attack(world, 60, 1_000);
    for (const each of own) await world.fail({ ...each, password: 'wrong' });
    expect(surges(world)).toContain('fast began');
    for (const each of own) await world.enter({ ...each, password: 'right' }, true);
    expect(surges(world)).not.toContain('fast ended');
  });

  it('is still one at another name, from another network, or where nobody comes in', async () => {
    const world = guarded();
    await peace(world, 7);
    for (let each = 0; each < 10; each += 1) {
      const [who, other] = [{ address: `203.0.113.${each}`, account: `a${each}` }, { address: `203.0.113.${each + 100}`, account: `b${each}` }];
      await world.fail({ ...who, password: 'leaked' });
      await world.enter({ ...who, account: other.account, password: 'right' }, true);
      await world.enter({ ...other, account: who.account, password: 'right' }, true);
      for (const password of ['right', undefined]) {
        const { receipt } = await world.guard.reserve({ ...who, exists: true, ...(password !== undefined && { password }) });
        await world.guard.settle(receipt, 'refunded');
      }
    }
    expect(await attemptsUntilSeen(world, 30, 1)).toBeLessThanOrEqual(10);
  });
});

describe('a rate that stays', () => {
  const stranger = { address: '198.51.100.7', account: 'bob', password: 'right' };

  it('is how the site is after two weeks: one whose strangers fail eight times as often as was thought asks nobody any more', async () => {
    const world = guarded();
    await failing(world, 13, 4);
    expect(await world.enter(stranger)).toEqual(['surge']);
    // So few sign-ins say little a day.
    await failing(world, 10, 4);
    expect(await world.enter(stranger)).toEqual([]);
    expect(surges(world).filter((each) => each.startsWith('fast'))).toEqual(['fast began', 'fast ended']);
    await attack(world, 40, minuteMs / 2);
    expect(await world.enter({ ...stranger, account: 'eve' })).toEqual(['surge']);
  });

  it('is no way to wear the guard down: an attack of three weeks is none that a site of a month takes for usual', async () => {
    const world = guarded();
    await peace(world, 30);
    await failing(world, 21, 1);
    expect(await world.enter(stranger)).toEqual(['surge']);
    expect(surges(world).filter((each) => each.startsWith('fast'))).toEqual(['fast began']);
  });
});

describe('peace', () => {
  it('raises nothing in four weeks of it, by night and by day', async () => {
    const world = guarded();
    const { clock, guard } = world;
    for (let hour = 0; hour < 28 * 24; hour += 1) {
      const visits = hour % 24 < 8 ? 2 : 12;
      for (let visit = 0; visit < visits; visit += 1) {
        await guard.known({ address: '192.0.2.1' });
        if ((hour * visits + visit) % 30 === 7) await failOnce(world);
        clock.setWallMs(clock.nowMs() + Math.floor(hourMs / visits));
      }
    }
    expect(surges(world)).toEqual([]);
  });

  it('is not mistaken for an attack where one client has an old password, or one person tries again and again', async () => {
    const world = guarded();
    await peace(world, 4);
    for (let each = 0; each < 288; each += 1) {
      await world.fail({ address: '203.0.113.5', account: 'old-client', password: 'of last year' });
      world.clock.setWallMs(world.clock.nowMs() + 10_000);
    }
    expect(surges(world)).toEqual([]);
  });
});

describe('a clock', () => {
  it.each([['back', -dayMs], ['forth', 365 * dayMs]])('that jumps %s neither forgives a network at once nor raises an alarm', async (_where, byMs) => {
    const world = guarded();
    await peace(world, 3);
    for (let each = 0; each < 10; each += 1) await world.fail({ address: '203.0.113.9', account: `a${each}`, password: `p${each}` });
    world.clock.setWallMs(world.clock.nowMs() + byMs);
    await world.fail({ address: '203.0.113.9', account: 'b', password: 'q' });
    if (byMs < 0) expect(await world.enter({ address: '203.0.113.9', account: 'c', password: 'right' })).toEqual(['source']);
    await peace(world, 1);
    expect(surges(world)).toEqual([]);
  });

  it('that was a year ahead for a moment makes no day last: the same networks at the same names are seen on each', async () => {
    const world = guarded();
    await peace(world, 3);
    world.clock.setWallMs(world.clock.nowMs() + 365 * dayMs);
    await failOnce(world);
    world.clock.setWallMs(world.clock.nowMs() - 365 * dayMs);
    for (let day = 0; day < 2; day += 1) {
      await peace(world, 4);
      for (let each = 0; each < 30; each += 1) await world.fail({ address: addressOf(each), account: `victim-${each}`, password: `p${each}` });
    }
    expect(surges(world).filter((told) => told === 'fast began')).toHaveLength(2);
  });
});
