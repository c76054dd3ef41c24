import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountId, neverMade, seeded, setup, stores } from './setup.ts';

describe.each(stores)('redeeming a recovery code on %s', (on) => {
  // checklist 6; ASVS 6.5.1
  it('works once; after that it is wrong, like one that was never made', async () => {
    const { recovery, redeem } = setup({ on });
    const [code] = await recovery.issue(accountId);
    expect(await redeem(code)).toEqual({ ok: true, left: 9, reissue: false });
    expect(await redeem(code)).toEqual({ ok: false, reason: 'wrong-code' });
    expect(await redeem(code)).toEqual(await redeem(neverMade));
  });

  // checklist 6; ASVS 6.5.1, 15.4.2; SP 800-63B-4 section 3.1.2.2
  it('works for one of fifty who bring the same code at the same moment', async () => {
    const { recovery } = setup({ on });
    const [code] = await recovery.issue(accountId);
    const all = await Promise.all(Array.from({ length: 50 }, () => recovery.redeem({ accountId, code })));
    expect(all.filter(({ ok }) => ok)).toEqual([{ ok: true, left: 9, reissue: false }]);
    expect(await recovery.status(accountId)).toMatchObject({ left: 9 });
  });

  it('works for all who bring different codes at the same moment, and counts them down one by one', async () => {
    const { recovery, redeem } = setup({ on, count: 20 });
    const codes = await recovery.issue(accountId);
    const all = await Promise.all(codes.map((code) => redeem(code)));
    expect(all.map((verdict) => (verdict.ok ? verdict.left : -1)).sort((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  });

  // checklist 55
  it('costs one read and one write, found or not', async () => {
    const { recovery, redeem, calls } = setup({ on });
    const codes = await recovery.issue(accountId);
    for (const code of [codes[0], codes[9], neverMade]) {
      calls.length = 0;
      await redeem(code);
      expect(calls).toEqual(['read', 'compareAndSet']);
    }
  });
});

describe('redeeming a recovery code', () => {
  // checklist 56
  it('advises new codes when two or fewer are left, and goes on to the last', async () => {
    const { recovery, redeem } = setup({ count: 4 });
    const verdicts: unknown[] = [];
    const codes = await recovery.issue(accountId);
    for (const code of codes) verdicts.push(await redeem(code));
    expect(verdicts).toEqual([
      { ok: true, left: 3, reissue: false },
      { ok: true, left: 2, reissue: true },
      { ok: true, left: 1, reissue: true },
      { ok: true, left: 0, reissue: true },
    ]);
    for (const code of [codes[0], neverMade]) expect(await redeem(code)).toEqual({ ok: false, reason: 'wrong-code' });
    expect(await recovery.status(accountId)).toMatchObject({ left: 0, count: 4 });
  });

  it('takes a code as people type it', async () => {
    const { recovery, redeem } = setup({ count: 6 });
    const codes = await recovery.issue(accountId);
    const typed = [
      (code: string) => code.toLowerCase(),
      (code: string) => code.replaceAll('-', ''),
      (code: string) => ` ${code.replaceAll('-', ' ')}\n`,
      (code: string) => code.replaceAll('0', 'O').replaceAll('1', 'l'),
      (code: string) => code.replaceAll('0', 'o').replaceAll('1', 'I'),
      (code: string) => code.replaceAll('-', ' \u2013 '),
    ];
    for (const [at, spell] of typed.entries()) expect(await redeem(spell(codes[at] ?? ''))).toMatchObject({ ok: true });
  });

  it('opens only the account for which the code was made', async () => {
    const { recovery } = setup();
    const [mine] = await recovery.issue(accountId);
    await recovery.issue('user-2');
    expect(await recovery.redeem({ accountId: 'user-2', code: mine })).toEqual({ ok: false, reason: 'wrong-code' });
    expect(await recovery.redeem({ accountId: 'user-3', code: mine })).toEqual({ ok: false, reason: 'none-issued' });
    expect(await recovery.redeem({ accountId, code: mine })).toMatchObject({ ok: true });
  });

  it('writes nothing for an account without codes', async () => {
    const { redeem, calls } = setup();
    expect(await redeem(neverMade)).toEqual({ ok: false, reason: 'none-issued' });
    expect(calls).toEqual(['read']);
  });

  it('takes all that goes through it out of the set, never more and never twice', async () => {
    const attempt = fc.record({ at: fc.nat(5), spelling: fc.constantFrom('as shown', 'small', 'bare') });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 12 }), async (attempts) => {
        const { recovery, redeem, clock } = setup({ count: 4, random: seeded('model') });
        const codes = await recovery.issue(accountId);
        const left = new Set(codes);
        for (const { at, spelling } of attempts) {
          const code = codes[at] ?? neverMade;
          const typed = { 'as shown': code, small: code.toLowerCase(), bare: code.replaceAll('-', '') }[spelling];
          expect((await redeem(typed)).ok).toBe(left.delete(code));
          await clock.advance(60_000);
        }
        expect(await recovery.status(accountId)).toMatchObject({ left: left.size });
      }),
      { numRuns: 50 },
    );
  });
});

describe('what cannot be a code', () => {
  it.each<readonly [unknown]>([
    [undefined], [null], [''], [123456], ['123456'], [{}], [['A'.repeat(26)]], ['A'.repeat(25)], ['A'.repeat(27)], ['U'.repeat(26)], [`${'A'.repeat(25)}\ud800`], [`${'A'.repeat(26)}${' '.repeat(103)}`],
  ])('is malformed, costs nothing and counts nothing: %j', async (code) => {
    const { recovery, redeem, stored, calls } = setup();
    await recovery.issue(accountId);
    const before = await stored();
    calls.length = 0;
    expect(await redeem(code)).toEqual({ ok: false, reason: 'malformed' });
    expect(calls).toEqual([]);
    expect(await stored()).toBe(before);
  });

  it('never throws, whatever comes in', async () => {
    const { recovery, redeem } = setup();
    await recovery.issue(accountId);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 300 })), async (code) => {
        expect((await redeem(code)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
