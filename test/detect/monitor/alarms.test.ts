import { describe, expect, it } from 'vitest';
import { attackMonitorDefaults } from 'portcullis/detect';
import { attacker, breached, dayMs, guessedToken, hourMs, inPeace, minuteMs, office, refused, secondMs, setup, signedIn, unknownName, wrongPassword } from './setup.ts';

describe('one alarm of one cause', () => {
  it('is raised once for a thousand events, and told again when it has doubled or after ten minutes', async () => {
    const { see, told, raised } = setup();
    for (let number = 0; number < 1_000; number += 1) await see(unknownName(number), secondMs);
    expect(raised()).toEqual(['login-enumeration']);
    const grown = told.filter(({ state }) => state === 'grown');
    // 1,000 seconds, at most one a minute.
    expect(grown.length).toBeLessThanOrEqual(7);
    expect(grown.length).toBeGreaterThanOrEqual(4);
    const counts = told.map(({ alarm }) => alarm.count);
    expect(counts).toEqual([...counts].sort((one, other) => one - other));
    expect(new Set(told.map(({ alarm }) => alarm.id)).size).toBe(1);
  });

  it('says how much, of whom and since when', async () => {
    const { see, clock, monitor } = setup();
    const beganMs = clock.nowMs();
    for (let number = 0; number < 60; number += 1) await see(wrongPassword(number), 10 * secondMs);
    const [alarm] = monitor.snapshot().alarms;
    expect(alarm).toMatchObject({ kind: 'stuffing', sinceMs: beganMs, lastMs: beganMs + 590 * secondMs, count: 60, sources: [attacker] });
    expect(Math.abs((alarm?.accounts.total ?? 0) - 60)).toBeLessThanOrEqual(2);
    expect(alarm?.accounts.ids).toHaveLength(60);
    expect(alarm?.summary).toMatch(/^Credential stuffing \(203\.0\.113\.7\): 60 attempts at \d+ accounts or names since 2026-01-01 00:00 UTC; nobody came in\.$/);
  });

  it('names the sign-ins inside it, from before it was raised and after, of strangers and known browsers alike', async () => {
    const { see, monitor, clock } = setup();
    await see(signedIn(900), minuteMs);
    for (let number = 0; number < 4; number += 1) await see(wrongPassword(number), minuteMs);
    await see(signedIn(901), minuteMs);
    await see(signedIn(902, office), minuteMs);
    for (let number = 4; number < 12; number += 1) await see(wrongPassword(number), minuteMs);
    const atMs = clock.nowMs();
    await see(signedIn(903, attacker, { known: true }));
    const { entered, alarms } = monitor.snapshot();
    // 900 was before the first wrong password, 902 came from elsewhere.
    expect(entered.map(({ accountId }) => accountId)).toEqual(['user-901', 'user-903']);
    expect(alarms[0]?.entered[1]).toEqual({ accountId: 'user-903', atMs, source: attacker, knownDevice: true, passwordOnly: true });
  });

  it('ends after an hour without a sign, and a new one is another alarm', async () => {
    const { see, told, clock, raised } = setup();
    for (let number = 0; number < 10; number += 1) await see(unknownName(number));
    await clock.advance(attackMonitorDefaults.quietMs + minuteMs);
    expect(told.map(({ state }) => state)).toEqual(['raised', 'ended']);
    for (let number = 0; number < 10; number += 1) await see(unknownName(100 + number));
    expect(raised()).toHaveLength(2);
    expect(told[0]?.alarm.id).not.toBe(told[2]?.alarm.id);
  });

  it('comes together with others of its kind where there are many', async () => {
    const { see, told, raised, monitor } = setup();
    for (let network = 0; network < 100; network += 1) {
      for (let number = 0; number < 10; number += 1) await see(unknownName(1_000 * network + number, `203.0.113.${network}`));
    }
    expect(raised()).toHaveLength(9);
    const together = monitor.snapshot().alarms.find(({ cause }) => cause === 'many causes');
    expect(together?.evidence['networks']).toBe(92);
    expect(together?.sources).toHaveLength(20);
    expect(told.length).toBeLessThan(20);
  });

  it('is told of in events that hold no network but as an address, and no cause', async () => {
    const { see, events } = setup();
    for (let number = 0; number < 10; number += 1) await see(unknownName(number, `2001:db8:1:2::${number}`));
    const { address, ...rest } = events.find(({ type }) => type === 'alarm.raised') ?? {};
    expect(address).toBe('2001:db8:1:2::');
    expect(rest).toEqual({ type: 'alarm.raised', id: expect.stringMatching(/^login-enumeration\.2026-01-01T00\.[\w-]{8}$/) as unknown, kind: 'login-enumeration', oat: 'OAT-007', level: 'elevated', count: 10, networks: 1, accounts: 10, entered: 0 });
  });
});

describe('the level', () => {
  it('rises at once and falls by itself: from attack after a while, to calm when the alarm ends', async () => {
    const { see, monitor, levels, clock, events } = setup();
    expect(monitor.level()).toBe('calm');
    for (let number = 0; number < 8; number += 1) await see(wrongPassword(number));
    expect(monitor.level()).toBe('attack');
    await clock.advance(attackMonitorDefaults.fallBackMs + minuteMs);
    expect(monitor.level()).toBe('elevated');
    await clock.advance(attackMonitorDefaults.quietMs);
    expect(monitor.level()).toBe('calm');
    expect(levels).toEqual(['attack', 'elevated', 'calm']);
    expect(events.filter(({ type }) => type === 'attack.level-changed')).toEqual([
      { type: 'attack.level-changed', from: 'calm', to: 'attack' },
      { type: 'attack.level-changed', from: 'attack', to: 'elevated' },
      { type: 'attack.level-changed', from: 'elevated', to: 'calm' },
    ]);
  });

  it('stays while the attack goes on', async () => {
    const { see, monitor, levels } = setup();
    for (let number = 0; number < 300; number += 1) await see(wrongPassword(number), minuteMs);
    expect(monitor.level()).toBe('attack');
    expect(levels).toEqual(['attack']);
  });
});

describe('many processes', () => {
  it('ask which one of them tells of a cause, and the others keep the level', async () => {
    const asked: [string, number][] = [];
    const { see, told, monitor, events } = setup({ share: (key, windowMs) => { asked.push([key, windowMs]); return Promise.resolve(false); } });
    for (let number = 0; number < 30; number += 1) await see(wrongPassword(number), secondMs);
    expect(asked).toEqual([[`stuffing ${attacker}`, hourMs]]);
    expect(told).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['attack.level-changed']);
    expect(monitor.level()).toBe('attack');
  });

  it('ask again after an hour: who told of it may be gone', async () => {
    let answer = false;
    const { see, raised } = setup({ share: () => answer });
    for (let number = 0; number < 100; number += 1) {
      await see(wrongPassword(number), minuteMs);
      if (number === 10) answer = true;
    }
    expect(raised()).toEqual(['stuffing']);
  });

  it.each([
    ['is gone', () => Promise.reject(new Error('gone'))],
    ['throws', () => { throw new Error('gone'); }],
    ['never answers', () => new Promise<boolean>(() => undefined)],
    ['lies', () => 1 as unknown as boolean],
  ])('tell all of them where the store %s', async (_fault, share) => {
    const { see, raised, clock } = setup({ share });
    for (let number = 0; number < 8; number += 1) await see(wrongPassword(number));
    await clock.advance(5 * secondMs);
    expect(raised()).toEqual(['stuffing']);
  });
});

describe('the page of an operator', () => {
  it('gets the last hour by the minute, and the networks that tried most', async () => {
    const { see, monitor, clock } = setup();
    await see(wrongPassword(1), minuteMs);
    await see(signedIn(1, office, { known: true }));
    await see(refused('sign-in', 5), minuteMs);
    for (let number = 0; number < 3; number += 1) await see(unknownName(number));
    await see(guessedToken());
    const { minutes, sources, atMs } = monitor.snapshot();
    expect(atMs).toBe(clock.nowMs());
    expect(minutes).toHaveLength(60);
    expect(minutes.slice(-3)).toEqual([
      { atMs: clock.nowMs() - 2 * minuteMs, attempts: 1, failures: 1, challenges: 0, refused: 0, signUps: 0, resets: 0 },
      { atMs: clock.nowMs() - minuteMs, attempts: 1, failures: 0, challenges: 0, refused: 1, signUps: 0, resets: 0 },
      { atMs: clock.nowMs(), attempts: 3, failures: 3, challenges: 0, refused: 0, signUps: 0, resets: 0 },
    ]);
    expect(sources).toEqual([{ network: attacker, accounts: 4 }]);
    await clock.advance(2 * hourMs);
    expect(monitor.snapshot().minutes.every(({ attempts }) => attempts === 0)).toBe(true);
    expect(monitor.snapshot().sources).toEqual([]);
  });

  it('is plain data', async () => {
    const setUp = setup();
    await inPeace(setUp);
    await setUp.see(breached(1), dayMs);
    await setUp.see(breached(2));
    const snapshot = setUp.monitor.snapshot();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(snapshot.alarms).toHaveLength(1);
  });
});
