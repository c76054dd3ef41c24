import { describe, expect, it } from 'vitest';
import { accountId, dayMs, newJar, recordKey, ringOf, setup, stores, browserOf, signIn } from './setup.ts';

describe.each(stores)('the places that an account has been signed in to from, on %s,', (on) => {
  it('are familiar for 60 days: an IPv4 /24 and an IPv6 /48, to that account alone', async () => {
    const { devices, clock } = setup({ on });
    const isFamiliar = (address: string | undefined, whose = accountId): Promise<boolean> => devices.isFamiliar({ accountId: whose, address });
    expect(await isFamiliar('192.0.2.7')).toBe(false);
    await signIn(devices, newJar(), { address: '192.0.2.7' });
    await signIn(devices, newJar(), { address: '2001:db8:1:1::1' });
    await signIn(devices, newJar(), { accountId: 'user-2', name: 'bo@example.org', address: '198.51.100.1' });
    for (const [address, familiar] of [['192.0.2.200', true], ['::ffff:192.0.2.9', true], ['192.0.3.7', false], ['2001:db8:1:ffff::1', true], ['2001:db8:2::1', false], ['198.51.100.1', false], [undefined, false], ['no address', false]] as const) {
      expect(await isFamiliar(address), String(address)).toBe(familiar);
    }
    await clock.advance(60 * dayMs);
    expect(await isFamiliar('192.0.2.7')).toBe(false);
  });

  it('are the last eight, and none is told by what is stored', async () => {
    const { devices, stored } = setup({ on });
    for (let each = 0; each < 10; each += 1) await signIn(devices, newJar(), { address: `192.0.${each}.1` });
    const familiar = await Promise.all(Array.from({ length: 10 }, (_, each) => devices.isFamiliar({ accountId, address: `192.0.${each}.1` })));
    expect(familiar).toEqual([false, false, true, true, true, true, true, true, true, true]);
    expect(await stored()).not.toMatch(/192|0\/24/);
  });

  it('are gone once all browsers were revoked, and stay through a new key', async () => {
    const old = setup({ on, keys: ringOf('k1') });
    await signIn(old.devices, newJar(), { address: '192.0.2.7' });
    const { devices } = setup({ store: old.records, clock: old.clock, keys: ringOf('k2', 'k1') });
    expect(await devices.isFamiliar({ accountId, address: '192.0.2.7' })).toBe(true);
    await devices.revokeAll(accountId);
    expect(await devices.isFamiliar({ accountId, address: '192.0.2.7' })).toBe(false);
  });

  it('are no list where the record is none: an error, and nobody is waved through', async () => {
    const { devices, records, clock } = setup({ on });
    await records.compareAndSet({ key: recordKey, expectedVersion: 0, value: JSON.stringify({ version: 0, devices: [], places: ['192.0.2.0'] }), expiresAtMs: clock.nowMs() + dayMs });
    await expect(devices.isFamiliar({ accountId, address: '192.0.2.7' })).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(devices.remember({ browser: browserOf(devices, newJar()), accountId, name: 'ada' })).rejects.toMatchObject({ code: 'ERR_STORE' });
  });
});
