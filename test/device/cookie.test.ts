import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDevices, deviceCookieName, type Devices } from 'portcullis/device';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { accountId, look, name, newJar, ringOf, sentAfter, setup, settledSignIn, signIn, valueOf, visited } from './setup.ts';

/** Every Set-Cookie line that the piece makes for a browser with 0 to 6 accounts. */
async function lines(devices: Devices): Promise<readonly string[]> {
  const found = [devices.identify(devices.read(undefined)).setCookie ?? ''];
  for (let account = 0; account < 6; account += 1) {
    const login = { accountId: 'user'.repeat(account * 10) + String(account), name: 'x'.repeat(account * 50), secondFactor: account % 2 === 0, label: 'y'.repeat(account * 30) };
    found.push((await devices.remember({ ...login, browser: devices.read(sentAfter(found.at(-1) ?? '')) })).setCookie);
  }
  return found;
}

describe('the cookie of a browser', () => {
  // checklist 74; ASVS 3.3.1 to 3.3.4
  it('is __Host-, Secure, HttpOnly, SameSite=Lax, for the whole host, without a Domain', async () => {
    for (const line of await lines(setup().devices)) {
      const [pair = '', ...attributes] = line.split('; ');
      expect(pair).toMatch(/^__Host-portcullis-device=v1\.k1\.[\w-]+$/);
      expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=15552000', 'Path=/', 'SameSite=Lax', 'Secure']);
    }
    expect(deviceCookieName).toBe('__Host-portcullis-device');
  });

  it('is of one length whatever it holds, and well below what browsers take', async () => {
    const lengths = new Set((await lines(setup().devices)).map((line) => line.length));
    expect(lengths.size).toBe(1);
    expect(Math.max(...lengths)).toBeLessThan(700);
  });

  it('lives as long as the browser is known', async () => {
    const { devices } = setup({ knownForMs: 90_000 });
    for (const line of await lines(devices)) expect(line).toContain('; Max-Age=90;');
  });

  // checklist 74
  it('is opaque: no id, name, tag or label is in it, in plain or in base64, and it differs each time', async () => {
    const { devices, keys } = setup();
    const jar = visited(devices);
    const seen = [jar.cookie];
    for (let turn = 0; turn < 5; turn += 1) {
      await signIn(devices, jar, { label: 'Firefox' });
      seen.push(jar.cookie);
    }
    expect(new Set(seen).size).toBe(6);
    const { id = '' } = devices.read(jar.cookie);
    const [device] = await devices.list(accountId);
    const secrets = [accountId, name, 'Firefox', id, device?.id ?? '', keys.digest('account', accountId), keys.digest('identifier', name)];
    const text = `${jar.cookie ?? ''} ${Buffer.from(jar.cookie?.split('.')[2] ?? '', 'base64url').toString('latin1')}`;
    for (const secret of secrets) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret, 'base64url').toString('latin1'));
    }
  });

  it('gives the browser an id of 128 bits that stays, and that is no part of what is in the cookie', async () => {
    const { devices, keys, clock } = setup();
    const jar = visited(devices);
    const { id } = devices.read(jar.cookie);
    expect(Buffer.from(id ?? '', 'base64url')).toHaveLength(16);
    await settledSignIn({ devices, clock }, jar);
    await settledSignIn({ devices, clock }, jar, { accountId: 'user-2' });
    expect(devices.read(jar.cookie).id).toBe(id);
    const opened = keys.open('device', valueOf(jar.cookie ?? ''), 'device-cookie');
    expect(opened.ok && opened.plaintext.includes(Buffer.from(id ?? '', 'base64url'))).toBe(false);
  });
});

describe('identifying a browser', () => {
  it('leaves one alone that has a cookie', async () => {
    const { devices } = setup();
    const jar = visited(devices);
    const { id } = devices.read(jar.cookie);
    expect(devices.identify(devices.read(jar.cookie))).toEqual({ id });
    await signIn(devices, jar);
    expect(devices.identify(devices.read(jar.cookie))).toEqual({ id });
  });

  it('gives one without a cookie an id that it has from then on, the same however often it is asked during a request', async () => {
    const { devices } = setup();
    const browser = devices.read(undefined);
    const first = devices.identify(browser);
    const second = devices.identify(browser);
    expect(second.id).toBe(first.id);
    const { setCookie } = await devices.remember({ browser, accountId, name });
    for (const line of [first.setCookie, second.setCookie, setCookie]) expect(devices.read(sentAfter(line ?? '')).id).toBe(first.id);
    expect(devices.identify(devices.read(undefined)).id).not.toBe(first.id);
  });

  it('asks no store', () => {
    const { devices, calls } = setup();
    devices.identify(devices.read(undefined));
    expect(calls).toEqual([]);
  });
});

describe('a hint that a cookie knows a name', () => {
  it('is given for the names of the last four accounts, and without asking the store', async () => {
    const { devices, calls } = setup();
    const jar = newJar();
    for (const at of [1, 2, 3, 4, 5]) await signIn(devices, jar, { accountId: `user-${at}`, name: `name-${at}` });
    calls.length = 0;
    const browser = devices.read(jar.cookie);
    expect([1, 2, 3, 4, 5].map((at) => browser.mayKnow(`name-${at}`))).toEqual([false, true, true, true, true]);
    for (const other of ['', 'user-5', 'NAME-5', 'name-5 ', 'x'.repeat(1_000_000), undefined, null, 5, {}]) expect(browser.mayKnow(other as string)).toBe(false);
    expect(calls).toEqual([]);
  });

  it('follows a name that has changed', async () => {
    const { devices } = setup();
    const jar = newJar();
    await signIn(devices, jar);
    await signIn(devices, jar, { name: 'lovelace@example.org' });
    const browser = devices.read(jar.cookie);
    expect([browser.mayKnow(name), browser.mayKnow('lovelace@example.org')]).toEqual([false, true]);
  });
});

describe('a cookie that is not ours', () => {
  const value = async (): Promise<string> => {
    const { devices } = setup();
    const jar = newJar();
    await signIn(devices, jar);
    return valueOf(jar.cookie ?? '');
  };

  /** Reads as no cookie at all, and is known to nobody. */
  async function isNothing(header: unknown, devices = setup().devices): Promise<void> {
    const browser = devices.read(header as string | undefined);
    expect(browser.id).toBeUndefined();
    expect(browser.mayKnow(name)).toBe(false);
    expect(await devices.recognize(browser, accountId)).toEqual({ known: false });
  }

  it.each<readonly [string, unknown]>([
    ['no header', undefined],
    ['an empty header', ''],
    ['an empty value', `${deviceCookieName}=`],
    ['garbage', `${deviceCookieName}=garbage`],
    ['dots', `${deviceCookieName}=v1..`],
    ['the right form', `${deviceCookieName}=v1.k1.${'A'.repeat(552)}`],
    ['a value of 15 KB', `${deviceCookieName}=v1.k1.${'A'.repeat(15_000)}`],
    ['ten megabytes', `${deviceCookieName}=v1.k1.${'A'.repeat(10_000_000)}`],
    ['a thousand of them', Array.from({ length: 500 }, (_, at) => `${deviceCookieName}=${at}`).join('; ')],
    ['no text', 42],
    ['a list', [`${deviceCookieName}=x`]],
  ])('is as good as none: %s', async (_, header) => {
    await isNothing(header);
  });

  it('is any with one bit changed, cut or made longer', async () => {
    const good = await value();
    const body = good.slice('v1.k1.'.length);
    const kit = setup();
    await fc.assert(fc.asyncProperty(fc.nat({ max: body.length - 1 }), fc.stringMatching(/^[\w-]$/), async (at, char) => {
      if (body.charAt(at) !== char) await isNothing(`${deviceCookieName}=v1.k1.${body.slice(0, at)}${char}${body.slice(at + 1)}`, kit.devices);
      await isNothing(`${deviceCookieName}=v1.k1.${body.slice(0, at)}`, kit.devices);
      await isNothing(`${deviceCookieName}=${good}${char}`, kit.devices);
    }));
  });

  it('is one of another ring, of another purpose, of another binding or of another form', async () => {
    const kit = setup();
    const jar = newJar();
    await signIn(kit.devices, jar);
    const opened = kit.keys.open('device', valueOf(jar.cookie ?? ''), 'device-cookie');
    const plaintext = opened.ok ? opened.plaintext : Buffer.alloc(0);
    const sealed = (bytes: Uint8Array): string => `${deviceCookieName}=${kit.keys.seal('device', bytes, 'device-cookie')}`;
    expect(kit.devices.read(sealed(plaintext)).id).toBeDefined();
    await isNothing(`${deviceCookieName}=${ringOf('foreign').seal('device', plaintext, 'device-cookie')}`, kit.devices);
    await isNothing(`${deviceCookieName}=${kit.keys.seal('token', plaintext, 'device-cookie')}`, kit.devices);
    await isNothing(`${deviceCookieName}=${kit.keys.seal('device', plaintext, 'other')}`, kit.devices);
    await isNothing(sealed(plaintext.subarray(1)), kit.devices);
    await isNothing(sealed(Buffer.concat([plaintext, Buffer.alloc(1)])), kit.devices);
    await isNothing(sealed(Buffer.from('{}')), kit.devices);
    for (const [at, byte] of [[0, 0], [0, 2], [1, 5], [1, 255]] as const) {
      const bytes = Buffer.from(plaintext);
      bytes.writeUInt8(byte, at);
      await isNothing(sealed(bytes), kit.devices);
    }
  });

  it('beside a good one ends both, since one of them was planted', async () => {
    const kit = setup();
    const [one, other] = [newJar(), newJar()];
    await signIn(kit.devices, one);
    await signIn(kit.devices, other);
    await isNothing(`${one.cookie ?? ''}; ${other.cookie ?? ''}`, kit.devices);
    expect(kit.devices.read(`a=1; ${one.cookie ?? ''}; b=2; ${one.cookie ?? ''}`).id).toBeDefined();
  });

  it('never makes anything throw', async () => {
    const { devices } = setup();
    const header = fc.oneof(fc.anything(), fc.string({ unit: 'binary' }), fc.string().map((text) => `${deviceCookieName}=${text}`), fc.stringMatching(/^v1\.k1\.[\w-]{38,600}$/).map((text) => `${deviceCookieName}=${text}`));
    await fc.assert(fc.asyncProperty(header, (given) => isNothing(given, devices)));
  });

  it('gives the browser a new one, and a handle that nobody read is a browser without one', async () => {
    const { devices } = setup();
    expect(devices.identify(devices.read(`${deviceCookieName}=garbage`)).setCookie).toBeDefined();
    const made = { id: 'made up', mayKnow: () => true };
    expect(await devices.recognize(made, accountId)).toEqual({ known: false });
    expect(devices.identify(made).id).not.toBe('made up');
    const other = createDevices({ keys: ringOf('k1'), records: memoryStore() });
    const jar = newJar();
    await signIn(devices, jar);
    expect(await other.recognize(devices.read(jar.cookie), accountId)).toEqual({ known: false });
  });
});

describe('when keys change', () => {
  it('an old key still opens, the next sign-in seals under the newest, and what was known stays known', async () => {
    const before = setup({ keys: ringOf('k1') });
    const jar = newJar();
    const deviceId = await settledSignIn(before, jar, { secondFactor: true });
    const { id } = before.devices.read(jar.cookie);
    const known = await look(before.devices, jar);
    expect(known).toMatchObject({ known: true, deviceId });

    const both = setup({ keys: ringOf('k2', 'k1'), store: before.records, clock: before.clock });
    expect(both.devices.read(jar.cookie).mayKnow(name)).toBe(true);
    expect(await look(both.devices, jar)).toEqual(known);
    expect(await signIn(both.devices, jar)).toBe(deviceId);
    expect(jar.cookie).toMatch(/=v1\.k2\./);

    const after = setup({ keys: ringOf('k2'), store: before.records, clock: before.clock });
    expect(after.devices.read(jar.cookie)).toMatchObject({ id });
    expect(after.devices.read(jar.cookie).mayKnow(name)).toBe(true);
    expect(await look(after.devices, jar)).toEqual(known);
  });

  it('a cookie whose key is gone is none', async () => {
    const before = setup({ keys: ringOf('k1') });
    const jar = newJar();
    await signIn(before.devices, jar);
    const { devices } = setup({ keys: ringOf('k2'), store: before.records, clock: before.clock });
    expect(devices.read(jar.cookie).id).toBeUndefined();
    expect(devices.read(jar.cookie).mayKnow(name)).toBe(false);
    expect(await look(devices, jar)).toEqual({ known: false });
  });

  it('an account in a cookie takes one place, whichever key named it', async () => {
    const before = setup({ keys: ringOf('k1') });
    const jar = newJar();
    for (const at of [1, 2, 3, 4]) await signIn(before.devices, jar, { accountId: `user-${at}`, name: `name-${at}` });
    const { devices } = setup({ keys: ringOf('k2', 'k1'), store: before.records, clock: before.clock });
    for (let turn = 0; turn < 3; turn += 1) await signIn(devices, jar, { accountId: 'user-4', name: 'name-4' });
    for (const at of [1, 2, 3, 4]) expect(await look(devices, jar, `user-${at}`)).toMatchObject({ known: true });
  });
});
