import { describe, expect, it } from 'vitest';
import { atHome, confirmed, dayMs, forgot, hourMs, inPeace, minuteMs, office, pending, refused, secondMs, setup, signedIn, signUp, unknownName, wrongPassword, breached, type Setup } from './setup.ts';

/** A site that has been running, with an office of 200 whose browsers are known there. */
async function withOffice(): Promise<Setup> {
  const subject = setup();
  await inPeace(subject, 600);
  await atHome(subject, office, 200);
  await subject.clock.advance(dayMs);
  return subject;
}

describe('ordinary life raises no alarm', () => {
  it('when 200 people behind one address begin their day, and some mistype', async () => {
    const subject = await withOffice();
    for (let user = 0; user < 200; user += 1) {
      if (user % 8 === 0) await subject.see(wrongPassword(20_000 + user, office), secondMs);
      if (user % 40 === 0) await subject.see(unknownName(user, office), secondMs);
      await subject.see(signedIn(20_000 + user, office, { known: user % 10 !== 0 }), secondMs);
    }
    expect(subject.told).toEqual([]);
  });

  it('when a room of new computers is set up, and nobody\'s browser is known', async () => {
    const subject = await withOffice();
    for (let user = 0; user < 60; user += 1) await subject.see(signedIn(20_000 + user, office), 20 * secondMs);
    for (let user = 0; user < 40; user += 1) await subject.see(signedIn(90_000 + user, office), 20 * secondMs);
    expect(subject.told).toEqual([]);
  });

  it('when everybody must have a new password, and half of the office resets it in a morning', async () => {
    const subject = await withOffice();
    for (let user = 0; user < 60; user += 1) {
      await subject.see(forgot(20_000 + user, office), 30 * secondMs);
      if (user >= 3) await subject.see({ type: 'password-reset.succeeded', accountId: `user-${20_000 + user - 3}`, address: office }, 30 * secondMs);
      await subject.see(wrongPassword(20_000 + user, office), 30 * secondMs);
    }
    expect(subject.told).toEqual([]);
  });

  it('when a program with an old password goes on in a network that is refused: what nobody looks at is never known to come again', async () => {
    const subject = setup();
    for (let turn = 0; turn < 48; turn += 1) await subject.see({ ...wrongPassword(7, '203.0.113.9', { repeated: false }), reason: 'refused-network' } as ReturnType<typeof wrongPassword>, 5 * minuteMs);
    expect(subject.told).toEqual([]);
  });

  it('on the first day, when everybody is a stranger', async () => {
    const subject = setup();
    for (let user = 0; user < 300; user += 1) {
      const address = `198.51.100.${user % 60}`;
      if (user % 12 === 0) await subject.see(wrongPassword(user, address), minuteMs);
      await subject.see(user % 9 === 0 ? breached(user, address) : signedIn(user, address), minuteMs);
    }
    expect(subject.told).toEqual([]);
  });

  it('when a team opens its accounts and signs in from the same room', async () => {
    const subject = setup();
    await inPeace(subject);
    for (let user = 0; user < 8; user += 1) {
      await subject.see(signUp(user, office), minuteMs);
      await subject.see(confirmed(user, office), minuteMs);
      await subject.see(signedIn(user, office), minuteMs);
    }
    expect(subject.told).toEqual([]);
  });

  it('when a class signs up at its desks and confirms on its phones', async () => {
    const subject = setup();
    await inPeace(subject);
    for (let user = 0; user < 30; user += 1) {
      await subject.see(signUp(user, office), minuteMs);
      if (user >= 5) await subject.see(confirmed(user - 5, `203.0.113.${user}`), secondMs);
    }
    expect(subject.told).toEqual([]);
  });

  it('when a family shares a line, and everybody has forgotten something', async () => {
    const subject = setup();
    await inPeace(subject);
    await atHome(subject, office, 4);
    for (let user = 0; user < 4; user += 1) {
      for (let wrong = 0; wrong < 5; wrong += 1) await subject.see(wrongPassword(20_000 + user, office), 10 * secondMs);
      await subject.see(refused('sign-in', 20_000 + user, office), minuteMs);
      await subject.see(forgot(20_000 + user, office), minuteMs);
      await subject.see(pending(20_000 + user, office, 'mailed-link'), 30 * minuteMs);
      await subject.see(signedIn(20_000 + user, office, { proofs: ['password', 'mailed-link'] }), hourMs);
    }
    expect(subject.told).toEqual([]);
  });

  it('when phones get another network at each sign-in', async () => {
    const subject = setup();
    await inPeace(subject);
    for (let visit = 0; visit < 400; visit += 1) {
      const address = `2001:db8:${(visit % 16).toString(16)}:${visit.toString(16)}::1`;
      if (visit % 15 === 0) await subject.see(wrongPassword(visit, address), minuteMs);
      await subject.see(signedIn(visit, address, { known: visit % 10 !== 0, proofs: visit % 10 === 0 ? ['password', 'totp'] : ['password'] }), 3 * minuteMs);
    }
    expect(subject.told).toEqual([]);
  });
});

describe('allowances', () => {
  it('are not widened by one stranger who signs in all day', async () => {
    const subject = setup();
    await inPeace(subject);
    for (let again = 0; again < 2_000; again += 1) await subject.see(signedIn(1, '203.0.113.200'));
    for (let number = 10; number < 13; number += 1) await subject.see(signedIn(number), hourMs);
    expect(subject.raised()).toEqual(['many-accounts']);
  });

  // OAT-008
  it('of a big office still end: stuffing from inside it is an alarm', async () => {
    const subject = await withOffice();
    for (let number = 0; number < 150; number += 1) await subject.see(wrongPassword(number, office), secondMs);
    expect(subject.raised()).toEqual(['stuffing']);
  });

  it('cannot be bought by failing: only who comes in by a known browser widens them', async () => {
    const subject = setup();
    await inPeace(subject);
    for (let number = 0; number < 5; number += 1) await subject.see(unknownName(number), secondMs);
    await atHome(subject, '203.0.113.7', 4);
    for (let number = 5; number < 14; number += 1) await subject.see(wrongPassword(number), secondMs);
    expect(subject.raised()).toEqual(['stuffing']);
  });
});
