import { describe, expect, it } from 'vitest';
import { accountId, dayMs, look, minuteMs, newJar, setup, signIn, stores } from './setup.ts';

describe.each(stores)('a browser that more than a password stands behind, on %s,', (on) => {
  it('is proven since the first such sign-in, and stays so by later ones with a password alone', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await signIn(kit.devices, jar);
    expect(await look(kit.devices, jar)).not.toHaveProperty('provenSinceMs');
    await kit.clock.advance(dayMs);
    const provenSinceMs = kit.clock.nowMs();
    await signIn(kit.devices, jar, { proven: true });
    for (const proven of [false, true]) {
      await kit.clock.advance(dayMs);
      await signIn(kit.devices, jar, { proven });
      expect(await look(kit.devices, jar)).toMatchObject({ known: true, provenSinceMs });
    }
  });

  it('is so for itself: neither another browser nor another account is', async () => {
    const kit = setup({ on });
    const [jar, other] = [newJar(), newJar()];
    await signIn(kit.devices, jar, { proven: true });
    await signIn(kit.devices, other);
    await signIn(kit.devices, jar, { accountId: 'user-2', name: 'bo@example.org' });
    expect(await look(kit.devices, other)).not.toHaveProperty('provenSinceMs');
    expect(await look(kit.devices, jar, 'user-2')).not.toHaveProperty('provenSinceMs');
  });

  it('is not any more once all browsers were revoked', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await signIn(kit.devices, jar, { proven: true });
    await kit.devices.revokeAll(accountId);
    await signIn(kit.devices, jar);
    expect(await look(kit.devices, jar)).not.toHaveProperty('provenSinceMs');
  });
});

describe.each(stores)('a sign-in that was under way while all browsers were revoked, on %s,', (on) => {
  it('makes no browser known, and gives it the cookie that it has', async () => {
    const kit = setup({ on });
    const jar = newJar();
    const asOfMs = kit.clock.nowMs();
    await kit.clock.advance(5);
    await kit.devices.revokeAll(accountId);
    await kit.clock.advance(5);
    expect(await signIn(kit.devices, jar, { asOfMs })).toBe('not known');
    expect(await look(kit.devices, jar)).toEqual({ known: false });
    expect(kit.devices.read(jar.cookie).id).toMatch(/^[\w-]{22,}$/);
    expect(await signIn(kit.devices, jar, { asOfMs: kit.clock.nowMs() })).not.toBe('not known');
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
  });

  it('does after the clock was set back: a revocation that has not happened yet counts for nothing', async () => {
    const kit = setup({ on });
    await kit.devices.revokeAll(accountId);
    kit.clock.setWallMs(kit.clock.nowMs() - dayMs);
    const asOfMs = kit.clock.nowMs();
    await kit.clock.advance(minuteMs);
    expect(await signIn(kit.devices, newJar(), { asOfMs })).not.toBe('not known');
  });
});
