import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { contentsOf, cookieOf, type Contents, type Entry } from '../../src/device/contents.ts';
import { accountId, look, minuteMs, name, newJar, sentAfter, setup, settledSignIn, signIn, stores, type Jar, type Setup } from './setup.ts';

/** What the cookie of a jar holds, opened with the app's own keys. */
function opened({ keys }: Setup, jar: Jar): Contents {
  return contentsOf(keys, jar.cookie) ?? { secret: '', entries: [] };
}

/** A cookie that nobody but a thief of the app's keys could make. */
function forged({ keys }: Setup, contents: Contents): Jar {
  return newJar(sentAfter(cookieOf(keys, contents, minuteMs)));
}

describe('what a cookie says of an account', () => {
  it('is worth nothing for another account, whatever parts of it are put in place of the other\'s', async () => {
    const kit = setup();
    const jar = newJar();
    for (const account of [accountId, 'user-2']) await settledSignIn(kit, jar, { accountId: account });
    const [entry, own] = opened(kit, jar).entries;
    if (entry === undefined || own === undefined) throw new Error('expected two entries');
    const other = newJar();
    await settledSignIn(kit, other, { accountId: 'user-2' });
    const [foreign = own] = opened(kit, other).entries;
    const before = kit.events.length;
    const pick = fc.constantFrom(entry, own, foreign);
    const parts = fc.record<Entry>({
      accountTag: fc.constant(own.accountTag),
      nameTag: pick.map(({ nameTag }) => nameTag),
      deviceId: pick.map(({ deviceId }) => deviceId),
      secret: pick.map(({ secret }) => secret),
      generation: fc.constantFrom(1, 2, 3),
      version: fc.constantFrom(0, 1),
    });
    await fc.assert(fc.asyncProperty(parts, async (mixed) => {
      const { known } = await look(kit.devices, forged(kit, { secret: opened(kit, jar).secret, entries: [mixed] }));
      expect(known).toBe(mixed.version === own.version && mixed.generation === own.generation && mixed.deviceId === own.deviceId && mixed.secret === own.secret);
    }), { numRuns: 300 });
    expect(kit.events.slice(before)).toEqual([]);
  });

  it('is worth nothing where the whole record of one account is put in place of another\'s', async () => {
    const kit = setup();
    const jar = newJar();
    await signIn(kit.devices, jar, { accountId: 'user-2' });
    const [entry] = opened(kit, jar).entries;
    const stolen = await kit.records.read(accountRecordKey('device', 'user-2'));
    await kit.records.compareAndSet({ key: accountRecordKey('device', accountId), expectedVersion: 0, value: stolen?.value ?? '' });
    const moved = forged(kit, { secret: opened(kit, jar).secret, entries: entry === undefined ? [] : [{ ...entry, accountTag: kit.keys.digest('account', accountId) }] });
    expect(await look(kit.devices, moved)).toEqual({ known: false });
    expect(await look(kit.devices, jar, 'user-2')).toMatchObject({ known: true });
  });

  it('needs the secret too: keys and records together make no cookie that is known', async () => {
    const kit = setup();
    const jar = newJar();
    await settledSignIn(kit, jar);
    const record = JSON.parse((await kit.stored()) ?? '') as { readonly devices: readonly { readonly id: string; readonly digest: string; readonly salt: string; readonly previous: { readonly digest: string } }[] };
    const [device] = record.devices;
    const [entry] = opened(kit, jar).entries;
    if (device === undefined || entry === undefined) throw new Error('expected a device and an entry');
    for (const secret of [device.digest, device.salt, device.previous.digest, 'A'.repeat(43)]) {
      expect(await look(kit.devices, forged(kit, { secret: 'A'.repeat(43), entries: [{ ...entry, secret }] }))).toEqual({ known: false });
    }
    // The secret of the browser itself is the one before the first, and opens nothing.
    expect(await look(kit.devices, forged(kit, { secret: 'A'.repeat(43), entries: [{ ...entry, secret: opened(kit, jar).secret }] }))).toEqual({ known: false });
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    expect(await kit.stored()).not.toContain(entry.secret);
  });

  it('needs the secret also while the one before the newest is still taken', async () => {
    const kit = setup();
    const jar = newJar();
    await settledSignIn(kit, jar);
    await signIn(kit.devices, jar);
    const [entry] = opened(kit, jar).entries;
    if (entry === undefined) throw new Error('expected an entry');
    const guess = forged(kit, { secret: 'A'.repeat(43), entries: [{ ...entry, generation: 1, secret: 'A'.repeat(43) }] });
    expect(await look(kit.devices, guess)).toEqual({ known: false });
  });

  it('is worth nothing where the records of two devices are exchanged', async () => {
    const kit = setup();
    const jars = [newJar(), newJar()];
    for (const jar of jars) await signIn(kit.devices, jar);
    const key = accountRecordKey('device', accountId);
    const { value = '', version = 0 } = (await kit.records.read(key)) ?? {};
    const { devices: [one, other] } = JSON.parse(value) as { readonly devices: readonly { readonly id: string }[] };
    const [mine, foreign] = jars.map((jar) => opened(kit, jar).entries[0]);
    if (one === undefined || other === undefined || mine === undefined || foreign === undefined) throw new Error('expected two devices');
    await kit.records.compareAndSet({ key, expectedVersion: version, value: JSON.stringify({ version: 0, devices: [{ ...one, id: other.id }, { ...other, id: one.id }] }) });
    for (const entry of [{ ...mine, deviceId: foreign.deviceId }, { ...foreign, deviceId: mine.deviceId }]) {
      expect(await look(kit.devices, forged(kit, { secret: 'A'.repeat(43), entries: [entry] }))).toEqual({ known: false });
    }
  });

  // ASVS 7.2.3, 11.5.1
  it('has a secret of 256 bits that is replaced by another one, which the old one alone does not lead to', async () => {
    const kit = setup();
    const jar = newJar();
    const seen = new Set<string>();
    for (let turn = 0; turn < 5; turn += 1) {
      await settledSignIn(kit, jar);
      const [entry] = opened(kit, jar).entries;
      expect(Buffer.from(entry?.secret ?? '', 'base64url')).toHaveLength(32);
      expect(entry?.generation).toBe(turn + 1);
      seen.add(entry?.secret ?? '');
    }
    expect(seen.size).toBe(5);
    expect((await kit.stored())?.match(/"salt":"[\w-]{43}"/)).not.toBeNull();
    expect(Buffer.from(jar.cookie ?? '').includes(Buffer.from('salt'))).toBe(false);
  });
});

describe.each(stores)('revoking all browsers of an account, on %s,', (on) => {
  it('makes each of them a stranger, second factor and all, and leaves other accounts alone', async () => {
    const kit = setup({ on });
    const [one, other] = [newJar(), newJar()];
    await settledSignIn(kit, one, { secondFactor: true });
    await settledSignIn(kit, one, { accountId: 'user-2' });
    await settledSignIn(kit, other);
    await kit.devices.revokeAll(accountId);
    expect(kit.events).toEqual([{ type: 'device.revoked', which: 'all', accountId }]);
    for (const jar of [one, other]) expect(await look(kit.devices, jar)).toEqual({ known: false });
    expect(await kit.devices.list(accountId)).toEqual([]);
    expect(await look(kit.devices, one, 'user-2')).toMatchObject({ known: true });
    const sinceMs = kit.clock.nowMs();
    await signIn(kit.devices, one);
    expect(await look(kit.devices, one)).toEqual({ known: true, deviceId: expect.any(String) as string, knownSinceMs: sinceMs });
    expect(await look(kit.devices, other)).toEqual({ known: false });
  });

  it('is one read and one write, also where nothing was ever stored', async () => {
    const kit = setup({ on });
    await kit.devices.revokeAll(accountId);
    expect(kit.calls).toEqual(['read', 'compareAndSet']);
    expect(JSON.parse((await kit.stored()) ?? '')).toEqual({ version: 1, revokedAtMs: kit.clock.nowMs(), devices: [] });
    const jar = newJar();
    await signIn(kit.devices, jar);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    await kit.devices.revokeAll(accountId);
    expect(await look(kit.devices, jar)).toEqual({ known: false });
  });

  it('also ends an entry whose device is in the list of a later version', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await signIn(kit.devices, jar);
    const key = accountRecordKey('device', accountId);
    const record = await kit.records.read(key);
    const bumped = JSON.stringify({ ...(JSON.parse(record?.value ?? '') as object), version: 1 });
    await kit.records.compareAndSet({ key, expectedVersion: record?.version ?? 0, value: bumped });
    expect(await look(kit.devices, jar)).toEqual({ known: false });
    expect(kit.events).toEqual([]);
  });

  it('at the same moment as fifty sign-ins leaves each browser known or unknown, and never a list of the time before', async () => {
    const kit = setup({ on });
    const jars = Array.from({ length: 20 }, () => newJar());
    await Promise.all([...jars.map((jar) => signIn(kit.devices, jar)), kit.devices.revokeAll(accountId), ...jars.map((jar) => signIn(kit.devices, newJar(jar.cookie)))]);
    const listed = new Set((await kit.devices.list(accountId)).map(({ id }) => id));
    for (const jar of jars) {
      const seen = await look(kit.devices, jar);
      expect(seen.known).toBe(seen.known && listed.has(seen.deviceId));
    }
    await kit.devices.revokeAll(accountId);
    for (const jar of jars) expect(await look(kit.devices, jar)).toEqual({ known: false });
  });
});

describe('what leaves the piece', () => {
  it('is no part of a cookie: not in an event, not in a record, not in what is answered about a browser', async () => {
    const kit = setup();
    const jar = newJar();
    const cookies: string[] = [];
    const secrets = new Set<string>();
    const told: unknown[] = [];
    for (const account of [accountId, 'user-2']) {
      for (let turn = 0; turn < 3; turn += 1) {
        await settledSignIn(kit, jar, { accountId: account, label: 'Firefox' });
        cookies.push(jar.cookie ?? '');
        const { secret, entries } = opened(kit, jar);
        for (const part of [secret, ...entries.flatMap(({ secret: own, accountTag, nameTag }) => [own, accountTag, nameTag])]) secrets.add(part);
      }
    }
    for (const cookie of cookies) told.push(await look(kit.devices, newJar(cookie)), kit.devices.read(cookie), kit.devices.identify(kit.devices.read(cookie)));
    told.push(await kit.devices.list(accountId));
    await kit.devices.revokeAll(accountId);
    const text = JSON.stringify([told, kit.events, await kit.stored(), (await kit.records.read(accountRecordKey('device', 'user-2')))?.value]);
    expect(kit.events.length).toBeGreaterThan(1);
    expect(secrets.size).toBeGreaterThan(8);
    for (const secret of secrets) expect(text).not.toContain(secret);
    for (const cookie of cookies) expect(text).not.toContain(cookie.slice(-40));
    expect(text).not.toContain(name);
  });
});
