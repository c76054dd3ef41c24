import type { SecurityEvent } from 'portcullis';
import type { AlarmKind } from 'portcullis/detect';
import { describe, expect, it } from 'vitest';
import { atHome, attacker, breached, confirmed, dayMs, guessedToken, hourMs, inPeace, office, secondMs, setup, signedIn, unknownName, wrongCode, wrongPassword, type Setup } from './setup.ts';

interface Threshold {
  readonly kind: AlarmKind;
  /** So many raise it, within the window. */
  readonly from: number;
  readonly windowMs: number;
  readonly cause: string;
  readonly event: (number: number) => SecurityEvent;
}

const everywhere = 'everywhere';
const wrongTotp = (number: number, address = attacker): SecurityEvent => ({ type: 'second-factor.failed', flow: 'second-factor', method: 'totp', reason: 'mismatch', accountId: `user-${number}`, address });

// OWASP OAT-002, 007, 008, 019; ASVS 5.0 6.3.1
const thresholds: readonly (readonly [string, Threshold])[] = [
  ['failed sign-ins without an address', { kind: 'no-address', from: 10, windowMs: hourMs, cause: everywhere, event: (number) => ({ type: 'sign-in.failed', reason: 'unknown-account', nameTag: `tag-${number}` }) }],
  ['requests of each kind without an address', {
    kind: 'no-address', from: 10, windowMs: hourMs, cause: everywhere,
    event: (number) => number % 2 === 0 ? { type: 'sign-up.requested', outcome: 'pending', nameTag: `tag-${number}` } : { type: 'password-reset.requested', outcome: 'unknown-account', nameTag: `tag-${number}` },
  }],
  ['wrong recovery codes of a network, at an account each', { kind: 'recovery-code-guessing', from: 10, windowMs: hourMs, cause: attacker, event: (number) => wrongCode(number) }],
  ['wrong recovery codes at an account, from a network each', { kind: 'recovery-code-guessing', from: 10, windowMs: hourMs, cause: 'user-1', event: (number) => wrongCode(1, `203.0.113.${number}`) }],
  ['unknown tokens of a network', { kind: 'token-guessing', from: 10, windowMs: hourMs, cause: attacker, event: () => guessedToken() }],
  ['wrong codes at an account, from a network each', { kind: 'token-guessing', from: 10, windowMs: hourMs, cause: 'user-1', event: (number) => wrongTotp(1, `203.0.113.${number}`) }],
  ['wrong passwords of a network, at an account each', { kind: 'stuffing', from: 8, windowMs: hourMs, cause: attacker, event: (number) => wrongPassword(number) }],
  ['wrong passwords of the networks of a /48, at an account each', { kind: 'stuffing', from: 20, windowMs: hourMs, cause: '2001:db8:7::/48', event: (number) => wrongPassword(number, `2001:db8:7:${number.toString(16)}::1`) }],
  ['names that nobody has, of the networks of a /48', { kind: 'login-enumeration', from: 25, windowMs: hourMs, cause: '2001:db8:7::/48', event: (number) => unknownName(number, `2001:db8:7:${number.toString(16)}::1`) }],
  ['accounts of a network that strangers enter', { kind: 'many-accounts', from: 3, windowMs: dayMs, cause: attacker, event: (number) => signedIn(number) }],
  ['right passwords of a network that are in a leak', { kind: 'leaked-passwords', from: 2, windowMs: 30 * dayMs, cause: attacker, event: (number) => breached(number) }],
  ['accounts opened from a network', { kind: 'mass-signup', from: 10, windowMs: hourMs, cause: attacker, event: (number) => confirmed(number) }],
];

async function running(): Promise<Setup> {
  const subject = setup();
  await inPeace(subject);
  return subject;
}

async function each(subject: Setup, from: number, to: number, event: (number: number) => SecurityEvent): Promise<void> {
  for (let number = from; number < to; number += 1) await subject.see(event(number), secondMs);
}

describe.each(thresholds)('%s', (_what, { kind, from, windowMs, cause, event }) => {
  it(`are no alarm while they are ${from - 1}, and "${kind}" when they are ${from}`, async () => {
    const subject = await running();
    await each(subject, 0, from - 1, event);
    expect(subject.told).toEqual([]);
    await subject.see(event(from - 1));
    expect(subject.raised()).toEqual([kind]);
    expect(subject.told[0]?.alarm).toMatchObject({ kind, cause, count: from });
  });

  it('are none where the first of them is too long ago, and one where it is hardly not', async () => {
    const late = await running();
    await late.see(event(0), windowMs + secondMs);
    await each(late, 1, from, event);
    expect(late.told).toEqual([]);
    const inTime = await running();
    await inTime.see(event(0), windowMs - from * secondMs);
    await each(inTime, 1, from, event);
    expect(inTime.raised()).toEqual([kind]);
  });
});

// OWASP OAT-008
describe('names of a network at which sign-ins fail', () => {
  it.each([
    [0, []],
    [1, []],
    [2, ['stuffing']],
  ] as const)('are stuffing at the eighth only where two of them are accounts: %i are', async (accounts, raised) => {
    const subject = await running();
    await each(subject, 0, 8, (number) => (number < accounts ? wrongPassword(number) : unknownName(number)));
    expect(subject.raised()).toEqual(raised);
  });

  it('are stuffing never, however many they are, where nobody has them', async () => {
    const subject = await running();
    await each(subject, 0, 200, (number) => unknownName(number));
    expect(subject.raised()).toEqual(['login-enumeration']);
  });

  it('are stuffing at a half more for each account that is at home there', async () => {
    const subject = await running();
    await atHome(subject, office, 20);
    await each(subject, 0, 17, (number) => wrongPassword(number, office));
    expect(subject.told).toEqual([]);
    await subject.see(wrongPassword(17, office));
    expect(subject.raised()).toEqual(['stuffing']);
  });
});
