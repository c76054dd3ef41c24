import { commonList, createBreachLookup } from 'portcullis/breach';
import type { BreachCheck } from 'portcullis/password';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { codesOf, goodPassword, policyOf } from './setup.ts';

type Question = Parameters<BreachCheck['check']>[0];

function lookup(check: (question: Question) => unknown): BreachCheck {
  return { check: check as BreachCheck['check'] };
}

// ASVS 6.2.12, SP 800-63B-4 3.1.1.2
describe('the verdict of the breach lookup', () => {
  it('refuses a password that has leaked, with reason and guidance', async () => {
    const breach = lookup(() => Promise.resolve({ verdict: 'breached', count: 1 }));
    expect(await policyOf({ breach }).check({ password: goodPassword })).toEqual({
      ok: false,
      reasons: [{ code: 'breached', message: 'This password is known from a data leak, so attackers have it on their lists.' }],
      guidance: expect.stringContaining('Choose at least 15 characters') as string,
    });
  });

  it('is passed on when it is clean', async () => {
    const breach = lookup(() => Promise.resolve({ verdict: 'clean' }));
    expect(await policyOf({ breach }).check({ password: goodPassword })).toEqual({ ok: true, breach: 'clean', strength: 'unknown' });
  });

  it.each([
    ['does not know', () => Promise.resolve({ verdict: 'unknown', reason: 'timeout' })],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['rejects with nothing', () => Promise.reject(undefined as unknown as Error)],
    ['throws', () => { throw new Error('bug'); }],
    ['answers nonsense', () => Promise.resolve({ verdict: 'fine' })],
    ['answers nothing', () => Promise.resolve(undefined)],
    ['answers no promise', () => ({ verdict: 'clean' })],
  ])('is unknown, and the password accepted, when the lookup %s', async (_, check) => {
    const policy = policyOf({ breach: lookup(check) });
    expect(await policy.check({ password: goodPassword })).toEqual({ ok: true, breach: 'unknown', strength: 'unknown' });
    expect(codesOf(await policy.check({ password: 'passwordpassword' }))).toEqual(['common']);
  });

  it('is unknown when the lookup is late, after the budget and not later', async () => {
    const clock = fakeClock();
    const budgets: number[] = [];
    const breach = lookup(({ budgetMs }) => {
      budgets.push(budgetMs);
      return new Promise(() => undefined);
    });
    const policy = policyOf({ breach, clock });
    for (const [given, ms] of [[undefined, 1_000], [300, 300]] as const) {
      const seen: unknown[] = [];
      void policy.check({ password: goodPassword, ...(given === undefined ? {} : { budgetMs: given }) }).then((verdict) => seen.push(verdict));
      await clock.advance(ms - 1);
      expect(seen).toEqual([]);
      await clock.advance(1);
      expect(seen).toEqual([{ ok: true, breach: 'unknown', strength: 'unknown' }]);
    }
    expect(budgets).toEqual([1_000, 300]);
  });

  it('is asked for the password as it was given, and not for what is no password', async () => {
    const asked: string[] = [];
    const breach = lookup(({ password }) => {
      asked.push(password);
      return Promise.resolve({ verdict: 'clean' });
    });
    const policy = policyOf({ breach });
    const decomposed = 'ripe plümes sail over'.normalize('NFD');
    for (const password of [decomposed, 'short', 'x'.repeat(129), 7, '\ud800']) await policy.check({ password });
    expect(asked).toEqual([decomposed, 'short']);
  });

  it('comes from the lookup of portcullis/breach', async () => {
    const breach = createBreachLookup({ sources: [commonList()] });
    expect(codesOf(await policyOf({ breach }).check({ password: 'princess', secondFactor: true }))).toEqual(['common', 'breached']);
    expect(await policyOf({ breach }).check({ password: goodPassword })).toMatchObject({ ok: true, breach: 'clean' });
  });
});
