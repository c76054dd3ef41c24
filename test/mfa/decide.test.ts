import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore, type SessionFacts } from 'portcullis';
import { createMfaPolicy, type MfaFacts, type MfaPolicy, type MfaVerdict } from 'portcullis/mfa';
import { fakeClock } from 'portcullis/testing';

const mfa = createMfaPolicy({ records: memoryStore({ clock: fakeClock() }) });
const nowMs = 1_800_000_000_000;
const day = 24 * 3_600_000;

function policy(graceUntilMs: number, id = 'team-1'): MfaPolicy {
  return { scope: { kind: 'organization', id }, sinceMs: nowMs - 30 * day, graceUntilMs, by: 'admin-1' };
}

function session(proofs: SessionFacts['proofs'], stage: SessionFacts['stage'] = 'full'): SessionFacts {
  return { accountId: 'ada', stage, startedAtMs: nowMs - day, proofs };
}

const none = { enrolled: false, usable: [] };
const totp = { enrolled: true, usable: ['totp', 'recovery-code'] };
const lost = { enrolled: true, usable: [] };
const fresh = { password: nowMs - 1_000 };
const both = { ...fresh, totp: nowMs - 1_000 };
const overdue = policy(nowMs);
const grace = policy(nowMs + 7 * day);

describe('what somebody may do', () => {
  // ASVS 5.0 6.3.3, 7.5.3
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

  it.each([null, undefined, 'x', 7, [], { password: NaN, totp: 'now' }, { totp: -1 }, JSON.parse('{"__proto__":{"totp":1}}'), Object.create({ totp: nowMs })])('where a session store hands back %j for the proofs, nothing was proved', (proofs) => {
    expect(mfa.decide({ policies: [], factors: totp, session: session(proofs as never), nowMs })).toMatchObject({ verdict: 'challenge' });
  });
});

const times = fc.integer({ min: nowMs - 30 * day, max: nowMs + day });
const proofs = fc.dictionary(fc.constantFrom('password', 'external', 'mailed-link', 'totp', 'recovery-code', 'remembered-browser', 'webauthn'), times);
const facts: fc.Arbitrary<MfaFacts> = fc.record({
  policies: fc.array(times.map((graceUntilMs) => policy(graceUntilMs)), { maxLength: 3 }),
  factors: fc.record({ enrolled: fc.boolean(), usable: fc.subarray(['totp', 'recovery-code']) }),
  session: fc.record({ accountId: fc.constant('ada'), stage: fc.constantFrom('full' as const, 'enroll' as const), startedAtMs: times, proofs }),
  nowMs: fc.constant(nowMs),
  maxAgeMs: fc.option(fc.integer({ min: 1_000, max: 30 * day }), { nil: undefined }),
}) as never;

/** How little a verdict lets somebody do. */
function strictness(verdict: MfaVerdict): number {
  if (verdict.verdict === 'allow') return 0;
  return verdict.verdict === 'enroll' && !verdict.overdue ? 1 : 2;
}

const lets = (verdict: MfaVerdict): boolean => strictness(verdict) < 2;

describe('whatever the facts', () => {
  const second = ({ session: { proofs: given } }: MfaFacts): boolean => ['totp', 'recovery-code', 'remembered-browser', 'webauthn'].some((method) => Object.hasOwn(given, method));

  it('nobody with an enrolled factor goes on without having given one, and nobody with one is sent to enroll', () => {
    fc.assert(fc.property(facts, (given) => {
      const verdict = mfa.decide(given);
      if (given.factors.enrolled && !second(given)) expect(verdict.verdict).toBe('challenge');
      if (given.factors.enrolled) expect(verdict.verdict).not.toBe('enroll');
    }));
  });

  it('nobody without a factor goes on after the deadline of any policy', () => {
    fc.assert(fc.property(facts, (given) => {
      if (!given.factors.enrolled && given.policies.some(({ graceUntilMs }) => graceUntilMs <= nowMs)) expect(mfa.decide(given)).toMatchObject({ verdict: 'enroll', overdue: true });
    }));
  });

  it('one more policy, or an older proof, never lets anybody do more', () => {
    fc.assert(fc.property(facts, times, (given, graceUntilMs) => {
      expect(strictness(mfa.decide({ ...given, policies: [...given.policies, policy(graceUntilMs)] }))).toBeGreaterThanOrEqual(strictness(mfa.decide(given)));
      const past = Object.fromEntries(Object.entries(given.session.proofs).map(([method, atMs]) => [method, Math.min(atMs as number, nowMs)]));
      const older = Object.fromEntries(Object.entries(past).map(([method, atMs]) => [method, atMs - day]));
      const at = (each: SessionFacts['proofs']): MfaVerdict => mfa.decide({ ...given, session: { ...given.session, proofs: each } });
      if (lets(at(older))) expect(lets(at(past))).toBe(true);
    }));
  });
});
