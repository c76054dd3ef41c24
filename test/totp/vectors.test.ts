import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arithmetic, matchingStep, oneShot } from '../../src/totp/arithmetic.ts';
import { hasDebian } from '../support/debian.ts';
import { accountId, setup } from './setup.ts';

const ascii = '12345678901234567890';
const keys = { sha1: ascii, sha256: `${ascii}123456789012`, sha512: `${ascii}${ascii}${ascii}1234` } as const;

describe('the vectors of the RFCs', () => {
  // RFC 4226 appendix D
  it.each(['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'].map((code, counter) => [counter, code] as const))('HOTP %i is %s', async (counter, code) => {
    expect((await arithmetic()).codeAt(Buffer.from(ascii), counter)).toBe(code);
  });

  // RFC 6238 appendix B
  it.each([
    [59, '94287082', '46119246', '90693936'],
    [1_111_111_109, '07081804', '68084774', '25091201'],
    [1_111_111_111, '14050471', '67062674', '99943326'],
    [1_234_567_890, '89005924', '91819424', '93441116'],
    [2_000_000_000, '69279037', '90698825', '38618901'],
    [20_000_000_000, '65353130', '77737706', '47863826'],
  ])('TOTP at %i is %s, %s and %s', async (seconds, ...codes) => {
    const { codeAt } = await arithmetic();
    const step = Math.floor(seconds / 30);
    expect((['sha1', 'sha256', 'sha512'] as const).map((algorithm) => codeAt(Buffer.from(keys[algorithm]), step, { algorithm, digits: 8 }))).toEqual(codes);
    // Six digits are the last six of eight, with their leading zeros.
    expect(codeAt(Buffer.from(ascii), step)).toBe(codes[0].slice(2));
  });

  it('are matched as text, the newest step first, and none is matched by a number', async () => {
    const maths = await arithmetic();
    const secret = Buffer.from(ascii);
    const step = Math.floor(1_234_567_890 / 30);
    expect(matchingStep(maths, { secret, code: '005924', steps: [step + 1, step] })).toBe(step);
    expect(matchingStep(maths, { secret, code: '5924', steps: [step] })).toBeUndefined();
  });
});

describe('the arithmetic', () => {
  // RFC 2104
  it('makes the HMAC that node makes, for keys and messages of every length', () => {
    fc.assert(fc.property(fc.constantFrom('sha1', 'sha256', 'sha512'), fc.uint8Array({ maxLength: 300, size: 'max' }), fc.uint8Array({ maxLength: 64 }), (algorithm, key, data) => {
      expect(Buffer.from(oneShot.hmac(algorithm, key, data) as Uint8Array).toString('hex')).toBe(createHmac(algorithm, key).update(data).digest('hex'));
    }));
  });

  it('names the newest step of those that have the same code, so that none of them is taken after it', () => {
    const secret = Buffer.from(ascii);
    expect(matchingStep({ codeAt: () => '123456' }, { secret, code: '123456', steps: [8, 7] })).toBe(8);
    expect(matchingStep({ codeAt: () => '123456' }, { secret, code: '123456', steps: [7, 8] })).toBe(8);
  });

  it('compares nothing that is no code, were it as short as nothing', () => {
    expect(matchingStep({ codeAt: () => '' }, { secret: Buffer.from(ascii), code: '', steps: [8] })).toBeUndefined();
  });
});

describe.skipIf(!hasDebian('oathtool'))('beside oathtool, an authenticator of another project', () => {
  function oathtool(...args: readonly string[]): string {
    const { stdout, status, stderr } = spawnSync('/usr/bin/oathtool', args, { encoding: 'utf8' });
    if (status !== 0 && stdout === '') throw new Error(`oathtool did not run (apt-get install -y oathtool): ${stderr}`);
    return stdout.trim();
  }

  it('its codes enroll an authenticator and sign in with it', async () => {
    const { totp, clock } = setup();
    const begun = await totp.enroll({ accountId, accountName: 'ada@example.com' });
    if (!begun.ok) throw new Error(begun.reason);
    const foreign = (): string => oathtool('--totp', '-b', begun.secret.replaceAll(' ', ''), '-N', `@${Math.floor(clock.nowMs() / 1_000)}`);
    expect(await totp.confirm({ accountId, factorId: begun.factorId, code: foreign() })).toMatchObject({ ok: true, first: true });
    await clock.advance(30_000);
    expect(await totp.verify({ accountId, code: foreign() })).toMatchObject({ ok: true });
  });

  it('it takes codes that ours makes, for secrets of every length that is imported', async () => {
    const { codeAt, toBase32 } = await arithmetic();
    for (const bytes of [10, 16, 20, 32, 64]) {
      const secret = Buffer.alloc(bytes, bytes);
      const atSeconds = 1_700_000_000 + bytes;
      expect(oathtool('--totp', '-b', toBase32(secret), '-N', `@${atSeconds}`)).toBe(codeAt(secret, Math.floor(atSeconds / 30)));
    }
  });
});
