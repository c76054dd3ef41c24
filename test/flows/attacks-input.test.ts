import { describe, expect, it } from 'vitest';
import type { RequestFacts, SessionFacts } from 'portcullis';
import { facts, fullSession, goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const pathways = { google: { secondFactorAmr: ['mfa'] } };

const long = 'x'.repeat(10_000_000);
const oddities: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['an empty text', ''],
  ['a number', 123_456],
  ['NaN', Number.NaN],
  ['true', true],
  ['an array of texts', ['123456', email]],
  ['an operator', { $ne: '' }],
  ['an object with toString', { toString: () => '123456' }],
  ['an object that throws', { get length() { throw new Error('gotcha'); }, toString() { throw new Error('gotcha'); } }],
  ['a function', () => '123456'],
  ['a symbol', Symbol('123456')],
  ['a big integer', 123_456n],
  ['bytes', Buffer.from('123456')],
  ['ten million characters', long],
  ['ten million dots', '.'.repeat(10_000_000)],
  ['ten million digits', '1'.repeat(10_000_000)],
  ['NUL', '123\x00456'],
  ['a lone surrogate', '123456\ud800'],
  ['digits of another script', '\u0661\u0662\u0663\u0664\u0665\u0666'],
  ['__proto__', '__proto__'],
  ['a header', '123456\r\nSet-Cookie: a=b'],
];

/** Every flow with the same oddity in each of its fields. */
function everyFlow({ portcullis }: Kit, { session, from, odd }: { readonly session: SessionFacts; readonly from: RequestFacts; readonly odd: unknown }): readonly (readonly [string, () => Promise<{ readonly outcome: string }>])[] {
  const text = odd as string;
  return [
    ['sign-in', () => portcullis.signIn.attempt({ identifier: odd, password: odd, challenge: odd, facts: from })],
    ['sign-in of a name', () => portcullis.signIn.attempt({ identifier: email, password: odd, facts: from })],
    ['second factor', () => portcullis.secondFactor.verify({ code: odd, proof: odd, remember: odd, facts: from })],
    ['enroll', () => portcullis.enrollment.enroll({ session: undefined, name: odd, facts: from })],
    ['confirm', () => portcullis.enrollment.confirm({ session, factorId: odd, code: odd, facts: from })],
    ['remove', () => portcullis.factors.remove({ session, factorId: odd, facts: from })],
    ['suspend', () => portcullis.factors.suspend({ session, factorId: odd, facts: from })],
    ['restore', () => portcullis.factors.restore({ session, factorId: odd, facts: from })],
    ['challenge', () => portcullis.challenge.confirm({ token: odd, session, facts: from })],
    ['disown', () => portcullis.challenge.disown({ token: odd, facts: from })],
    ['step-up', () => portcullis.stepUp.verify({ session, password: odd, code: odd, proof: odd, facts: from })],
    ['email change', () => portcullis.emailChange.request({ session, email: odd, facts: from })],
    ['email confirm', () => portcullis.emailChange.confirm({ session, token: odd, code: odd, facts: from })],
    ['password change', () => portcullis.passwordChange.change({ session, currentPassword: odd, newPassword: odd, facts: from })],
    ['forgot', () => portcullis.passwordReset.request({ identifier: odd, facts: from })],
    ['reset', () => portcullis.passwordReset.redeem({ token: odd, identifier: odd, code: odd, password: odd, secondFactor: odd, proof: odd, facts: from })],
    ['reset by code', () => portcullis.passwordReset.redeem({ identifier: email, code: odd, password: otherPassword, secondFactor: odd, facts: from })],
    ['external', () => portcullis.recordExternalAuth({ pathway: 'google', accountId: text, amr: odd as never, authTime: odd as never, facts: from })],
    ['access', () => portcullis.access.check({ session: odd as never, facts: from })],
  ];
}

const opened = ['signed-in', 'second-factor', 'stepped-up', 'confirmed', 'changed', 'enrolled', 'codes', 'reset', 'email-changed', 'disowned', 'allowed', 'enrollment', 'overview'];

// ASVS 5.0 2.2.1, 15.3.5
describe('what was never meant to be typed', () => {
  it.each(oddities)('opens nothing and breaks nothing: %s', async (_what, odd) => {
    const kit = makeKit({ pathways, limits: { mode: 'observe' } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const session = fullSession(ada.id, kit.clock.nowMs(), 'password', 'totp');
    ada.browser = openBrowser();
    await ada.signIn();
    for (const [flow, run] of everyFlow(kit, { session, from: ada.browser.facts(), odd })) {
      const startedMs = performance.now();
      const result = await kit.value(run());
      expect(opened, flow).not.toContain(result.outcome);
      expect(result, flow).toMatchObject({ outcome: 'answered', reply: { status: expect.toSatisfy((status: number) => [202, 400, 401, 403, 409, 422, 503].includes(status)) as number } });
      expect(performance.now() - startedMs, flow).toBeLessThan(2_000);
    }
    // Nobody's input is an outage.
    expect(kit.events.filter(({ type }) => type === 'request.failed')).toEqual([]);
  });

  it('costs a reset no more than it costs anybody: with a right link, a code of a million parts', async () => {
    const kit = makeKit();
    await person(kit, email);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts }));
    await kit.settle();
    const startedMs = performance.now();
    await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), code: 'ab.'.repeat(300_000), password: otherPassword, facts }));
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

const garbage: readonly (readonly [string, (ada: Person, nowMs: number) => unknown])[] = [
  ['null', () => null],
  ['a text', () => 'user-1'],
  ['nothing but an account', ({ id }) => ({ accountId: id })],
  ['proofs that are null', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs, proofs: null })],
  ['proofs that are text', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs, proofs: 'totp' })],
  ['proofs of no time', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs, proofs: { password: Number.NaN, totp: Number.NaN } })],
  ['proofs as text', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs, proofs: { password: String(nowMs), totp: String(nowMs) } })],
  ['proofs of true', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs, proofs: { password: true, totp: true } })],
  ['proofs that are inherited', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs, proofs: Object.create({ totp: nowMs, password: nowMs }) as object })],
  ['proofs of the past that never was', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs, proofs: { password: -1, totp: -1 } })],
  ['a start that is text', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: 'x', proofs: { password: nowMs, totp: nowMs } })],
  ['a start in the future', ({ id }, nowMs) => ({ accountId: id, stage: 'full', startedAtMs: nowMs + 3_600_000, proofs: { password: nowMs, totp: nowMs } })],
  ['an account that is an object', (_ada, nowMs) => ({ accountId: { $ne: '' }, stage: 'full', startedAtMs: nowMs, proofs: { password: nowMs, totp: nowMs } })],
  ['an account that is __proto__', (_ada, nowMs) => ({ accountId: '__proto__', stage: 'full', startedAtMs: nowMs, proofs: { password: nowMs, totp: nowMs } })],
];

describe('a session that the app\'s store has made up', () => {
  it.each(garbage)('opens nothing: %s', async (_what, make) => {
    const kit = makeKit({ limits: { mode: 'observe' } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const { portcullis } = kit;
    const session = make(ada, kit.clock.nowMs()) as SessionFacts;
    const from = openBrowser().facts();
    const runs: readonly (readonly [string, () => Promise<{ readonly outcome: string }>])[] = [
      ['access', () => portcullis.access.check({ session, facts: from })],
      ['sensitive access', () => portcullis.access.check({ session, action: 'export', facts: from })],
      ['list', () => portcullis.factors.list({ session, facts: from })],
      ['codes', () => portcullis.factors.reissueCodes({ session, facts: from })],
      ['forget', () => portcullis.factors.forgetDevices({ session, facts: from })],
      ['enroll', () => portcullis.enrollment.enroll({ session, facts: from })],
      ['confirm', () => portcullis.enrollment.confirm({ session, factorId: 'x', code: '123456', facts: from })],
      ['email', () => portcullis.emailChange.request({ session, email: 'x@example.net', facts: from })],
      ['email confirm', () => portcullis.emailChange.confirm({ session, code: 'ABCD-EFGH', facts: from })],
      ['password', () => portcullis.passwordChange.change({ session, currentPassword: goodPassword, newPassword: otherPassword, facts: from })],
      ['challenge', () => portcullis.challenge.confirm({ token: 'a'.repeat(43), session, facts: from })],
    ];
    for (const [flow, run] of runs) {
      const result = await kit.value(run());
      expect(result, flow).toMatchObject({ outcome: 'answered', reply: { status: expect.toSatisfy((status: number) => [400, 401, 403].includes(status)) as number } });
    }
    expect(kit.events.filter(({ type }) => type === 'request.failed')).toEqual([]);
  });
});
