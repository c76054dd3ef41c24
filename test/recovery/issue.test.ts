import { describe, expect, it } from 'vitest';
import { recoveryDefaults } from 'portcullis/recovery';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { accountId, neverMade, seeded, setup } from './setup.ts';

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const form = /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}-[0-9A-HJKMNP-TV-Z]{6}$/;

function bare(code: string): string {
  return code.replaceAll('-', '');
}

describe('issuing recovery codes', () => {
  it('makes ten that differ, each of 26 characters in five groups, none of which can be taken for another', async () => {
    const codes = await setup().recovery.issue(accountId);
    expect(codes).toHaveLength(recoveryDefaults.count);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(form);
    expect(Object.isFrozen(codes)).toBe(true);
  });

  // checklist 54; ASVS 6.5.4, 11.5.1
  it('gives each at least 128 bits: 17 bytes of the source, of which 130 bits are shown', async () => {
    const asked: number[] = [];
    const random = seeded('sizes');
    const { recovery } = setup({ random: (sizeBytes) => (asked.push(sizeBytes), random(sizeBytes)) });
    const [code = ''] = await recovery.issue(accountId);
    expect(asked).toEqual(Array.from({ length: 10 }, () => 17));
    expect(bare(code).length * Math.log2(digits.length)).toBe(130);
  });

  // checklist 54; ASVS 6.5.3, 11.5.1
  it('prefers no character at any place, over 40,000 codes', async () => {
    const { recovery } = setup({ count: 20, random: seeded('bias') });
    const counts = Array.from({ length: 26 }, () => new Map<string, number>());
    for (let set = 0; set < 2_000; set += 1) {
      for (const code of await recovery.issue(accountId)) Array.from(bare(code)).forEach((char, at) => counts[at]?.set(char, (counts[at].get(char) ?? 0) + 1));
    }
    const expected = 40_000 / digits.length;
    for (const place of counts) {
      expect(Array.from(place.keys()).sort().join('')).toBe(digits);
      // Chi squared with 31 degrees of freedom: 1 in 26 million is above 90.
      expect(Array.from(place.values()).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(90);
    }
  });

  it('refuses a source that says the same twice', async () => {
    const { recovery, stored } = setup({ random: (sizeBytes) => Buffer.alloc(sizeBytes, 7) });
    await expect(recovery.issue(accountId)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: 'recovery.random: expected unpredictable bytes, got the same ones twice' });
    expect(await stored()).toBeUndefined();
  });

  // checklist 55; ASVS 6.5.2
  it('stores the digest of each code, and no part of the code itself', async () => {
    const { recovery, stored, redeem } = setup({ random: seeded('at rest') });
    const codes = await recovery.issue(accountId);
    await redeem(codes[0]);
    await redeem(neverMade);
    const text = (await stored()) ?? '';
    for (const code of codes) {
      expect(text).not.toContain(code);
      expect(text).not.toContain(bare(code));
      for (const group of code.split('-')) expect(text).not.toContain(group);
    }
    expect(JSON.parse(text)).toEqual({
      unused: Array.from({ length: 9 }, () => expect.stringMatching(/^[\w-]{43}$/) as string),
      issued: 10,
      issuedAtMs: Date.UTC(2026, 0, 1),
      lastUsedAtMs: Date.UTC(2026, 0, 1),
      failures: { failures: 1, knownFailures: 0, lastMs: Date.UTC(2026, 0, 1), lastKnownMs: 0 },
    });
  });

  it('gives the same code another digest for another account: a moved record opens nothing', async () => {
    const { recovery, records, stored } = setup();
    const [code] = await recovery.issue(accountId);
    await recovery.issue('user-2');
    const other = accountRecordKey('recovery', 'user-2');
    await records.compareAndSet({ key: other, expectedVersion: (await records.read(other))?.version ?? 0, value: (await stored()) ?? '' });
    expect(await recovery.redeem({ accountId: 'user-2', code })).toEqual({ ok: false, reason: 'wrong-code' });
    expect(await recovery.redeem({ accountId, code })).toMatchObject({ ok: true });
  });

  // checklist 56; SP 800-63B-4 section 4.2.1.1
  it('voids the set before it, in one write', async () => {
    const { recovery, calls, redeem } = setup();
    const old = await recovery.issue(accountId);
    calls.length = 0;
    const fresh = await recovery.issue(accountId);
    expect(calls).toEqual(['read', 'compareAndSet']);
    for (const code of old.slice(0, 4)) expect(await redeem(code)).toEqual({ ok: false, reason: 'wrong-code' });
    for (const code of fresh) expect(await redeem(code)).toMatchObject({ ok: true });
  });

  it('of several at the same moment leaves one set whole and no other', async () => {
    const { recovery, redeem, clock } = setup({ count: 4 });
    const sets = await Promise.all(Array.from({ length: 20 }, () => recovery.issue(accountId)));
    const valid: number[] = [];
    for (const [at, set] of sets.entries()) {
      for (const code of set) {
        if ((await redeem(code)).ok) valid.push(at);
        await clock.advance(60_000);
      }
    }
    expect(valid).toHaveLength(4);
    expect(new Set(valid).size).toBe(1);
  });
});

describe('the status of recovery codes', () => {
  it('is nothing where none were ever issued', async () => {
    expect(await setup().recovery.status(accountId)).toBeUndefined();
  });

  it('tells what is left, when they were made and when one was used last', async () => {
    const { recovery, clock, redeem } = setup({ count: 5 });
    const issuedAtMs = clock.nowMs();
    const [first, second] = await recovery.issue(accountId);
    expect(await recovery.status(accountId)).toEqual({ left: 5, count: 5, issuedAtMs, lastUsedAtMs: undefined });
    await clock.advance(1_000);
    await redeem(first);
    await clock.advance(1_000);
    await redeem(second);
    await redeem(neverMade);
    expect(await recovery.status(accountId)).toEqual({ left: 3, count: 5, issuedAtMs, lastUsedAtMs: issuedAtMs + 2_000 });
    await recovery.issue(accountId);
    expect(await recovery.status(accountId)).toEqual({ left: 5, count: 5, issuedAtMs: issuedAtMs + 2_000, lastUsedAtMs: undefined });
  });

  it('is none left once they are revoked, and no code of the set opens anything', async () => {
    const { recovery, redeem, clock } = setup();
    const codes = await recovery.issue(accountId);
    await recovery.revoke(accountId);
    expect(await recovery.status(accountId)).toEqual({ left: 0, count: 0, issuedAtMs: clock.nowMs(), lastUsedAtMs: undefined });
    for (const code of [...codes, neverMade]) expect(await redeem(code)).toEqual({ ok: false, reason: 'none-issued' });
  });

  it('does not begin with a revocation, and a second one writes nothing', async () => {
    const { recovery, calls } = setup();
    await recovery.revoke(accountId);
    expect(await recovery.status(accountId)).toBeUndefined();
    await recovery.issue(accountId);
    await recovery.revoke(accountId);
    calls.length = 0;
    await recovery.revoke(accountId);
    expect(calls).toEqual(['read']);
  });
});
