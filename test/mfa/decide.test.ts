import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import type { MfaFacts, MfaVerdict } from 'portcullis/mfa';
import { day, nowMs, policy, session, setup } from './setup.ts';

const { mfa } = setup();

const none = { enrolled: false, usable: [] };
const totp = { enrolled: true, usable: ['totp', 'recovery-code'] };
const lost = { enrolled: true, usable: [] };
const fresh = { password: nowMs - 1_000 };
const both = { ...fresh, totp: nowMs - 1_000 };
const overdue = policy(nowMs);
const grace = policy(nowMs + 7 * day);

describe('what somebody may do', () => {
  // checklist 2, 3, 53, 70, 71; ASVS 5.0 6.3.3, 6.8.4, 7.5.1, 7.5.3
  it.each<[string, Partial<MfaFacts>, Partial<MfaVerdict> & { readonly verdict: MfaVerdict['verdict'] }]>([
    ['nobody asks for a factor', { factors: none }, { verdict: 'allow' }],
    ['a factor is enrolled and was not given', { factors: totp }, { verdict: 'challenge', methods: ['totp', 'recovery-code'] }],
    ['a factor is enrolled and was given', { factors: totp, session: session(both) }, { verdict: 'allow' }],
    ['a recovery code was given', { factors: totp, session: session({ ...fresh, 'recovery-code': nowMs }) }, { verdict: 'allow' }],
    ['the browser is remembered', { factors: totp, session: session({ ...fresh, 'remembered-browser': nowMs }) }, { verdict: 'allow' }],
    ['a factor of the app was given', { factors: totp, session: session({ ...fresh, webauthn: nowMs }) }, { verdict: 'allow' }],
    ['a mailed link stands in for the factor', { factors: totp, session: session({ ...fresh, 'mailed-link': nowMs }) }, { verdict: 'challenge' }],
    ['a sign-in elsewhere stands in for it', { factors: totp, session: session({ external: nowMs }) }, { verdict: 'challenge' }],
    ['every factor is disabled or lost', { factors: lost }, { verdict: 'challenge', methods: [] }],
    ['every factor is disabled and a policy is overdue', { factors: lost, policies: [overdue] }, { verdict: 'challenge', methods: [] }],
    ['a policy has time', { policies: [grace] }, { verdict: 'enroll', graceUntilMs: grace.graceUntilMs, overdue: false }],
    ['a policy is overdue', { policies: [overdue] }, { verdict: 'enroll', graceUntilMs: nowMs, overdue: true }],
    ['of two policies the earlier counts', { policies: [grace, policy(nowMs + day, 'team-2')] }, { verdict: 'enroll', graceUntilMs: nowMs + day, overdue: false }],
    ['one of two policies is overdue', { policies: [grace, overdue] }, { verdict: 'enroll', overdue: true }],
    ['a policy binds somebody enrolled', { factors: totp, policies: [overdue], session: session(both) }, { verdict: 'allow' }],
    ['an administrator removed the factor', { factors: { ...none, mustEnrollSinceMs: nowMs - 1 } }, { verdict: 'enroll', overdue: true }],
    ['a session is for enrolling and nobody asks any more', { session: session(fresh, 'enroll') }, { verdict: 'enroll', overdue: true }],
    ['a session is for enrolling and a factor is there since', { factors: totp, session: session(fresh, 'enroll') }, { verdict: 'challenge' }],
    ['a fresh password is asked for and given', { maxAgeMs: 60_000 }, { verdict: 'allow' }],
    ['the password is old', { maxAgeMs: 60_000, session: session({ password: nowMs - 60_001 }) }, { verdict: 'step-up', missing: [], expired: ['password'] }],
    ['there was no password', { maxAgeMs: 60_000, session: session({}) }, { verdict: 'step-up', missing: ['password'], expired: [] }],
    ['a sign-in elsewhere is fresh', { maxAgeMs: 60_000, session: session({ external: nowMs }) }, { verdict: 'allow' }],
    ['the factor is old', { factors: totp, maxAgeMs: 60_000, session: session({ ...fresh, totp: nowMs - day }) }, { verdict: 'step-up', missing: [], expired: ['second-factor'] }],
    ['a remembered browser is no fresh proof', { factors: totp, maxAgeMs: 60_000, session: session({ ...fresh, 'remembered-browser': nowMs }) }, { verdict: 'step-up', missing: ['second-factor'], expired: [] }],
    ['a proof is from the future', { maxAgeMs: 60_000, session: session({ password: nowMs + 1 }) }, { verdict: 'step-up', expired: ['password'] }],
    ['an action needs a step-up in the grace time', { policies: [grace], maxAgeMs: 60_000, session: session({ password: nowMs - day }) }, { verdict: 'step-up' }],
    ['an action needs a step-up after it', { policies: [overdue], maxAgeMs: 60_000, session: session({ password: nowMs - day }) }, { verdict: 'enroll', overdue: true }],
  ])('when %s', (_case, facts, verdict) => {
    expect(mfa.decide({ policies: [], factors: none, session: session(fresh), nowMs, ...facts })).toMatchObject(verdict);
  });

  it.each([null, undefined, 'x', 7, [], [nowMs], { password: NaN, totp: 'now' }, { totp: -1 }, JSON.parse('{"__proto__":{"totp":1}}'), Object.create({ totp: nowMs })])('where a session store hands back %j for the proofs, nothing was proved', (proofs) => {
    expect(mfa.decide({ policies: [], factors: totp, session: session(proofs as never), nowMs })).toMatchObject({ verdict: 'challenge' });
  });
});

const times = fc.oneof(fc.integer({ min: nowMs - 30 * day, max: nowMs + 30 * day }), fc.constantFrom(nowMs - 1, nowMs, nowMs + 1));
const factorWords = ['totp', 'recovery-code', 'remembered-browser', 'external-mfa', 'webauthn'];
const otherWords = ['password', 'external', 'mailed-link'];
const proofs = fc.dictionary(fc.constantFrom(...factorWords, ...otherWords), times);
const policies = fc.array(times.map((graceUntilMs) => policy(graceUntilMs)), { maxLength: 3 });
const factors = fc.record({ enrolled: fc.boolean(), usable: fc.subarray(['totp', 'recovery-code']), mustEnrollSinceMs: times }, { requiredKeys: ['enrolled', 'usable'] });
const facts: fc.Arbitrary<MfaFacts> = fc.record({
  policies,
  factors,
  session: fc.record({ accountId: fc.constant('ada'), stage: fc.constantFrom('full' as const, 'enroll' as const), startedAtMs: times, proofs }),
  nowMs: fc.constant(nowMs),
  maxAgeMs: fc.integer({ min: 0, max: 60 * day }),
}, { requiredKeys: ['policies', 'factors', 'session', 'nowMs'] });

/** Who is let in, and who is on probation, may do more than who is stopped. */
function strictness(verdict: MfaVerdict): number {
  if (verdict.verdict === 'allow') return 0;
  return verdict.verdict === 'enroll' && !verdict.overdue ? 1 : 2;
}

const withProofs = (given: MfaFacts, each: SessionFacts['proofs']): MfaFacts => ({ ...given, session: { ...given.session, proofs: each } });
const gaveSecond = ({ session: { proofs: given } }: MfaFacts): boolean => factorWords.some((method) => Object.hasOwn(given, method));

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

describe('whatever the facts', () => {
  it('nobody with an enrolled factor goes on without having given one, and nobody with one is sent to enroll', () => {
    fc.assert(fc.property(facts, (given) => {
      const verdict = mfa.decide(given);
      if (!given.factors.enrolled) return;
      if (!gaveSecond(given)) expect(verdict).toEqual({ verdict: 'challenge', methods: given.factors.usable });
      expect(verdict.verdict).not.toBe('enroll');
    }), { numRuns: 2_000 });
  });

  it('nobody goes around a factor by getting it disabled: nothing usable is as strict as something', () => {
    fc.assert(fc.property(facts, (given) => {
      const at = (usable: readonly string[]): string => mfa.decide({ ...given, factors: { ...given.factors, enrolled: true, usable } }).verdict;
      expect(at([])).toBe(at(['totp']));
    }));
  });

  it('nobody without a factor goes on after the deadline of any policy, or in a session that is for enrolling', () => {
    fc.assert(fc.property(facts, (given) => {
      const { enrolled, mustEnrollSinceMs } = given.factors;
      const due = given.policies.some(({ graceUntilMs }) => graceUntilMs <= nowMs) || given.session.stage === 'enroll' || mustEnrollSinceMs !== undefined;
      if (!enrolled && due) expect(mfa.decide(given)).toMatchObject({ verdict: 'enroll', overdue: true });
    }), { numRuns: 2_000 });
  });

  it('nobody does anything sensitive without a first proof that is fresh, and a second where there is a factor', () => {
    fc.assert(fc.property(facts, fc.integer({ min: 0, max: 60 * day }), (given, maxAgeMs) => {
      const { proofs: each } = given.session;
      const isFresh = (method: string): boolean => Object.hasOwn(each, method) && (each[method] as number) <= nowMs && (each[method] as number) >= nowMs - maxAgeMs;
      if (strictness(mfa.decide({ ...given, maxAgeMs })) === 2) return;
      expect(isFresh('password') || isFresh('external')).toBe(true);
      if (given.factors.enrolled) expect(['totp', 'recovery-code', 'external-mfa', 'webauthn'].some(isFresh)).toBe(true);
    }), { numRuns: 2_000 });
  });

  it('a mailed link changes nothing', () => {
    fc.assert(fc.property(facts, times, (given, atMs) => {
      const { 'mailed-link': _link, ...rest } = given.session.proofs;
      expect(mfa.decide(withProofs(given, { ...rest, 'mailed-link': atMs }))).toEqual(mfa.decide(withProofs(given, rest)));
    }));
  });

  it('one more policy never lets anybody do more', () => {
    fc.assert(fc.property(facts, times, (given, graceUntilMs) => {
      expect(strictness(mfa.decide({ ...given, policies: [policy(graceUntilMs), ...given.policies] }))).toBeGreaterThanOrEqual(strictness(mfa.decide(given)));
    }), { numRuns: 2_000 });
  });

  it('older proofs, fewer proofs or less time never let anybody do more', () => {
    const ages = fc.dictionary(fc.constantFrom(...factorWords, ...otherWords), fc.option(fc.integer({ min: 0, max: 60 * day })));
    fc.assert(fc.property(facts, ages, fc.integer({ min: 0, max: 60 * day }), (given, older, less) => {
      const past = Object.entries(given.session.proofs).map(([method, atMs]) => [method, Math.min(atMs as number, nowMs)] as const);
      // Null: that proof is gone.
      const aged = past.flatMap(([method, atMs]) => (Object.hasOwn(older, method) ? (older[method] == null ? [] : [[method, atMs - older[method]]]) : [[method, atMs]]));
      const before = strictness(mfa.decide(withProofs(given, Object.fromEntries(past))));
      expect(strictness(mfa.decide(withProofs(given, Object.fromEntries(aged) as SessionFacts['proofs'])))).toBeGreaterThanOrEqual(before);
      if (given.maxAgeMs !== undefined) expect(strictness(mfa.decide({ ...withProofs(given, Object.fromEntries(past)), maxAgeMs: Math.max(0, given.maxAgeMs - less) }))).toBeGreaterThanOrEqual(before);
    }), { numRuns: 2_000 });
  });

  it('of several policies the earliest deadline counts, in any order, and all that bind are named', () => {
    fc.assert(fc.property(fc.array(times.map((graceUntilMs) => policy(graceUntilMs)), { minLength: 1, maxLength: 5 }), (binding) => {
      const at = (each: typeof binding): MfaVerdict => mfa.decide({ factors: { enrolled: false, usable: [] }, policies: each, session: session({}), nowMs });
      expect(at(binding)).toMatchObject({ verdict: 'enroll', graceUntilMs: Math.min(...binding.map(({ graceUntilMs }) => graceUntilMs)), scopes: { length: binding.length } });
      expect(at(binding.toReversed())).toMatchObject({ graceUntilMs: Math.min(...binding.map(({ graceUntilMs }) => graceUntilMs)) });
    }));
  });

  it('the verdict depends on them alone, and leaves them as they were', () => {
    fc.assert(fc.property(facts, (given) => {
      const copy = structuredClone(given);
      const verdict = mfa.decide(frozen(given));
      expect(given).toEqual(copy);
      expect(setup().mfa.decide(copy)).toEqual(verdict);
    }));
  });

  it('the verdict never throws, and what is no time was never given', () => {
    const noTime = fc.anything().filter((value) => typeof value !== 'number');
    const junk = fc.oneof(fc.dictionary(fc.string(), noTime), fc.dictionary(fc.constantFrom(...factorWords, ...otherWords), fc.oneof(noTime, fc.constantFrom(NaN, Infinity, -Infinity, -1))), fc.array(fc.nat()), noTime.filter((value) => typeof value !== 'object'));
    fc.assert(fc.property(facts, junk, (given, each) => {
      expect(mfa.decide(withProofs({ ...given, factors: { enrolled: true, usable: [] } }, each as never))).toEqual({ verdict: 'challenge', methods: [] });
      expect(strictness(mfa.decide({ ...withProofs(given, each as never), maxAgeMs: 60 * day }))).toBe(2);
    }), { numRuns: 2_000 });
  });

  it('numbers that are none close doors', () => {
    const fresh = session({ password: nowMs });
    expect(mfa.decide({ policies: [policy(NaN)], factors: { enrolled: false, usable: [] }, session: fresh, nowMs })).toMatchObject({ verdict: 'enroll', overdue: true });
    expect(mfa.decide({ policies: [policy(nowMs + day)], factors: { enrolled: false, usable: [] }, session: fresh, nowMs: NaN })).toMatchObject({ verdict: 'enroll', overdue: true });
    expect(mfa.decide({ policies: [], factors: { enrolled: false, usable: [] }, session: fresh, nowMs, maxAgeMs: NaN })).toMatchObject({ verdict: 'step-up', expired: ['password'] });
    expect(mfa.decide({ policies: [], factors: { enrolled: false, usable: [] }, session: { ...fresh, stage: 'whole' as never }, nowMs })).toMatchObject({ verdict: 'enroll', overdue: true });
  });
});
