import { describe, expect, it } from 'vitest';
import { createDevices, type Devices } from 'portcullis/device';
import { fakeClock } from 'portcullis/testing';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { deathsWithin, dying, type Death } from '../support/record-stores.ts';
import { accountId, emptyStore, look, name, newJar, recordKey, ringOf, setup, settledSignIn, signIn, stores } from './setup.ts';

const deaths = deathsWithin(2);
const keys = ringOf('k1');

// checklist 6; ASVS 2.3.3
describe.each(stores)('a process killed at any call of %s', (on) => {
  async function start() {
    const clock = fakeClock();
    const store = emptyStore(on, clock);
    const kit = setup({ store, clock, keys });
    const jar = newJar();
    const deviceId = await settledSignIn(kit, jar, { secondFactor: true });
    return { clock, store, kit, jar, deviceId, mortal: (death: Death): Devices => createDevices({ records: dying(store, death), clock, keys }) };
  }

  it.each(deaths)('while it remembers ($atCall, done: $done) leaves the browser known by the cookie that it has', async (death) => {
    const { kit, jar, deviceId, mortal, clock } = await start();
    await expect(signIn(mortal(death), newJar(jar.cookie))).rejects.toThrow('dead');
    await clock.advance(3_600_000);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true, deviceId });
    expect(await signIn(kit.devices, jar)).toBe(deviceId);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true, deviceId });
    expect(kit.events).toEqual([]);
  });

  it.each(deaths)('while it revokes ($atCall, done: $done) leaves all browsers known or none', async (death) => {
    const { kit, jar, mortal } = await start();
    const other = newJar();
    await signIn(kit.devices, other);
    await expect(mortal(death).revokeAll(accountId)).rejects.toThrow('dead');
    const wrote = death.atCall === 2 && death.done;
    for (const each of [jar, other]) expect((await look(kit.devices, each)).known).toBe(!wrote);
  });

  it.each(deaths)('while it removes ($atCall, done: $done) leaves the device whole or gone', async (death) => {
    const { kit, jar, deviceId, mortal } = await start();
    await expect(mortal(death).remove({ accountId, deviceId })).rejects.toThrow('dead');
    expect((await look(kit.devices, jar)).known).toBe(!(death.atCall === 2 && death.done));
  });

  it.each(deaths)('while it finds a copy ($atCall, done: $done) never makes it known, and tells of it once it is found', async (death) => {
    const { kit, jar, mortal } = await start();
    const thief = newJar(jar.cookie);
    await settledSignIn(kit, jar);
    await expect(look(mortal(death), thief)).rejects.toThrow('dead');
    expect(await look(kit.devices, thief)).toEqual({ known: false });
    expect((await look(kit.devices, jar)).known).toBe(false);
  });
});

// checklist 1; ASVS 16.5.3
describe('a store that fails', () => {
  const broken = new Error('disk full');
  const failing: RecordStore = {
    durable: true,
    read: async () => Promise.reject(broken),
    compareAndSet: async () => Promise.reject(broken),
    watch: () => () => undefined,
  };

  it('is never a yes: what it rejects with reaches the caller, and no cookie is given out', async () => {
    const good = setup({ keys });
    const jar = newJar();
    await signIn(good.devices, jar);
    const devices = createDevices({ keys, records: failing });
    await expect(look(devices, jar)).rejects.toBe(broken);
    await expect(devices.remember({ browser: devices.read(jar.cookie), accountId, name })).rejects.toBe(broken);
    await expect(devices.revokeAll(accountId)).rejects.toBe(broken);
    await expect(devices.list(accountId)).rejects.toBe(broken);
    await expect(devices.remove({ accountId, deviceId: 'A'.repeat(22) })).rejects.toBe(broken);
  });

  it('does not hinder what needs no store', async () => {
    const devices = createDevices({ keys, records: failing });
    const browser = devices.read(undefined);
    expect(devices.identify(browser).setCookie).toBeDefined();
    expect(await devices.recognize(browser, accountId)).toEqual({ known: false });
    expect(await devices.remove({ accountId, deviceId: 'x' })).toBe(false);
  });

  it('is broken where it cannot say whether it has written', async () => {
    const vague: RecordStore = { ...memoryStore(), compareAndSet: async () => 1 as never };
    const devices = createDevices({ keys, records: vague });
    const message = { code: 'ERR_STORE', message: 'records.compareAndSet: expected true or false' };
    await expect(signIn(devices, newJar())).rejects.toMatchObject(message);
    await expect(devices.revokeAll(accountId)).rejects.toMatchObject(message);
  });

  it('that is behind for good is a crowd, ERR_BUSY', async () => {
    const devices = createDevices({ keys, records: { ...memoryStore(), compareAndSet: async () => false } });
    await expect(signIn(devices, newJar())).rejects.toMatchObject({ code: 'ERR_BUSY', retryAfterMs: 1_000 });
  });

  it('does not make an event that throws anybody\'s trouble', async () => {
    const kit = setup({ keys });
    const devices = createDevices({ keys, records: kit.records, clock: kit.clock, emit: () => { throw new Error('log is down'); } });
    const jar = newJar();
    await signIn(devices, jar);
    await devices.revokeAll(accountId);
    expect(await look(devices, jar)).toEqual({ known: false });
  });
});

describe('a record that is not as it was written', () => {
  const device = { id: 'A'.repeat(22), generation: 1, digest: 'A'.repeat(43), salt: 'A'.repeat(43), givenAtMs: 1, previous: { digest: 'A'.repeat(43), untilMs: 1 }, knownSinceMs: 1, lastUsedAtMs: 1 };
  const withDevice = (change: object): string => JSON.stringify({ version: 0, devices: [{ ...device, ...change }] });

  it('is read where it is as it was written', async () => {
    const { devices, records, clock } = setup({ keys });
    await records.compareAndSet({ key: recordKey, expectedVersion: 0, value: withDevice({ lastUsedAtMs: clock.nowMs(), secondFactorAtMs: 1, label: '' }) });
    expect(await devices.list(accountId)).toHaveLength(1);
  });

  it.each<readonly [string]>([
    ['not JSON'],
    ['null'],
    ['[]'],
    ['{}'],
    [JSON.stringify({ version: -1, devices: [] })],
    [JSON.stringify({ version: 0.5, devices: [] })],
    [JSON.stringify({ version: '0', devices: [] })],
    [JSON.stringify({ version: 2 ** 32, devices: [] })],
    [JSON.stringify({ version: 0, devices: { length: 0 } })],
    [JSON.stringify({ version: 0, devices: [null] })],
    [JSON.stringify({ version: 0, devices: ['A'] })],
    [JSON.stringify({ version: 0, devices: Array.from({ length: 101 }, () => device) })],
    [withDevice({ id: 5 })],
    [withDevice({ id: 'short' })],
    [withDevice({ generation: 2 ** 32 })],
    [withDevice({ digest: `${'A'.repeat(42)}.` })],
    [withDevice({ salt: undefined })],
    [withDevice({ givenAtMs: null })],
    [withDevice({ previous: undefined })],
    [withDevice({ previous: 'x' })],
    [withDevice({ previous: { digest: 5 } })],
    [withDevice({ previous: { digest: 'A'.repeat(43), untilMs: 'never' } })],
    [withDevice({ knownSinceMs: 'yesterday' })],
    [withDevice({ lastUsedAtMs: '1' })],
    [withDevice({ secondFactorAtMs: true })],
    [withDevice({ label: 5 })],
  ])('is a broken store, and makes nobody known: %s', async (value) => {
    const kit = setup({ keys });
    const jar = newJar();
    await signIn(kit.devices, jar);
    const { version = 0 } = (await kit.records.read(recordKey)) ?? {};
    await kit.records.compareAndSet({ key: recordKey, expectedVersion: version, value });
    for (const ask of [look(kit.devices, jar), signIn(kit.devices, newJar()), kit.devices.list(accountId), kit.devices.revokeAll(accountId), kit.devices.remove({ accountId, deviceId: device.id })]) {
      await expect(ask).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringMatching(/^(device: the record of an account is no list of browsers|records: expected JSON in a record of the kind "device")$/) as string });
    }
  });
});
