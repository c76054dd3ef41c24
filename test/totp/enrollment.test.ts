import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import { arithmetic } from '../../src/totp/arithmetic.ts';
import { keyUri } from '../../src/totp/shown.ts';
import { readCode, readSecret } from '../../src/totp/typed.ts';
import { hasDebian } from '../support/debian.ts';
import { accountId, recordKey, setup } from './setup.ts';

describe('what an enrollment shows', () => {
  // KEYURI, RFC 3986
  it('is a URI of one exact form', async () => {
    const { totp } = setup({ issuer: 'ACME & Söhne' });
    const begun = await totp.enroll({ accountId, accountName: 'a+b@ex.com' });
    if (!begun.ok) throw new Error(begun.reason);
    const secret = begun.secret.replaceAll(' ', '');
    expect(begun.uri).toBe(`otpauth://totp/ACME%20%26%20S%C3%B6hne:a%2Bb%40ex.com?secret=${secret}&issuer=ACME%20%26%20S%C3%B6hne`);
    // RFC 4226 section 4, SP 800-63B-4 section 3.1.4.1: 160 bits, no padding.
    expect(begun.secret).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    expect(begun.expiresAtMs).toBeGreaterThan(0);
  });

  it('can be read by every parser of URIs, whatever an account is called', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((issuer) => !issuer.includes(':')), (accountName, issuer) => {
      const uri = new URL(keyUri({ issuer, accountName, secret: 'ABCD' }));
      const label = decodeURIComponent(uri.pathname.slice('/'.length).replace(/^\/totp\//, ''));
      expect(uri.href).not.toMatch(/[+!'()*]/);
      expect(label.split(':')).toHaveLength(2);
      expect([...uri.searchParams]).toEqual([['secret', 'ABCD'], ['issuer', issuer]]);
    }));
  });

  // ISO/IEC 18004: a code of any version holds 2331 bytes at this level of correction, and a phone wants far fewer.
  it.each(['漢'.repeat(500), '😀'.repeat(500), '%'.repeat(500), '\ud800'.repeat(500), `${'a'.repeat(300)}@example.com`, ':::', ' ', '\u202e'])('fits a QR code, whatever an account is called (%#)', async (accountName) => {
    const { totp } = setup({ issuer: '漢'.repeat(64) });
    const begun = await totp.enroll({ accountId, accountName });
    if (!begun.ok) throw new Error(begun.reason);
    const label = decodeURIComponent(new URL(begun.uri).pathname);
    expect(label.endsWith(':') || begun.uri.length > 1_550).toBe(false);
    expect(begun.qr.svg).toMatch(/^<svg /);
  });

  it.skipIf(!hasDebian('zbar-tools'))('is a QR code that a scanner reads back to the letter', async () => {
    const { totp } = setup();
    const begun = await totp.enroll({ accountId, accountName: 'ada@example.com' });
    if (!begun.ok) throw new Error(begun.reason);
    const { data, size } = encode(begun.uri, { border: 4, ecc: 'M' });
    const pixels = Buffer.alloc(size * 6 * size * 6);
    for (let y = 0; y < size * 6; y += 1) for (let x = 0; x < size * 6; x += 1) pixels[y * size * 6 + x] = data[Math.floor(y / 6)]?.[Math.floor(x / 6)] === true ? 0 : 255;
    const file = join(mkdtempSync(join(tmpdir(), 'qr-')), 'code.pgm');
    writeFileSync(file, Buffer.concat([Buffer.from(`P5 ${size * 6} ${size * 6} 255\n`), pixels]));
    expect(spawnSync('/usr/bin/zbarimg', ['--nodbus', '-q', '--raw', file], { encoding: 'utf8' }).stdout.trim()).toBe(begun.uri);
    // The drawing is of the same modules: a dark one for each path element, and a border of four.
    expect(begun.qr.svg.match(/h10v10h-10z/g)).toHaveLength(data.flat().filter(Boolean).length);
    // ISO/IEC 18004: dark on light, also on a dark page; nothing to run, nothing to load, of any size.
    const side = size * 10;
    expect(begun.qr.svg.replace(/ d="[^"]*"/, '')).toBe(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}"><rect fill="white" width="${side}" height="${side}"/><path fill="black"/></svg>`);
    expect(begun.qr.svg).toMatch(/ d="[Mhvz0-9,-]+"/);
    expect(begun.qr.dataUrl).toBe(`data:image/svg+xml;base64,${Buffer.from(begun.qr.svg).toString('base64')}`);
  });

  it('is new each time, and its secret lies sealed at rest', async () => {
    const { totp, records } = setup();
    const secrets = new Set<string>();
    for (let turn = 0; turn < 20; turn += 1) {
      const begun = await totp.enroll({ accountId, accountName: 'ada@example.com' });
      if (begun.ok) secrets.add(begun.secret);
    }
    expect(secrets.size).toBe(20);
    const stored = (await records.read(recordKey))?.value ?? '';
    for (const secret of secrets) expect(stored).not.toContain(secret.replaceAll(' ', ''));
    expect(stored).not.toContain('otpauth');
  });
});

describe('an enrollment', () => {
  // SP 800-63B-4 section 4.1
  it('counts for nothing before a right code, and then at once', async () => {
    const self = setup();
    const begun = await self.totp.enroll({ accountId, accountName: 'ada@example.com', name: ' my\u202e phone\n', source: 'Firefox' });
    if (!begun.ok) throw new Error(begun.reason);
    self.secret = begun.secret;
    expect(await self.totp.list(accountId)).toEqual([]);
    expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'none-enrolled' });
    expect(await self.totp.confirm({ accountId, factorId: begun.factorId, code: '000000' })).toEqual({ ok: false, reason: 'wrong-code' });
    const nowMs = self.clock.nowMs();
    const factor = { id: begun.factorId, name: 'my phone', createdAtMs: nowMs, confirmedAtMs: nowMs, lastUsedAtMs: nowMs, state: 'active', stateSinceMs: nowMs, source: 'Firefox' };
    expect(await self.totp.confirm({ accountId, factorId: begun.factorId, code: self.code() })).toEqual({ ok: true, first: true, factor });
    expect(await self.totp.list(accountId)).toEqual([factor]);
    expect(await self.totp.confirm({ accountId, factorId: begun.factorId, code: self.code() })).toEqual({ ok: false, reason: 'unknown-factor' });
  });

  // RFC 6238 section 5.2
  it('spends the code that it took', async () => {
    const self = setup();
    await self.enroll();
    expect(await self.verify(self.code(-1))).toEqual({ ok: false, reason: 'replayed' });
    expect(self.events).toMatchObject([{ type: 'factor.replayed', accountId }]);
  });

  it('waits ten minutes and ten codes, and a new one ends the one before', async () => {
    const self = setup();
    const first = await self.totp.enroll({ accountId, accountName: 'ada' });
    const second = await self.totp.enroll({ accountId, accountName: 'ada' });
    if (!first.ok || !second.ok) throw new Error('no enrollment');
    self.secret = first.secret;
    expect(await self.totp.confirm({ accountId, factorId: first.factorId, code: self.code() })).toEqual({ ok: false, reason: 'unknown-factor' });
    self.secret = second.secret;
    await self.clock.advance(600_000);
    expect(await self.totp.confirm({ accountId, factorId: second.factorId, code: self.code() })).toEqual({ ok: false, reason: 'unknown-factor' });
    const third = await self.totp.enroll({ accountId, accountName: 'ada' });
    if (!third.ok) throw new Error('no enrollment');
    self.secret = third.secret;
    for (let turn = 1; turn < 10; turn += 1) expect(await self.totp.confirm({ accountId, factorId: third.factorId, code: '000000' })).toEqual({ ok: false, reason: 'wrong-code' });
    expect(await self.totp.confirm({ accountId, factorId: third.factorId, code: '000000' })).toEqual({ ok: false, reason: 'too-many-tries' });
    expect(await self.totp.confirm({ accountId, factorId: third.factorId, code: self.code() })).toEqual({ ok: false, reason: 'unknown-factor' });
  });

  it('is one of five at most', async () => {
    const self = setup();
    for (let turn = 0; turn < 5; turn += 1) await self.enroll(`phone ${turn}`);
    expect(await self.totp.enroll({ accountId, accountName: 'ada' })).toEqual({ ok: false, reason: 'too-many-factors' });
    expect((await self.totp.list(accountId))?.map(({ name }) => name)).toEqual(['phone 0', 'phone 1', 'phone 2', 'phone 3', 'phone 4']);
  });

  it('takes over a secret of 80 bits that works elsewhere, in every form in which it is handed out', async () => {
    const self = setup();
    const imported = await self.totp.import({ accountId, secret: 'jbsw y3dp-ehpk 3pxp', name: 'old phone' });
    expect(imported).toMatchObject({ ok: true, factor: { name: 'old phone', state: 'active' } });
    self.secret = 'JBSWY3DPEHPK3PXP';
    expect(await self.verify(self.code())).toMatchObject({ ok: true });
    for (const secret of ['JBSWY3DP', 'JBSWY3DPEHPK3PX1', '', 'x'.repeat(10_000), 7]) expect(await self.totp.import({ accountId, secret: secret as string })).toEqual({ ok: false, reason: 'malformed' });
  });
});

describe('the parsers', () => {
  it.skipIf(!hasDebian('oathtool')).each([['32 characters of 160 bits', 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXZ'], ['18 characters of 90 bits', 'JBSWY3DPEHPK3PXPAB'], ['26 characters of 130 bits', 'JBSWY3DPEHPK3PXPJBSWY3DPE7'], ['52 characters of 260 bits', `${'JBSWY3DPEHPK3PXP'.repeat(3)}ABC7`]])('read a secret as other authenticators do: %s', async (_what, text) => {
    const maths = await arithmetic();
    const read = readSecret(maths, text);
    expect(read).toBeDefined();
    const foreign = spawnSync('/usr/bin/oathtool', ['--totp', '-b', text, '-N', '@1700000000'], { encoding: 'utf8' }).stdout.trim();
    expect(maths.codeAt(read ?? new Uint8Array(20), Math.floor(1_700_000_000 / 30))).toBe(foreign);
  });

  // RFC 4648 section 6: 1, 3 and 6 characters over are no bytes.
  it.each([17, 19, 22])('refuse a secret of %i characters, of which one is missing', async (length) => {
    expect(readSecret(await arithmetic(), 'A'.repeat(length))).toBeUndefined();
  });

  // RFC 4226 section 5.3
  it('take six ASCII digits, however they were spaced, and nothing else', () => {
    for (const typed of ['005924', ' 005 924 ', '005-924', '0 0 5 9 2 4', '005\u00a0924', '005\u2009924', '005924\r\n']) expect(readCode(typed)).toBe('005924');
    for (const typed of [5924, '5924', '0059244', '٠٠٥٩٢٤', '００５９２４', '00592a', '', null, ['005924'], { length: 6 }, '1'.repeat(10_000_000), '\0'.repeat(6), '\ud800'.repeat(6)]) expect(readCode(typed)).toBeUndefined();
  });

  it('never throw, and answer nothing but what they promise', async () => {
    const maths = await arithmetic();
    fc.assert(fc.property(fc.anything(), (given) => {
      expect(readCode(given) ?? '000000').toMatch(/^[0-9]{6}$/);
      expect(readSecret(maths, given)?.length ?? 20).toBeGreaterThanOrEqual(10);
    }));
    const base32 = fc.string({ unit: fc.constantFrom(...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')), maxLength: 120, size: 'max' });
    fc.assert(fc.property(base32, (text) => {
      const bits = text.length * 5;
      expect(readSecret(maths, text)?.length).toBe(bits % 8 >= 5 || bits < 80 || bits >= 520 ? undefined : Math.floor(bits / 8));
    }), { numRuns: 500 });
    fc.assert(fc.property(fc.uint8Array({ minLength: 10, maxLength: 64 }), (secret) => {
      expect(Buffer.from(readSecret(maths, maths.toBase32(secret)) ?? [])).toEqual(Buffer.from(secret));
    }));
  });
});

describe('the options', () => {
  it.each([
    [{ issuer: 'AC:ME' }, 'totp.issuer: expected at most 64 characters, and no colon, which ends the issuer in an authenticator app'],
    [{ issuer: 'x'.repeat(65) }, 'totp.issuer: expected at most 64 characters, and no colon, which ends the issuer in an authenticator app'],
    [{ issuer: '\ud800' }, 'totp.issuer: expected at most 64 characters, and no colon, which ends the issuer in an authenticator app'],
    [{ maxKnownFailures: 0 }, 'totp.maxKnownFailures: expected a whole number from 1 to 100, got 0'],
    [{ maxFactors: 21 }, 'totp.maxFactors: expected a whole number from 1 to 20, got 21'],
    [{ pendingMs: 3_600_001 }, 'totp.pendingMs: expected a whole number from 60000 to 3600000, got 3600001'],
    [{ issuer: '' }, 'totp.issuer: expected a non-empty string, got a string of 0 characters'],
    [{ maxFailures: 101 }, 'totp.maxFailures: expected a whole number from 1 to 100, got 101'],
    [{ maxFailures: 60, maxKnownFailures: 41 }, 'totp.maxFailures and maxKnownFailures: expected at most 100 together (SP 800-63B-4 section 3.2.2)'],
    [{ digits: 8 }, 'totp.digits: unknown option; known: keys, records, issuer, strict, maxFailures, maxKnownFailures, maxFactors, pendingMs, clock, random, emit'],
    [{ keys: null }, 'totp.keys: expected what createKeyRing() makes, got null'],
  ])('are refused where they are wrong: %#', (options, message) => {
    expect(() => setup(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
  });

  it('refuse a source of chance that gives too few bytes', async () => {
    const { totp } = setup({ random: () => Buffer.alloc(4) });
    await expect(totp.enroll({ accountId, accountName: 'ada' })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });
});

