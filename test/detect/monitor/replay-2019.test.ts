import { describe, expect, it } from 'vitest';
import type { SecurityEvent } from 'portcullis';
import { breached, dayMs, hourMs, minuteMs, pending, refused, secondMs, setup, signedIn, signUp, unknownName, wrongPassword, type Setup } from './setup.ts';

// The incident of Customer.io, by its status page and the report of a customer. How many requests there were was never published.
const thief = '203.0.113.66';
const probers = ['203.0.113.70', '203.0.113.71', '203.0.113.72'];
const stuffers = Array.from({ length: 6 }, (_, index) => `203.0.113.${80 + index}`);
const perHour = 30;

interface Planned {
  readonly atMs: number;
  readonly event: SecurityEvent;
}

/** An ordinary site: mostly known browsers, some strangers, some who mistype. */
function ordinary(days: number): readonly Planned[] {
  return Array.from({ length: days * 24 * perHour }, (_, index) => {
    const user = 50_000 + ((index * 7) % 900);
    const address = `192.0.2.${user % 250}`;
    const atMs = Math.round((index * hourMs) / perHour);
    if (index % 20 === 3) return { atMs, event: wrongPassword(user, address) };
    return { atMs, event: signedIn(user, address, { known: index % 10 !== 0, proofs: index % 10 === 0 ? ['password', 'mailed-link'] : ['password'] }) };
  });
}

/** The four entries, the enumeration at the sign-up form and the stuffing after it. `theft`: what the library makes of a right password. */
function attack(theft: (account: number, address: string) => SecurityEvent): readonly Planned[] {
  const at = (day: number, hours: number): number => day * dayMs + hours * hourMs;
  const entries = [at(0, 9), at(7, 14), at(9, 21), at(11, 11)].map((atMs, account) => ({ atMs, event: theft(account, thief) }));
  const probes = Array.from({ length: 3_600 }, (_, second) => {
    const address = probers[second % 3] ?? thief;
    // Ten an hour pass the limit of the form; the rest is refused.
    const event = second < 30 ? signUp(1_000 + second, address, second % 20 === 0 ? 'existing-account' : 'pending') : refused('sign-up', 1_000 + second, address);
    return { atMs: at(9, 19.25) + second * secondMs, event };
  });
  const stuffing = Array.from({ length: 4_000 }, (_, index) => {
    const address = stuffers[index % 6] ?? thief;
    return { atMs: at(10, 18) + index * 20 * secondMs, event: index % 15 === 14 ? theft(10_000 + index, address) : index % 2 === 0 ? wrongPassword(10_000 + index, address) : unknownName(10_000 + index, address) };
  });
  return [...entries, ...probes, ...stuffing];
}

/** The events in their order, each at its own time. */
async function replay(subject: Setup, planned: readonly Planned[]): Promise<void> {
  const startMs = subject.clock.monotonicMs();
  for (const { atMs, event } of [...planned].sort((one, other) => one.atMs - other.atMs)) {
    const waitMs = startMs + atMs - subject.clock.monotonicMs();
    if (waitMs > 0) await subject.clock.advance(waitMs);
    subject.monitor.observe(event);
  }
}

describe('the incident of 2019', () => {
  it('is noticed within a minute of the first probe, and at the second right password from one network', async () => {
    const subject = setup();
    const startMs = subject.clock.nowMs();
    await replay(subject, [...ordinary(12), ...attack((account, address) => pending(account, address, 'mailed-link'))]);
    const first = (kind: string) => subject.told.find(({ alarm, state }) => alarm.kind === kind && state === 'raised');
    const enumerated = (first('signup-enumeration')?.atMs ?? Infinity) - startMs - 9 * dayMs - 19.25 * hourMs;
    expect(enumerated).toBeLessThanOrEqual(60 * secondMs);
    const second = first('leaked-passwords');
    // The owner has ten minutes to open the link; history took 11.3 days.
    expect((second?.atMs ?? Infinity) - startMs).toBeLessThanOrEqual(7 * dayMs + 14 * hourMs + 11 * minuteMs);
    expect(second?.alarm).toMatchObject({ sources: [thief], accounts: { ids: ['user-0', 'user-1'] } });
    expect(first('stuffing')?.alarm.level).toBe('attack');
    // Before the second right password nobody was woken.
    expect(subject.told[0]).toBe(second);
  });

  it('is noticed at once where the second password is in a leak', async () => {
    const subject = setup();
    const startMs = subject.clock.nowMs();
    await replay(subject, [...ordinary(8), ...attack(breached).filter(({ atMs }) => atMs < 8 * dayMs)]);
    expect(subject.told[0]?.alarm.kind).toBe('leaked-passwords');
    expect((subject.told[0]?.atMs ?? Infinity) - startMs).toBe(7 * dayMs + 14 * hourMs);
  });

  it('names the accounts that were entered where nothing but the password was asked for', async () => {
    const subject = setup();
    await replay(subject, [...ordinary(2), ...Array.from({ length: 4 }, (_, account) => ({ atMs: dayMs + account * hourMs, event: signedIn(account, thief) }))]);
    expect(subject.raised()).toEqual(['many-accounts']);
    expect(subject.monitor.snapshot().entered.map(({ accountId }) => accountId)).toEqual(['user-0', 'user-1', 'user-2', 'user-3']);
  });
});
