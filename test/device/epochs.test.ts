import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochMark } from '../../src/ports/session.ts';
import { accountId, minuteMs, name, newJar, recordKey, sentAfter, setup, stores, type Jar, type Setup } from './setup.ts';

function markOf(everyone: number, organizations: Readonly<Record<string, number>> = {}): EpochMark {
  return { everyone, organizations, user: 0 };
}

/** A sign-in whose session has this mark. Answers the device's id. */
async function signInUnder({ devices }: Setup, jar: Jar, epochs: EpochMark | undefined, more: { readonly secondFactor?: boolean; readonly proven?: boolean; readonly notBeforeMs?: number } = {}): Promise<string> {
  const { setCookie, deviceId } = await devices.remember({ accountId, name, browser: devices.read(jar.cookie), epochs, ...more });
  jar.cookie = sentAfter(setCookie);
  return deviceId ?? 'not known';
}

function lookAt({ devices }: Setup, jar: Jar, notBeforeMs?: number) {
  return devices.recognize(devices.read(jar.cookie), accountId, notBeforeMs);
}

// ASVS 5.0 7.4.1, 7.4.5
describe.each(stores)('the epochs of a browser, on %s,', (on) => {
  it('are those of the session that made it known, without what was never revoked', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await signInUnder(kit, jar, markOf(7, { 'team-1': 0, 'team-2': 9 }));
    expect(await lookAt(kit, jar)).toMatchObject({ known: true, epochs: { everyone: 7, organizations: { 'team-2': 9 } } });
  });

  it('make a new browser of it where the next sign-in has others, and nothing of what it was spared is left', async () => {
    const others: readonly (readonly [EpochMark, EpochMark])[] = [
      [markOf(7), markOf(8)],
      // A store that has lost its data begins anew, below.
      [markOf(8), markOf(7)],
      [markOf(7, { 'team-1': 3 }), markOf(7, { 'team-1': 4 })],
      [markOf(7, { 'team-1': 0 }), markOf(7, { 'team-1': 4 })],
      [markOf(7), markOf(7, { 'team-1': 4 })],
      [markOf(7, { 'team-1': 4 }), markOf(7)],
    ];
    for (const [before, after] of others) {
      const kit = setup({ on });
      const jar = newJar();
      const id = await signInUnder(kit, jar, before, { secondFactor: true, proven: true });
      await kit.clock.advance(minuteMs);
      expect(await signInUnder(kit, jar, after)).not.toBe(id);
      const now = await lookAt(kit, jar);
      expect(now).toMatchObject({ known: true, knownSinceMs: kit.clock.nowMs() });
      expect(now).not.toHaveProperty('secondFactorUntilMs');
      expect(now).not.toHaveProperty('provenSinceMs');
      // The one of before makes room, as one that nobody knows.
      expect(await kit.devices.list(accountId)).toHaveLength(1);
    }
  });

  it('leave it what it was where they are the same, and follow the organizations that come and go unrevoked', async () => {
    const kit = setup({ on });
    const jar = newJar();
    const id = await signInUnder(kit, jar, markOf(7, { 'team-1': 0, 'team-2': 5 }), { secondFactor: true });
    await kit.clock.advance(2 * minuteMs);
    expect(await signInUnder(kit, jar, markOf(7, { 'team-2': 5, 'team-3': 0 }))).toBe(id);
    expect(await lookAt(kit, jar)).toMatchObject({ deviceId: id, epochs: { everyone: 7, organizations: { 'team-2': 5 } }, secondFactorUntilMs: expect.any(Number) as number });
  });

  it('count, and no time beside them', async () => {
    const kit = setup({ on });
    const jar = newJar();
    const id = await signInUnder(kit, jar, markOf(7));
    const later = kit.clock.nowMs() + 10 * minuteMs;
    expect(await lookAt(kit, jar, later)).toMatchObject({ known: true, deviceId: id });
    expect(await signInUnder(kit, jar, markOf(7), { notBeforeMs: later })).toBe(id);
  });
});

describe.each(stores)('a browser from before its epochs were kept, on %s,', (on) => {
  it.each([[-1, true], [60_000, true], [60_001, false]])('is a stranger until a minute after a revocation: known since %i ms after it', async (afterMs, isStranger) => {
    const kit = setup({ on });
    const jar = newJar();
    const id = await signInUnder(kit, jar, undefined, { secondFactor: true });
    const notBeforeMs = kit.clock.nowMs() - afterMs;
    expect(await lookAt(kit, jar, notBeforeMs)).toMatchObject({ known: !isStranger });
    await kit.clock.advance(minuteMs);
    expect((await signInUnder(kit, jar, markOf(7), { notBeforeMs })) === id).toBe(!isStranger);
    // Either way it has them from now on.
    expect(await lookAt(kit, jar, notBeforeMs)).toMatchObject({ known: true, epochs: { everyone: 7, organizations: {} } });
  });
});

describe('what are no epochs', () => {
  it('is an error of whoever hands them in, and writes nothing', async () => {
    const kit = setup();
    for (const epochs of [{}, markOf(NaN), markOf(-1), markOf(1.5), { everyone: 1 }, { everyone: 1, organizations: [] }, markOf(1, { 'team-1': '2' as unknown as number }), markOf(1, { ['a'.repeat(1_025)]: 2 }), markOf(1, Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`team-${at}`, 1])))]) {
      await expect(signInUnder(kit, newJar(), epochs as EpochMark)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining('device.remember.epochs') as string });
    }
    expect(await kit.stored()).toBeUndefined();
  });

  it('in a record is a broken store, whatever it is', async () => {
    const wrong = fc.oneof(fc.anything().filter((value) => value !== undefined), fc.record({ everyone: fc.anything(), organizations: fc.anything() }));
    await fc.assert(fc.asyncProperty(wrong, async (value) => {
      const kit = setup();
      const jar = newJar();
      await signInUnder(kit, jar, markOf(7));
      const found = await kit.records.read(recordKey);
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) return;
      await kit.records.compareAndSet({ key: recordKey, expectedVersion: found?.version ?? 0, value: (found?.value ?? '').replace('{"everyone":7,"organizations":{}}', () => text) });
      const answer = await lookAt(kit, jar).catch((error: unknown) => (error as { readonly code: string }).code);
      if (answer !== 'ERR_STORE') expect(answer).toMatchObject({ known: true, epochs: { everyone: expect.any(Number) as number } });
    }), { numRuns: 200 });
  });

  it('include names of the prototype as organizations like any other', async () => {
    const kit = setup();
    const jar = newJar();
    const organizations = JSON.parse('{"__proto__":5,"constructor":6,"toString":7}') as Record<string, number>;
    const id = await signInUnder(kit, jar, markOf(7, organizations));
    await kit.clock.advance(minuteMs);
    expect(await signInUnder(kit, jar, markOf(7, organizations))).toBe(id);
    const seen = await lookAt(kit, jar);
    expect(JSON.stringify(seen)).toContain('{"__proto__":5,"constructor":6,"toString":7}');
    expect(await signInUnder(kit, jar, markOf(7))).not.toBe(id);
  });
});
