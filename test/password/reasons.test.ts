import { describe, expect, it } from 'vitest';
import { codesOf, goodPassword, policyOf } from './setup.ts';
import { meterOfScore } from './fake-worker.ts';

const leaked = { check: () => Promise.resolve({ verdict: 'breached', count: 3 } as const) };

describe('the answer to a password', () => {
  it('names all reasons at once, each as a code and a sentence', async () => {
    const policy = meterOfScore(0, { breach: leaked, contextWords: ['dragon'], minStrength: 2 });
    expect(await policy.check({ password: 'Dr4gon!' })).toEqual({
      ok: false,
      reasons: [
        { code: 'too-short', message: 'This password is too short. Please use at least 15 characters.' },
        { code: 'context', message: 'This password is made of your name, your e-mail address or the name of this service, which others will guess.' },
        { code: 'common', message: 'This password, or a simple variation of it, is one of those that attackers try first.' },
        { code: 'breached', message: 'This password is known from a data leak, so attackers have it on their lists.' },
        { code: 'weak', message: 'This password follows a pattern that is easy to guess.' },
      ],
      guidance: expect.stringContaining('at least 15 characters') as string,
    });
  });

  it('says how long a password may be, and that it was no text', async () => {
    const policy = policyOf();
    expect(await policy.check({ password: 'x'.repeat(129) })).toMatchObject({
      reasons: [{ code: 'too-long', message: 'This password is too long. Please use at most 128 characters.' }],
    });
    expect(await policy.check({ password: {} })).toMatchObject({
      reasons: [{ code: 'not-text', message: 'This password could not be read as text. Please type it again.' }],
    });
  });

  // SP 800-63B-4 3.1.1.2: guidance SHALL be offered, above all after a refusal
  it.each([
    ['too short', 'plums'],
    ['too long', 'x'.repeat(200)],
    ['not text', 7],
    ['common', 'passwordpassword'],
    ['made of a name', 'alice.smith alice.smith'],
  ])('guides to a better one when it is %s', async (_, password) => {
    const verdict = await policyOf().check({ password, personal: ['Alice Smith'] });
    expect(verdict).toMatchObject({ ok: false, guidance: expect.stringMatching(/^Choose at least 15 characters\. .*password manager.*not required\.$/) as string });
  });

  it('names the minimum that applies to this account, in reason and guidance', async () => {
    expect(await policyOf().check({ password: 'plums', secondFactor: true })).toMatchObject({
      reasons: [{ code: 'too-short', message: 'This password is too short. Please use at least 8 characters.' }],
      guidance: expect.stringContaining('Choose at least 8 characters') as string,
    });
  });

  it('has no words when it is yes', async () => {
    expect(await policyOf().check({ password: goodPassword })).toEqual({ ok: true, breach: 'not-checked', strength: 'unknown' });
  });

  it('never repeats the password', async () => {
    const verdict = await policyOf({ breach: leaked }).check({ password: 'Zebra' });
    expect(codesOf(verdict)).toEqual(['too-short', 'common', 'breached']);
    expect(JSON.stringify(verdict)).not.toMatch(/zebra/i);
  });
});
