import { describe, expect, it } from 'vitest';
import { createDevices, deviceDefaults } from 'portcullis/device';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { accountId, dayMs, look, minuteMs, newJar, ringOf, setup, settledSignIn, signIn, stores, visited } from './setup.ts';

describe.each(stores)('a browser, on %s,', (on) => {
  it('is unknown until it has signed in, and known since then, to that account alone', async () => {
    const kit = setup({ on });
    const jar = visited(kit.devices);
    expect(await look(kit.devices, jar)).toEqual({ known: false });
    const sinceMs = kit.clock.nowMs();
    const deviceId = await signIn(kit.devices, jar);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await look(kit.devices, jar)).toEqual({ known: true, deviceId, knownSinceMs: sinceMs });
      await kit.clock.advance(10 * dayMs);
      expect(await signIn(kit.devices, jar)).toBe(deviceId);
    }
    expect(await look(kit.devices, jar, 'user-2')).toEqual({ known: false });
    expect(await look(kit.devices, newJar())).toEqual({ known: false });
    expect(kit.events).toEqual([]);
  });

  it('is known no more a while after its last sign-in, to the millisecond', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await signIn(kit.devices, jar);
    await kit.clock.advance(deviceDefaults.knownForMs - 1);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    await signIn(kit.devices, jar);
    await kit.clock.advance(deviceDefaults.knownForMs - 1);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    await kit.clock.advance(1);
    expect(await look(kit.devices, jar)).toEqual({ known: false });
    expect(await kit.devices.list(accountId)).toEqual([]);
    const anew = kit.clock.nowMs();
    await signIn(kit.devices, jar);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true, knownSinceMs: anew });
    expect(kit.events).toEqual([]);
  });

  it('costs no read to a stranger, one to recognize, and one read and one write to remember', async () => {
    const kit = setup({ on });
    const jar = visited(kit.devices);
    await look(kit.devices, jar);
    expect(kit.calls).toEqual([]);
    await signIn(kit.devices, jar);
    expect(kit.calls).toEqual(['read', 'compareAndSet']);
    kit.calls.length = 0;
    await look(kit.devices, jar);
    await look(kit.devices, jar);
    expect(kit.calls).toEqual(['read', 'read']);
  });

  it('of 21 that is unused for longest makes room', async () => {
    const kit = setup({ on });
    const jars = Array.from({ length: 21 }, () => newJar());
    for (const jar of jars.slice(0, 20)) {
      await signIn(kit.devices, jar);
      await kit.clock.advance(minuteMs);
    }
    const [first, second] = jars;
    await signIn(kit.devices, first ?? newJar());
    await kit.clock.advance(minuteMs);
    await signIn(kit.devices, jars[20] ?? newJar());
    const known = await Promise.all(jars.map(async (jar) => (await look(kit.devices, jar)).known));
    expect(known).toEqual(jars.map((jar) => jar !== second));
    expect(await kit.devices.list(accountId)).toHaveLength(20);
  });

  it('is known for its whole time whatever is removed or expires beside it, and what has expired is not kept', async () => {
    const kit = setup({ on });
    const [first, second, third] = [newJar(), newJar(), newJar()];
    const firstId = await signIn(kit.devices, first);
    await signIn(kit.devices, third);
    await kit.clock.advance(50 * dayMs);
    await signIn(kit.devices, second);
    await kit.clock.advance(10 * dayMs);
    await kit.devices.remove({ accountId, deviceId: (await kit.devices.list(accountId)).at(1)?.id });
    await kit.clock.advance(130 * dayMs);
    expect(await kit.devices.remove({ accountId, deviceId: firstId })).toBe(false);
    expect((await kit.devices.list(accountId)).length).toBe(1);
    expect(await kit.stored()).toContain(firstId);
    expect(await look(kit.devices, second)).toMatchObject({ known: true });
    await signIn(kit.devices, second);
    expect(await kit.stored()).not.toContain(firstId);
  });

  it('is known to four accounts at once; the one unused for longest makes room', async () => {
    const kit = setup({ on });
    const jar = newJar();
    for (const at of [1, 2, 3, 4]) await settledSignIn(kit, jar, { accountId: `user-${at}` });
    await settledSignIn(kit, jar, { accountId: 'user-1' });
    await settledSignIn(kit, jar, { accountId: 'user-5' });
    const known = await Promise.all([1, 2, 3, 4, 5].map(async (at) => (await look(kit.devices, jar, `user-${at}`)).known));
    expect(known).toEqual([true, false, true, true, true]);
    expect(kit.events).toEqual([]);
  });
});

describe('"remember this browser"', () => {
  it('spares the second factor for a time that no other sign-in moves', async () => {
    const kit = setup();
    const jar = newJar();
    await settledSignIn(kit, jar);
    expect(await look(kit.devices, jar)).not.toHaveProperty('secondFactorUntilMs');
    const untilMs = kit.clock.nowMs() + deviceDefaults.secondFactorForMs;
    await signIn(kit.devices, jar, { secondFactor: true });
    await kit.clock.advance(dayMs);
    await signIn(kit.devices, jar);
    await signIn(kit.devices, jar, { secondFactor: false });
    expect(await look(kit.devices, jar)).toMatchObject({ secondFactorUntilMs: untilMs });
    expect(await kit.devices.list(accountId)).toMatchObject([{ secondFactorUntilMs: untilMs }]);
    await kit.clock.advance(untilMs - kit.clock.nowMs() - 1);
    expect(await look(kit.devices, jar)).toMatchObject({ secondFactorUntilMs: untilMs });
    await kit.clock.advance(1);
    expect(await look(kit.devices, jar)).not.toHaveProperty('secondFactorUntilMs');
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    expect(await kit.devices.list(accountId)).toMatchObject([{ secondFactorUntilMs: undefined }]);
  });

  it('is for this account and this browser', async () => {
    const kit = setup();
    const [jar, other] = [newJar(), newJar()];
    await signIn(kit.devices, jar, { secondFactor: true });
    await signIn(kit.devices, jar, { accountId: 'user-2' });
    await signIn(kit.devices, other);
    expect(await look(kit.devices, jar)).toHaveProperty('secondFactorUntilMs');
    expect(await look(kit.devices, jar, 'user-2')).not.toHaveProperty('secondFactorUntilMs');
    expect(await look(kit.devices, other)).not.toHaveProperty('secondFactorUntilMs');
  });

  it('holds no longer than the option says today, and never where it says 0', async () => {
    const kit = setup();
    const jar = newJar();
    const sinceMs = kit.clock.nowMs();
    await signIn(kit.devices, jar, { secondFactor: true });
    const shorter = setup({ store: kit.records, clock: kit.clock, secondFactorForMs: dayMs });
    expect(await look(shorter.devices, jar)).toMatchObject({ secondFactorUntilMs: sinceMs + dayMs });
    const never = setup({ store: kit.records, clock: kit.clock, secondFactorForMs: 0 });
    expect(await look(never.devices, jar)).toEqual({ known: true, deviceId: expect.any(String) as string, knownSinceMs: sinceMs });
    const other = newJar();
    await signIn(never.devices, other, { secondFactor: true });
    expect(await look(never.devices, other)).not.toHaveProperty('secondFactorUntilMs');
    expect(await look(kit.devices, other)).not.toHaveProperty('secondFactorUntilMs');
  });
});

describe('a wall clock that is set back', () => {
  // checklist 118
  it('lets nothing live longer than by the jump', async () => {
    const kit = setup();
    const jar = newJar();
    await settledSignIn(kit, jar, { secondFactor: true });
    const jumpMs = 10 * dayMs;
    kit.clock.setWallMs(kit.clock.nowMs() - jumpMs);
    await kit.clock.advance(deviceDefaults.secondFactorForMs + jumpMs - minuteMs);
    expect(await look(kit.devices, jar)).not.toHaveProperty('secondFactorUntilMs');
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    await kit.clock.advance(deviceDefaults.knownForMs - deviceDefaults.secondFactorForMs);
    expect(await look(kit.devices, jar)).toEqual({ known: false });
  });

  it('does not change which browser makes room: the one that signed in longest ago', async () => {
    const kit = setup({ maxDevices: 2 });
    const [one, two, three] = [newJar(), newJar(), newJar()];
    await signIn(kit.devices, one);
    kit.clock.setWallMs(kit.clock.nowMs() - 10 * dayMs);
    await signIn(kit.devices, two);
    await signIn(kit.devices, three);
    expect(await look(kit.devices, one)).toEqual({ known: false });
    expect(await look(kit.devices, two)).toMatchObject({ known: true });
  });

  it('keeps a browser known that signs in again, and still replaces its secret', async () => {
    const kit = setup();
    const jar = newJar();
    const deviceId = await settledSignIn(kit, jar);
    const copy = newJar(jar.cookie);
    kit.clock.setWallMs(kit.clock.nowMs() - 365 * dayMs);
    expect(await settledSignIn(kit, jar)).toBe(deviceId);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true, deviceId });
    expect(await look(kit.devices, copy)).toEqual({ known: false });
    expect(kit.events).toEqual([{ type: 'device.replayed', accountId }]);
  });
});

describe.each(stores)('the list of browsers, on %s,', (on) => {
  it('is empty where none was ever known', async () => {
    expect(await setup({ on }).devices.list(accountId)).toEqual([]);
  });

  it('tells since when each is known, when it was used and what it called itself, the one used last first', async () => {
    const kit = setup({ on });
    const [one, other] = [newJar(), newJar()];
    const startMs = kit.clock.nowMs();
    const first = await settledSignIn(kit, one, { label: 'Firefox' });
    const second = await settledSignIn(kit, other, { label: 'Chrome', secondFactor: true });
    await settledSignIn(kit, one);
    expect(await kit.devices.list(accountId)).toEqual([
      { id: first, knownSinceMs: startMs, lastUsedAtMs: startMs + 2 * minuteMs, secondFactorUntilMs: undefined, label: 'Firefox' },
      { id: second, knownSinceMs: startMs + minuteMs, lastUsedAtMs: startMs + minuteMs, secondFactorUntilMs: startMs + minuteMs + deviceDefaults.secondFactorForMs, label: 'Chrome' },
    ]);
    await signIn(kit.devices, one, { label: 'Firefox 2' });
    expect(await kit.devices.list(accountId)).toMatchObject([{ label: 'Firefox 2' }, { label: 'Chrome' }]);
    expect(await kit.devices.list('user-2')).toEqual([]);
  });

  it.each<readonly [string, string | undefined]>([
    ['Mozilla/5.0 (X11; Linux) Gecko', 'Mozilla/5.0 (X11; Linux) Gecko'],
    ['  a\u0000b\r\nc\u001b[31md\u009b  ', 'abc[31md'],
    ['evil\u202egpj.exe\u2066\u200b\ufeff\u2028\u2029', 'evilgpj.exe'],
    ['\ud800lone\udc00', 'lone'],
    ['\u202e \u0000', undefined],
    ['', undefined],
    ['😀'.repeat(200), '😀'.repeat(128)],
    ['a'.repeat(10_000_000), 'a'.repeat(128)],
    ['Größe 日本語', 'Größe 日本語'],
  ])('shows labels that read as what they are, of at most 128 code points: %#', async (label, expected) => {
    const { devices } = setup({ on });
    await signIn(devices, newJar(), { label });
    expect(await devices.list(accountId)).toMatchObject([{ label: expected }]);
  });

  it('keeps nothing for a label that is no text', async () => {
    const { devices } = setup({ on });
    for (const label of [5, null, {}, ['x']]) await devices.remember({ browser: devices.read(undefined), accountId, name: 'ada', label: label as unknown as string });
    expect((await devices.list(accountId)).map(({ label }) => label)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('loses the one that its owner removes, who is a stranger then', async () => {
    const kit = setup({ on });
    const [one, other] = [newJar(), newJar()];
    const deviceId = await signIn(kit.devices, one);
    await signIn(kit.devices, other);
    expect(await kit.devices.remove({ accountId, deviceId })).toBe(true);
    expect(await look(kit.devices, one)).toEqual({ known: false });
    expect(await look(kit.devices, other)).toMatchObject({ known: true });
    expect(await kit.devices.remove({ accountId, deviceId })).toBe(false);
    expect(kit.events).toEqual([{ type: 'device.revoked', which: 'one', accountId }]);
    const again = await signIn(kit.devices, one);
    expect(again).not.toBe(deviceId);
  });

  it('loses nothing by an id that is none, or another account\'s, or expired', async () => {
    const kit = setup({ on });
    const deviceId = await signIn(kit.devices, newJar());
    const hostile = [undefined, null, 1, '', deviceId.slice(1), `${deviceId}x`, [deviceId], { toString: () => deviceId }, '__proto__', 'x'.repeat(1_000_000)];
    for (const wrong of hostile) expect(await kit.devices.remove({ accountId, deviceId: wrong })).toBe(false);
    expect(await kit.devices.remove({ accountId: 'user-2', deviceId })).toBe(false);
    expect(await kit.devices.list(accountId)).toHaveLength(1);
    await kit.clock.advance(deviceDefaults.knownForMs);
    expect(await kit.devices.remove({ accountId, deviceId })).toBe(false);
    expect(kit.events).toEqual([]);
  });
});

describe('the options of device', () => {
  const good = { keys: ringOf('k1'), records: memoryStore() };

  it('have defaults that are frozen', () => {
    expect(deviceDefaults).toEqual({ knownForMs: 180 * dayMs, secondFactorForMs: 30 * dayMs, maxDevices: 20 });
    expect(Object.isFrozen(deviceDefaults)).toBe(true);
    expect(Object.isFrozen(createDevices(good))).toBe(true);
  });

  it.each<readonly [string, object, string]>([
    ['no keys', { keys: undefined }, 'device.keys: expected what createKeyRing() makes, got nothing'],
    ['no records', { records: undefined }, 'device.records: expected an object with read(), compareAndSet(), watch(), got nothing'],
    ['an unknown name', { knownFor: 1 }, 'device.knownFor: unknown option, did you mean "knownForMs"?'],
    ['no time', { knownForMs: 0 }, 'device.knownForMs: expected a whole number from 60000 to 34560000000, got 0'],
    ['more than browsers keep', { knownForMs: 401 * dayMs }, 'device.knownForMs: expected a whole number from 60000 to 34560000000, got 34646400000'],
    ['a negative time', { secondFactorForMs: -1 }, 'device.secondFactorForMs: expected a whole number from 0 to 34560000000, got -1'],
    ['null', { secondFactorForMs: null }, 'device.secondFactorForMs: expected a whole number from 0 to 34560000000, got null'],
    ['no devices', { maxDevices: 0 }, 'device.maxDevices: expected a whole number from 1 to 100, got 0'],
    ['too many devices', { maxDevices: 101 }, 'device.maxDevices: expected a whole number from 1 to 100, got 101'],
  ])('are refused: %s', (_, wrong, message) => {
    expect(() => createDevices({ ...good, ...wrong })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
  });

  it('take a source of bytes, and refuse one that gives another number of them', async () => {
    const { devices } = setup({ random: () => Buffer.alloc(5, 1) });
    await expect(signIn(devices, newJar())).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'device.random: expected 32 bytes, got 5' });
  });

  it('that lower the number of browsers take effect at the next sign-in', async () => {
    const kit = setup();
    for (let turn = 0; turn < 5; turn += 1) await signIn(kit.devices, newJar());
    const fewer = setup({ store: kit.records, clock: kit.clock, maxDevices: 2 });
    await signIn(fewer.devices, newJar());
    expect(await fewer.devices.list(accountId)).toHaveLength(2);
  });
});
