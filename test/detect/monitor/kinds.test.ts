import type { FlowName, SecurityEvent } from 'portcullis';
import { describe, expect, it } from 'vitest';
import { atHome, attacker, breached, confirmed, dayMs, forgot, guessedToken, hourMs, inPeace, minuteMs, office, pending, refused, secondMs, setup, signedIn, signUp, unknownName, wrongCode, wrongPassword, type Setup } from './setup.ts';

/** So many events with these pauses, each about another name. */
async function trace(subject: Setup, count: number, everyMs: number, event: (number: number) => SecurityEvent): Promise<void> {
  for (let number = 0; number < count; number += 1) await subject.see(event(number), everyMs);
}

describe('enumeration of names', () => {
  // OAT-007
  it.each([
    ['sign-up', 'signup-enumeration', (number: number) => signUp(number)],
    ['password reset', 'forgot-enumeration', (number: number) => forgot(number)],
    ['sign-in', 'login-enumeration', (number: number) => unknownName(number)],
  ] as const)('at %s is an alarm after ten names of a network in an hour', async (_where, kind, event) => {
    const subject = setup();
    await trace(subject, 9, minuteMs, event);
    expect(subject.raised()).toEqual([]);
    await subject.see(event(9));
    expect(subject.raised()).toEqual([kind]);
    expect(subject.told[0]?.alarm).toMatchObject({ kind, oat: 'OAT-007', level: 'elevated', cause: attacker, sources: [attacker], count: 10, evidence: { distinctInAnHour: 10 } });
  });

  it('is no alarm where the names come slower than ten in an hour, or are the same ones', async () => {
    const subject = setup();
    await trace(subject, 60, 7 * minuteMs, (number) => unknownName(number));
    const same = setup();
    await trace(same, 60, secondMs, (number) => unknownName(number % 5));
    expect(same.raised()).toEqual([]);
    expect(subject.raised()).toEqual([]);
  });

  it('counts what the limiter refused: one probe a second behind ten an hour', async () => {
    const subject = setup();
    await trace(subject, 4, secondMs, (number) => signUp(number));
    await trace(subject, 6, secondMs, (number) => refused('sign-up', 100 + number));
    expect(subject.raised()).toEqual(['signup-enumeration']);
  });

  // OAT-007
  it.each([
    ['sign-up', 'signup-enumeration'],
    ['resend-confirmation', 'forgot-enumeration'],
    ['forgot-password', 'forgot-enumeration'],
    ['toString', undefined],
  ] as const)('counts what the login guard refused at a form, as one more name at that form: %s', async (flow, kind) => {
    const subject = setup();
    await trace(subject, 12, secondMs, (number) => ({ type: 'login-guard.decided', verdict: 'refuse', reasons: ['source'], enforced: true, flow: flow as FlowName, nameTag: `tag-${number}`, address: attacker }));
    expect(subject.raised()).toEqual(kind === undefined ? [] : [kind]);
  });

  it('is no alarm of a class that signs up and confirms', async () => {
    const subject = setup();
    for (let number = 0; number < 9; number += 1) await subject.see(signUp(number, office), secondMs);
    for (let number = 0; number < 9; number += 1) await subject.see(confirmed(number, office), secondMs);
    for (let number = 20; number < 29; number += 1) await subject.see(signUp(number, office), secondMs);
    expect(subject.raised()).toEqual([]);
  });
});

describe('guessing at many accounts', () => {
  // OAT-008
  it('is stuffing after eight accounts of a network, known names among them', async () => {
    const subject = setup();
    await trace(subject, 8, 20 * secondMs, (number) => (number % 3 === 0 ? wrongPassword(number) : unknownName(number)));
    expect(subject.raised()).toEqual(['stuffing']);
    expect(subject.told[0]?.alarm).toMatchObject({ oat: 'OAT-008', level: 'attack', accounts: { total: 8, ids: ['user-0', 'user-3', 'user-6'] } });
  });

  it('is seen over a site of networks that are each used once', async () => {
    const subject = setup();
    await trace(subject, 25, 4 * secondMs, (number) => wrongPassword(number, `2001:db8:7:${number.toString(16)}::1`));
    expect(subject.raised()).toEqual(['stuffing']);
    expect(subject.told[0]?.alarm.cause).toBe('2001:db8:7::/48');
  });

  // OAT-007
  it('is spraying where a password is right that has failed at many names today', async () => {
    const subject = setup();
    const sprayed = (number: number): SecurityEvent => ({ type: 'login-guard.decided', verdict: 'step-up', reasons: ['sprayed-password'], enforced: true, accountId: `user-${number}`, address: `203.0.113.${number}` });
    await subject.see(sprayed(1));
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'spraying', oat: 'OAT-007', level: 'elevated' });
    await subject.see(sprayed(2));
    await subject.see(sprayed(3));
    expect(subject.monitor.level()).toBe('attack');
  });

  it('is spraying at the first failure with such a password, where failures tell what the guard knew', async () => {
    const subject = setup();
    await subject.see(wrongPassword(1, attacker, { reasons: ['sprayed-password'] }));
    expect(subject.raised()).toEqual(['spraying']);
  });
});

describe('guessing at one account', () => {
  // OAT-007, ASVS 5.0 6.3.1
  it('is brute force after ten different wrong passwords of strangers in an hour', async () => {
    const subject = setup();
    await trace(subject, 9, secondMs, () => wrongPassword(1, attacker, { repeated: false }));
    expect(subject.raised()).toEqual([]);
    await subject.see(wrongPassword(1, '203.0.113.99', { repeated: false }));
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'brute-force', oat: 'OAT-007', cause: 'user-1', accounts: { total: 1, ids: ['user-1'] }, sources: expect.arrayContaining([attacker]) as unknown });
  });

  it('needs twice as many where nobody knows whether the wrong password is the same', async () => {
    const subject = setup();
    await trace(subject, 19, secondMs, () => wrongPassword(1));
    expect(subject.raised()).toEqual([]);
    await subject.see(wrongPassword(1));
    expect(subject.raised()).toEqual(['brute-force']);
  });

  it('is none of a program that tries an old password every five minutes, nor of the owner\'s own browser', async () => {
    const subject = setup();
    await trace(subject, 288, 5 * minuteMs, () => wrongPassword(1, office));
    await subject.see({ type: 'password.closed-to-strangers', failures: 100, accountId: 'user-1' });
    await trace(subject, 50, secondMs, () => wrongPassword(2, office, { knownDevice: true }));
    await trace(subject, 50, secondMs, () => wrongPassword(3, office, { repeated: true }));
    expect(subject.raised()).toEqual([]);
  });

  it('counts what the limiter refused, where different passwords came before', async () => {
    const guessed = setup();
    await trace(guessed, 5, secondMs, () => wrongPassword(1, attacker, { repeated: false }));
    await trace(guessed, 10, secondMs, () => refused('sign-in', 1));
    expect(guessed.raised()).toEqual(['brute-force']);
    const impatient = setup();
    await trace(impatient, 5, secondMs, (number) => wrongPassword(1, office, { repeated: number > 0 }));
    await trace(impatient, 200, secondMs, () => refused('sign-in', 1, office));
    expect(impatient.raised()).toEqual([]);
  });

  it('is brute force where the login guard says so, and where failures from several networks closed the password', async () => {
    const guessed = setup();
    const says: SecurityEvent = { type: 'login-guard.decided', verdict: 'step-up', reasons: ['account'], enforced: true, accountId: 'user-1', address: attacker };
    await guessed.see(says);
    expect(guessed.raised()).toEqual([]);
    await trace(guessed, 5, 3 * hourMs, () => wrongPassword(1, attacker, { repeated: false }));
    await guessed.see(says);
    expect(guessed.raised()).toEqual(['brute-force']);
    const closed = setup();
    await trace(closed, 6, 2 * hourMs, (number) => wrongPassword(1, `203.0.113.${number}`));
    await closed.see({ type: 'password.closed-to-strangers', failures: 100, accountId: 'user-1' });
    expect(closed.raised()).toEqual(['brute-force']);
  });
});

describe('right passwords from one network', () => {
  // OAT-008
  it('are an alarm at the third account in a day that a stranger enters', async () => {
    const subject = setup();
    await inPeace(subject);
    await trace(subject, 3, hourMs, (number) => signedIn(number));
    expect(subject.raised()).toEqual(['many-accounts']);
    expect(subject.told[0]?.alarm.entered.map(({ accountId }) => accountId)).toEqual(['user-0', 'user-1', 'user-2']);
  });

  it('are an alarm at the second within a month that was asked for more and never gave it', async () => {
    const subject = setup();
    await inPeace(subject);
    await subject.see(pending(1, attacker, 'mailed-link'), 7 * dayMs);
    await subject.see(pending(2, attacker, 'second-factor'), 4 * minuteMs);
    expect(subject.raised()).toEqual([]);
    await subject.clock.advance(2 * minuteMs);
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'leaked-passwords', oat: 'OAT-008', level: 'attack', accounts: { ids: ['user-1', 'user-2'] } });
  });

  it('are an alarm at the second that is in a leak', async () => {
    const subject = setup();
    await inPeace(subject);
    await subject.see(breached(1), 20 * dayMs);
    await subject.see(breached(2));
    expect(subject.raised()).toEqual(['leaked-passwords']);
  });

  it('are no alarm where what was asked for is given, where the account is at home, or where it was opened', async () => {
    const subject = setup();
    await inPeace(subject);
    for (let number = 0; number < 20; number += 1) {
      await subject.see(pending(number, office), secondMs);
      await subject.see(signedIn(number, office, { proofs: ['password', 'totp'] }), secondMs);
    }
    for (let number = 30; number < 40; number += 1) {
      await subject.see(confirmed(number, office), 10 * minuteMs);
      await subject.see(signedIn(number, office), secondMs);
    }
    await atHome(subject, '198.51.100.21', 2, 50);
    await subject.see(breached(50, '198.51.100.21'));
    await subject.see(breached(51, '198.51.100.21'));
    await subject.clock.advance(hourMs);
    expect(subject.raised()).toEqual([]);
  });

  it('of strangers anywhere are an alarm where nearly all of them are in a leak, by a sequential test', async () => {
    const subject = setup();
    await inPeace(subject);
    await trace(subject, 13, minuteMs, (number) => breached(number, `203.0.113.${number}`));
    expect(subject.raised()).toEqual([]);
    await trace(subject, 2, minuteMs, (number) => breached(100 + number, `203.0.113.${100 + number}`));
    expect(subject.raised()).toEqual(['leaked-passwords']);
  });

  it('of one who tries a leaked password again and again are those of one', async () => {
    const subject = setup();
    await inPeace(subject);
    await trace(subject, 50, minuteMs, (number) => breached(1, `203.0.113.${number}`));
    expect(subject.raised()).toEqual([]);
  });
});

describe('sign-ups', () => {
  // OAT-019
  it('are an alarm at ten accounts of a network in an hour', async () => {
    const subject = setup();
    await trace(subject, 10, minuteMs, (number) => confirmed(number));
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'mass-signup', oat: 'OAT-019', cause: attacker });
  });

  it('are an alarm at four times what is usual in a day, and not on the days before', async () => {
    const subject = setup();
    for (let day = 0; day < 5; day += 1) await trace(subject, 20, dayMs / 20, (number) => signUp(1_000 * day + number, `192.0.2.${number}`));
    expect(subject.raised()).toEqual([]);
    await trace(subject, 85, minuteMs, (number) => signUp(90_000 + number, `198.18.0.${number}`));
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'mass-signup', cause: 'everywhere' });
  });

  it('of one network that is an alarm already are no second one', async () => {
    const subject = setup();
    for (let day = 0; day < 5; day += 1) await trace(subject, 20, dayMs / 20, (number) => signUp(1_000 * day + number, `192.0.2.${number}`));
    await trace(subject, 200, secondMs, (number) => signUp(90_000 + number));
    expect(subject.raised()).toEqual(['signup-enumeration']);
  });
});

describe('guessing of tokens and codes', () => {
  // OAT-002
  it('is an alarm at ten failures of a network in an hour', async () => {
    const subject = setup();
    await trace(subject, 10, secondMs, () => guessedToken());
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'token-guessing', oat: 'OAT-002', count: 10 });
  });

  it('is an alarm at ten wrong recovery codes of an account in an hour, wherever they come from', async () => {
    const subject = setup();
    await trace(subject, 10, secondMs, (number) => wrongCode(1, `203.0.113.${number}`));
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'recovery-code-guessing', oat: 'OAT-002', cause: 'user-1', level: 'attack' });
  });

  it('is none of codes that have run out or are enrolled', async () => {
    const subject = setup();
    await trace(subject, 30, secondMs, () => ({ type: 'challenge.failed', reason: 'other-browser', address: attacker }));
    await trace(subject, 30, secondMs, () => ({ type: 'second-factor.failed', flow: 'confirm-factor', method: 'totp', reason: 'mismatch', accountId: 'user-1', address: attacker }));
    await trace(subject, 30, secondMs, () => ({ type: 'second-factor.failed', flow: 'second-factor', method: 'none', reason: 'nothing-pending', address: attacker }));
    expect(subject.raised()).toEqual([]);
  });
});

describe('what comes from anywhere', () => {
  // OAT-008
  it('is told as a surge begins, with the strangers who came in within a day before it', async () => {
    const subject = setup();
    await inPeace(subject);
    await subject.see(signedIn(1, '203.0.113.1'), 25 * hourMs);
    await subject.see(signedIn(2, '203.0.113.2'), 2 * hourMs);
    await subject.see({ type: 'login-guard.surge', state: 'began', test: 'fast' });
    await subject.see(signedIn(3, '203.0.113.3'));
    const [alarm] = subject.monitor.snapshot().alarms;
    expect(alarm).toMatchObject({ kind: 'slow-stuffing', oat: 'OAT-008', level: 'attack' });
    // Who came in after it began stands first.
    expect(alarm?.entered.map(({ accountId }) => accountId)).toEqual(['user-3', 'user-2']);
    expect(subject.monitor.level()).toBe('attack');
    await subject.see({ type: 'login-guard.surge', state: 'ended', test: 'fast' }, 16 * minuteMs);
    expect(subject.monitor.level()).toBe('elevated');
    await subject.clock.advance(hourMs);
    expect(subject.monitor.level()).toBe('calm');
  });

  it('takes in no known browser from before it began', async () => {
    const subject = setup();
    await subject.see(signedIn(1, attacker, { known: true }), hourMs);
    await subject.see(wrongPassword(2, attacker, { reasons: ['sprayed-password'] }));
    await subject.see(signedIn(3, attacker, { known: true }));
    expect(subject.monitor.snapshot().entered.map(({ accountId }) => accountId)).toEqual(['user-3']);
  });

  it('is told of a slow surge, and changes no level', async () => {
    const subject = setup();
    await subject.see({ type: 'login-guard.surge', state: 'began', test: 'slow' });
    expect(subject.raised()).toEqual(['slow-stuffing']);
    expect(subject.monitor.level()).toBe('calm');
  });

  it('is one alarm about requests without an address, which is no attack', async () => {
    const subject = setup();
    await trace(subject, 200, secondMs, (number) => ({ type: 'sign-in.failed', reason: 'unknown-account', nameTag: `n${number}` }));
    expect(subject.raised()).toEqual(['no-address']);
    expect(subject.told[0]?.alarm.oat).toBeUndefined();
    expect(subject.monitor.level()).toBe('calm');
  });
});

// ASVS 5.0 16.3.1
describe('passwords that the sign-in has not looked at, since their network is refused', () => {
  const turnedAway = (number: number): SecurityEvent => ({ ...wrongPassword(number), reason: 'refused-network' } as SecurityEvent);

  it('count as failures, so that an attack that goes on is seen to go on', async () => {
    const subject = setup();
    await trace(subject, 20, secondMs, turnedAway);
    const failed = setup();
    await trace(failed, 20, secondMs, (number) => wrongPassword(number));
    expect(failed.raised()).not.toEqual([]);
    expect(subject.raised()).toEqual(failed.raised());
  });

  it('are never called right', async () => {
    const subject = setup();
    await trace(subject, 6, minuteMs, turnedAway);
    await subject.clock.advance(dayMs);
    await subject.see(unknownName(1));
    expect(subject.raised()).not.toContain('many-accounts');
  });
});
