import { describe, expect, it } from 'vitest';
import type { SecurityEvent } from 'portcullis';
import { attacker, dayMs, hourMs, inPeace, minuteMs, office, secondMs, setup, signedIn, unknownName, wrongPassword, type Setup } from './setup.ts';

const surge = (state: 'began' | 'ended'): SecurityEvent => ({ type: 'login-guard.surge', state, test: 'fast' });
const surging = (number: number): SecurityEvent => ({ type: 'login-guard.decided', verdict: 'step-up', reasons: ['surge'], enforced: true, accountId: `user-${number}`, address: `203.0.113.${number % 250}` });
const guess = (account: number, address = attacker): SecurityEvent => wrongPassword(account, address, { repeated: false });

async function stuff({ see }: Setup, names = 8, address = attacker): Promise<void> {
  for (let number = 0; number < names; number += 1) await see(wrongPassword(500 + number, address), secondMs);
}

function enteredOf({ monitor }: Setup, kind: string): readonly string[] {
  return monitor.snapshot().alarms.find((alarm) => alarm.kind === kind)?.entered.map(({ accountId }) => accountId) ?? [];
}

// ASVS 5.0 16.3.3
describe('the list of who came in', () => {
  it('is not filled by one account that signs in again and again, before the alarm or after it', async () => {
    const subject = setup({ maxSignIns: 64 });
    await subject.see(surge('began'));
    await subject.see(surge('ended'));
    await subject.see(signedIn(1, '203.0.113.99'), secondMs);
    for (let again = 0; again < 5_000; again += 1) subject.monitor.observe(signedIn(2, `203.0.113.${again % 250}`));
    await subject.see(surge('began'));
    for (let again = 0; again < 2_000; again += 1) subject.monitor.observe(signedIn(2, `198.18.${again % 7}.1`));
    await subject.see(signedIn(3, '203.0.113.98'));
    expect([...enteredOf(subject, 'slow-stuffing')].sort()).toEqual(['user-1', 'user-2', 'user-3']);
  });

  it('has room for those inside the attack, however many strangers there were on the day before', async () => {
    const subject = setup();
    for (let number = 0; number < 3_000; number += 1) subject.monitor.observe(signedIn(number, `198.18.${number % 200}.1`));
    await subject.clock.advance(minuteMs);
    await subject.see(surge('began'));
    await subject.see(signedIn(9_001, '203.0.113.98'));
    const [alarm] = subject.monitor.snapshot().alarms;
    expect(alarm?.entered).toHaveLength(1_000);
    expect(alarm?.entered[0]).toMatchObject({ accountId: 'user-9001', knownDevice: false, passwordOnly: true });
    expect(Math.abs((alarm?.enteredTotal ?? 0) - 3_001)).toBeLessThan(300);
    expect(alarm).toMatchObject({ isSpread: true, isOver: false });
  });

  it('tells strangers by a password alone from owners and neighbors, and names the stranger where both came', async () => {
    const subject = setup();
    await subject.see(wrongPassword(400));
    await subject.see(signedIn(1, attacker, { known: true }));
    await subject.see(signedIn(2, attacker, { proofs: ['password', 'totp'] }));
    await subject.see(signedIn(3, attacker));
    await stuff(subject);
    await subject.see(signedIn(1, attacker));
    const rows = subject.monitor.snapshot().entered.map(({ accountId, knownDevice, passwordOnly }) => [accountId, knownDevice, passwordOnly]);
    expect(rows).toEqual([['user-3', false, true], ['user-1', false, true], ['user-2', false, false]]);
  });

  it('takes the first place of an operator\'s list for what is known, before strangers of everywhere', async () => {
    const subject = setup();
    for (let number = 0; number < 1_500; number += 1) subject.monitor.observe(signedIn(number, `198.18.${number % 200}.1`));
    await subject.see(surge('began'));
    await stuff(subject);
    await subject.see(signedIn(9_001));
    expect(subject.monitor.snapshot().entered[0]?.accountId).toBe('user-9001');
    expect(subject.monitor.snapshot().entered).toHaveLength(1_000);
  });

  it('has who entered a guessed account from elsewhere, also after eight others were guessed at to hide it', async () => {
    const subject = setup();
    for (let account = 0; account < 12; account += 1) for (let times = 0; times < 10; times += 1) await subject.see(guess(account, `203.0.113.${account}`));
    await subject.see(signedIn(11, '198.18.0.9'));
    const together = subject.monitor.snapshot().alarms.find(({ cause }) => cause === 'many causes');
    expect(together?.entered.map(({ accountId }) => accountId)).toEqual(['user-11']);
  });

  it('has who entered it while the guessing had not yet shown, also where it comes together with others of its networks', async () => {
    const subject = setup();
    const guesses = async (account: number): Promise<void> => {
      for (let times = 0; times < 10; times += 1) await subject.see(guess(account, `203.0.113.${account % 3}`));
    };
    for (let account = 0; account < 11; account += 1) await guesses(account);
    await subject.clock.advance(secondMs);
    await subject.see(signedIn(11, '198.18.0.9'), secondMs);
    await guesses(11);
    const together = subject.monitor.snapshot().alarms.find(({ cause }) => cause === 'many causes');
    expect(together?.entered.map(({ accountId }) => accountId)).toEqual(['user-11']);
  });

  it('keeps what comes from everywhere apart, however many networks have an alarm of that kind', async () => {
    const subject = setup();
    const breach = (number: number, address: string): SecurityEvent => ({ type: 'sign-in.failed', reason: 'breached-password', nameTag: `n${number}`, accountId: `user-${number}`, address });
    await inPeace(subject);
    for (let number = 0; number < 40; number += 1) await subject.see(breach(number, `203.0.113.${number >> 1}`), minuteMs);
    expect(subject.monitor.snapshot().alarms.filter(({ isSpread }) => isSpread).map(({ kind, cause }) => [kind, cause])).toEqual([['leaked-passwords', 'everywhere']]);
  });
});

describe('what an alarm says of time', () => {
  it('has whole milliseconds, whatever the clocks say', async () => {
    const subject = setup();
    await subject.clock.advance(0.25);
    for (let number = 0; number < 10; number += 1) await subject.see(unknownName(number), 1_000.3);
    await subject.see(signedIn(1));
    const [alarm] = subject.monitor.snapshot().alarms;
    expect([alarm?.sinceMs, alarm?.lastMs, alarm?.entered[0]?.atMs].every(Number.isInteger)).toBe(true);
  });

  it('counts a slow guess from its beginning, so that who came in meanwhile belongs to it', async () => {
    const subject = setup();
    for (let times = 0; times < 3; times += 1) await subject.see(guess(1, `203.0.113.${times}`), 3 * hourMs);
    await subject.see(signedIn(1, '198.18.0.9'), hourMs);
    for (let times = 0; times < 3; times += 1) await subject.see(guess(1, `203.0.113.${times}`), hourMs);
    await subject.see({ type: 'login-guard.decided', verdict: 'step-up', reasons: ['account'], enforced: true, accountId: 'user-1', address: attacker });
    expect(subject.raised()).toEqual(['brute-force']);
    expect(subject.told[0]?.alarm.count).toBe(6);
    expect(enteredOf(subject, 'brute-force')).toEqual(['user-1']);
  });

  it('names nobody and no network of days before', async () => {
    const subject = setup();
    for (let number = 0; number < 6; number += 1) await subject.see(wrongPassword(number));
    for (let times = 0; times < 6; times += 1) await subject.see(guess(77, '198.18.0.1'));
    await subject.clock.advance(3 * dayMs);
    for (let number = 100; number < 108; number += 1) await subject.see(wrongPassword(number));
    for (let times = 0; times < 10; times += 1) await subject.see(guess(77, '198.18.0.2'));
    const { alarms } = subject.monitor.snapshot();
    expect(alarms.find(({ kind }) => kind === 'stuffing')?.accounts.ids.filter((id) => id.length < 8)).toEqual([]);
    expect(alarms.find(({ kind }) => kind === 'brute-force')?.sources).toEqual(['198.18.0.2']);
  });

  it('is one of one, and many of many', async () => {
    const one = setup();
    await one.see({ type: 'login-guard.decided', verdict: 'step-up', reasons: ['sprayed-password'], enforced: true, accountId: 'user-1', address: attacker });
    expect(one.told[0]?.alarm.summary).toMatch(/1 attempt at 1 account or name since .*; nobody came in\.$/);
    const many = setup();
    await stuff(many);
    await many.see(signedIn(1));
    expect(many.monitor.snapshot().alarms[0]?.summary).toMatch(/8 attempts at 8 accounts or names since .*; 1 account was entered\.$/);
  });

  it('is told a last time as over', async () => {
    const subject = setup();
    await stuff(subject);
    await subject.clock.advance(2 * hourMs);
    expect(subject.told.map(({ state, alarm: { isOver } }) => [state, isOver])).toEqual([['raised', false], ['ended', true]]);
    expect(subject.monitor.snapshot().alarms[0]?.isOver).toBe(true);
  });
});

describe('a flood of networks', () => {
  it('has who came in before from each further network of it, and at each further account, as soon as that is known', async () => {
    const subject = setup();
    await subject.see(signedIn(1, '203.0.113.60'), secondMs);
    await subject.see(signedIn(2, '203.0.113.61'), minuteMs);
    await subject.see(surge('began'));
    await subject.see(signedIn(3, '203.0.113.62', { known: true }), secondMs);
    const came = (): readonly string[] => [...enteredOf(subject, 'slow-stuffing')].sort();
    expect(came()).toEqual(['user-1', 'user-2']);
    await subject.see({ ...surging(1), address: '203.0.113.62' });
    expect(came()).toEqual(['user-1', 'user-2', 'user-3']);
  });

  it('leaves out nobody who came in before its network was known', async () => {
    const subject = setup();
    for (let network = 0; network < 200; network += 1) subject.monitor.observe(wrongPassword(900, `203.0.113.${network}`));
    for (let network = 0; network < 200; network += 1) subject.monitor.observe(signedIn(network, `203.0.113.${network}`));
    for (let network = 0; network < 200; network += 1) await stuff(subject, 9, `203.0.113.${network}`);
    const named = new Set(subject.monitor.snapshot().alarms.flatMap(({ entered }) => entered.map(({ accountId }) => accountId)));
    expect(named.size).toBe(200);
  });
});

describe('a surge that comes and goes at will', () => {
  it('is one alarm of one id, and one level, until it has been quiet for an hour', async () => {
    const subject = setup();
    for (let pulse = 0; pulse < 10; pulse += 1) {
      await subject.see(surge('began'), 3 * minuteMs);
      await subject.see(surge('ended'), 3 * minuteMs);
      expect(subject.monitor.level()).toBe('attack');
    }
    expect(subject.raised()).toEqual(['slow-stuffing']);
    expect(subject.told.at(-1)).toMatchObject({ state: 'grown', alarm: { count: 10 } });
    await subject.clock.advance(hourMs);
    expect(subject.told.at(-1)).toMatchObject({ state: 'ended', alarm: { id: subject.told[0]?.alarm.id, count: 10, isOver: true } });
    expect(subject.events.filter(({ type }) => type === 'attack.level-changed')).toMatchObject([{ to: 'attack' }, { to: 'elevated' }, { to: 'calm' }]);
    await subject.see(surge('began'));
    expect(subject.raised()).toEqual(['slow-stuffing', 'slow-stuffing']);
  });

  it('is over after an hour though the guard had held it on for six', async () => {
    const subject = setup();
    await subject.see(surge('began'));
    for (let number = 0; number < 30; number += 1) await subject.see(surging(number), 5 * minuteMs);
    await subject.see(surge('ended'), 54 * minuteMs);
    expect(subject.monitor.level()).toBe('elevated');
    await subject.clock.advance(2 * minuteMs);
    expect(subject.monitor.level()).toBe('calm');
  });
});

describe('noise', () => {
  it('of a decision that comes after the end of a surge begins no new one', async () => {
    const subject = setup();
    for (let number = 0; number < 30; number += 1) await subject.see(wrongPassword(number, `203.0.113.${number}`), secondMs);
    await subject.see(surge('began'));
    expect(subject.told[0]?.alarm).toMatchObject({ kind: 'slow-stuffing', count: 30 });
    for (let number = 0; number < 5; number += 1) await subject.see(surging(number));
    await subject.see(surge('ended'), 59 * minuteMs);
    for (let number = 0; number < 2; number += 1) await subject.see(surging(number), minuteMs);
    expect(subject.monitor.level()).toBe('calm');
    // Whoever was told of no end, as another process is, sees it go on.
    await subject.see(surging(9));
    expect(subject.monitor.level()).toBe('attack');
  });

  it('of an owner who signs in at home does not hide who guesses at the account', async () => {
    const subject = setup();
    for (let times = 0; times < 10; times += 1) {
      await subject.see(guess(1), secondMs);
      await subject.see(signedIn(1, office, { known: true }), secondMs);
    }
    expect(subject.raised()).toEqual(['brute-force']);
  });

  it('of an owner who mistypes and then gets in is none', async () => {
    const subject = setup();
    for (let round = 0; round < 4; round += 1) {
      for (let times = 0; times < 6; times += 1) await subject.see(guess(1, office), secondMs);
      await subject.see(signedIn(1, office), secondMs);
    }
    expect(subject.raised()).toEqual([]);
  });

  it('of accounts that are called like a cause of ours leads nowhere', async () => {
    const subject = setup();
    const wrong = (accountId: string): SecurityEvent => ({ type: 'sign-in.failed', reason: 'wrong-password', nameTag: accountId, accountId, repeated: false, address: '203.0.113.5' });
    for (const id of ['many causes', 'everywhere', '__proto__']) for (let times = 0; times < 10; times += 1) await subject.see(wrong(id));
    for (let account = 0; account < 9; account += 1) for (let times = 0; times < 10; times += 1) await subject.see(guess(account, `203.0.113.${account + 10}`));
    const causes = subject.monitor.snapshot().alarms.map(({ cause, accounts: { total } }) => [cause, total]);
    expect(causes.filter(([cause]) => cause === 'many causes')).toEqual([['many causes', 1], ['many causes', 4]]);
  });
});

describe('one process of many', () => {
  it('tells of an alarm that another one tells of, once a stranger has come in here', async () => {
    const subject = setup({ share: () => false });
    await stuff(subject);
    await subject.see(signedIn(1, attacker, { known: true }), 2 * minuteMs);
    expect(subject.told).toEqual([]);
    await subject.see(signedIn(2), 2 * minuteMs);
    expect(subject.told.map(({ state, alarm }) => [state, alarm.entered[0]?.accountId])).toEqual([['raised', 'user-2']]);
    await subject.clock.advance(2 * hourMs);
    expect(subject.told.map(({ state }) => state)).toEqual(['raised', 'ended']);
  });

  it('does not tell of a surge again for strangers, who come everywhere', async () => {
    const subject = setup({ share: () => false });
    await subject.see(surge('began'));
    await subject.see(signedIn(1), 5 * minuteMs);
    expect(subject.told).toEqual([]);
  });
});
