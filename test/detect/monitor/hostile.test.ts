import fc from 'fast-check';
import { ConfigError, type SecurityEvent } from 'portcullis';
import { createAttackMonitor, type AttackMonitorOptions } from 'portcullis/detect';
import { describe, expect, it } from 'vitest';
import { attacker, hourMs, inPeace, secondMs, setup, signedIn, unknownName, wrongPassword } from './setup.ts';

const types = ['sign-in.failed', 'sign-in.succeeded', 'sign-in.pending', 'limiter.refused', 'sign-up.requested', 'sign-up.confirmed', 'sign-up.failed', 'password-reset.requested', 'password-reset.succeeded', 'password-reset.failed', 'challenge.failed', 'email-change.failed', 'second-factor.failed', 'password.closed-to-strangers', 'login-guard.decided', 'login-guard.surge'];
const fields = ['address', 'accountId', 'nameTag', 'reason', 'knownDevice', 'repeated', 'reasons', 'proofs', 'needs', 'limiter', 'rule', 'outcome', 'method', 'flow', 'verdict', 'state', 'test', 'failures'];

describe('whatever it is given', () => {
  it('it throws nothing and stays bounded', () => {
    const { monitor } = setup();
    fc.assert(fc.property(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...fields), fc.anything()), (type, rest) => {
      monitor.observe({ ...rest, type } as unknown as SecurityEvent);
      JSON.stringify(monitor.snapshot());
    }), { numRuns: 500 });
  });

  it.each([undefined, null, 7, 'sign-in.failed', [], {}, { type: '__proto__' }, { type: 'constructor' }, { type: Symbol('x') }])('%o is no event', (event) => {
    const { monitor } = setup();
    expect(() => { monitor.observe(event as unknown as SecurityEvent); }).not.toThrow();
    expect(monitor.snapshot().minutes.every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it('an event whose getters throw, and hooks that throw or reject, harm nobody', async () => {
    const angry = setup({ onAlarm: () => { throw new Error('no'); }, onLevel: () => Promise.reject(new Error('no')) as unknown as undefined, emit: () => { throw new Error('no'); } });
    const trap = { get type(): string { throw new Error('trap'); } };
    expect(() => { angry.monitor.observe(trap as unknown as SecurityEvent); }).not.toThrow();
    for (let number = 0; number < 8; number += 1) await angry.see(wrongPassword(number));
    expect(angry.monitor.level()).toBe('attack');
  });

  it('texts of 10 MB are nobody\'s name, account or network', () => {
    const { monitor } = setup();
    const huge = 'x'.repeat(10 * 2 ** 20);
    for (let number = 0; number < 200; number += 1) {
      monitor.observe({ type: 'sign-in.failed', reason: 'unknown-account', nameTag: `${number}${huge}`, accountId: huge, address: huge });
      monitor.observe({ type: 'limiter.refused', limiter: huge, rule: huge, enforced: true, retryAfterMs: NaN, nameTag: huge, address: attacker });
    }
    expect(monitor.snapshot().sources).toEqual([]);
    expect(JSON.stringify(monitor.snapshot()).length).toBeLessThan(20_000);
  });

  it('an address that is none is no address, and one network however it is written', async () => {
    const { see, raised, monitor } = setup();
    for (let number = 0; number < 5; number += 1) await see(unknownName(number, '203.0.113.7'));
    for (let number = 5; number < 10; number += 1) await see(unknownName(number, '::ffff:203.0.113.7'));
    expect(raised()).toEqual(['login-enumeration']);
    expect(monitor.snapshot().alarms[0]?.cause).toBe('203.0.113.7');
  });
});

describe('clocks', () => {
  it('that jump back and forth move no time that counts', async () => {
    const { clock, see, raised, monitor } = setup();
    for (let number = 0; number < 9; number += 1) {
      await see(unknownName(number), secondMs);
      clock.setWallMs(number % 2 === 0 ? 0 : 4e15);
    }
    expect(raised()).toEqual([]);
    await see(unknownName(9));
    expect(raised()).toEqual(['login-enumeration']);
    expect(Number.isFinite(monitor.snapshot().alarms[0]?.sinceMs)).toBe(true);
  });

  it('that say no number, or go back, hold no alarm for ever', () => {
    let nowMs = 0;
    const clock = { nowMs: () => NaN, monotonicMs: () => nowMs, after: () => () => undefined };
    const monitor = createAttackMonitor({ clock });
    for (let number = 0; number < 8; number += 1) monitor.observe(wrongPassword(number));
    expect(monitor.level()).toBe('attack');
    for (const jump of [NaN, -1e15, 5 - 1e15, 3 * hourMs - 1e15]) {
      nowMs = jump;
      monitor.observe(signedIn(1, '192.0.2.1'));
    }
    // Timers never ran: the next events end it.
    expect(monitor.level()).toBe('calm');
  });
});

describe('floods', () => {
  it('of fresh networks grow nothing, and no network that is suspicious is forgotten', async () => {
    const { monitor, see, raised } = setup({ maxSources: 512 });
    for (let number = 0; number < 7; number += 1) await see(wrongPassword(number));
    for (let number = 0; number < 100_000; number += 1) monitor.observe(unknownName(1, `2001:db8:${(number >>> 8).toString(16)}:${(number & 255).toString(16)}::1`));
    const { sources } = monitor.snapshot();
    expect(sources).toContainEqual({ network: attacker, accounts: 7 });
    await see(wrongPassword(8));
    expect(raised()).toContain('stuffing');
  });

  it('of networks that are suspicious displace none that is more so', () => {
    const { monitor } = setup({ maxSources: 64 });
    for (let number = 0; number < 7; number += 1) monitor.observe(wrongPassword(number));
    for (let network = 0; network < 5_000; network += 1) {
      for (let number = 0; number < 4; number += 1) monitor.observe(unknownName(number, `198.18.${network >>> 8}.${network & 255}`));
    }
    monitor.observe(wrongPassword(8));
    expect(monitor.snapshot().alarms.map(({ cause }) => cause)).toContain(attacker);
  });

  it('of networks that are as suspicious as others displace none of them', () => {
    const { monitor } = setup({ maxSources: 64 });
    const first = Array.from({ length: 64 }, (_, network) => `203.0.113.${network}`);
    for (const [network, address] of first.entries()) for (let number = 0; number < 7; number += 1) monitor.observe(wrongPassword(100 * network + number, address));
    for (let network = 0; network < 500; network += 1) {
      for (let number = 0; number < 7; number += 1) monitor.observe(wrongPassword(100_000 + 10 * network + number, `198.18.${network >>> 8}.${network & 255}`));
    }
    for (const [network, address] of first.entries()) monitor.observe(wrongPassword(100 * network + 7, address));
    const networks = monitor.snapshot().alarms.filter(({ kind }) => kind === 'stuffing').map(({ evidence }) => Number(evidence['networks']));
    expect(networks.reduce((sum, each) => sum + each, 0)).toBe(64);
  });

  it('of sign-ins by known browsers push no stranger out of the list', async () => {
    const setUp = setup({ maxSignIns: 64 });
    await setUp.see(signedIn(1, '203.0.113.50'));
    await inPeace(setUp, 1_000);
    await setUp.see({ type: 'login-guard.surge', state: 'began', test: 'fast' });
    expect(setUp.monitor.snapshot().entered.map(({ accountId }) => accountId)).toEqual(['user-1']);
  });

  it('a hundred thousand events of no concern leave no trace', () => {
    const { monitor, told } = setup();
    for (let number = 0; number < 100_000; number += 1) monitor.observe({ type: 'sign-out.succeeded', accountId: `user-${number}`, address: attacker });
    expect(monitor.snapshot().sources).toEqual([]);
    expect(told).toEqual([]);
  });

  it('its own events, fed back to it, lead nowhere', async () => {
    const events: SecurityEvent[] = [];
    const { monitor, see } = setup({ emit: (event) => { events.push(event); monitor.observe(event); } });
    for (let number = 0; number < 8; number += 1) await see(wrongPassword(number));
    expect(events.map(({ type }) => type)).toEqual(['attack.level-changed', 'alarm.raised']);
  });
});

describe('its options', () => {
  it.each<[string, AttackMonitorOptions]>([
    ['onAlarm', { onAlarm: 'x' as never }],
    ['onLevel', { onLevel: 1 as never }],
    ['share', { share: true as never }],
    ['quietMs', { quietMs: 10 }],
    ['fallBackMs', { fallBackMs: NaN }],
    ['maxSources', { maxSources: 1 }],
    ['maxSignIns', { maxSignIns: 1.5 }],
    ['clock', { clock: {} as never }],
    ['emit', { emit: 'x' as never }],
    ['random', { random: 4 as never }],
  ])('name %s where it is wrong', (name, options) => {
    expect(() => createAttackMonitor(options)).toThrow(ConfigError);
    expect(() => createAttackMonitor(options)).toThrow(`attackMonitor.${name}:`);
  });

  it('need no option at all, and a closed monitor still counts', () => {
    const monitor = createAttackMonitor();
    for (let number = 0; number < 8; number += 1) monitor.observe(wrongPassword(number));
    monitor.close();
    expect(monitor.level()).toBe('attack');
  });
});
