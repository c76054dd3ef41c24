import { describe, expect, it } from 'vitest';
import { facts, fullSession, goodPassword, type Kit, makeKit, otherPassword } from '../support/kit.ts';

const email = 'ada@example.com';

async function peopledKit(): Promise<Kit> {
  const kit = makeKit();
  await kit.plant({ email, password: goodPassword });
  return kit;
}

function change(kit: Kit, currentPassword: unknown, newPassword: unknown, accountId = 'user-1') {
  return kit.run(kit.portcullis.passwordChange.change({ session: fullSession(accountId, kit.clock.nowMs(), 'password'), currentPassword, newPassword, facts }));
}

async function opens(kit: Kit, password: string): Promise<boolean> {
  return (await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password, facts }))).outcome === 'signed-in';
}

// checklist 38; ASVS 6.2.2, 6.2.3
describe('changing the password', () => {
  it('takes the current and a good new one, names the other sessions for revocation, and tells the owner', async () => {
    const kit = await peopledKit();
    expect((await change(kit, goodPassword, otherPassword)).value).toMatchObject({ outcome: 'changed', accountId: 'user-1', revoke: 'other-sessions', reply: { status: 200 } });
    expect([await opens(kit, goodPassword), await opens(kit, otherPassword)]).toEqual([false, true]);
    await kit.settle();
    expect(kit.mails).toEqual([{ kind: 'password-changed', to: email, how: 'change', forgotLink: 'https://app.example.com/forgot' }]);
  });

  it.each([
    ['a wrong current password', 'wrong'],
    ['none', undefined],
    ['an object', { $ne: '' }],
    ['ten million characters', 'a'.repeat(10_000_000)],
  ])('refuses %s', async (_what, current) => {
    const kit = await peopledKit();
    expect((await change(kit, current, otherPassword)).value).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await opens(kit, goodPassword)).toBe(true);
  });

  // SP 800-63B-4 section 3.1.1.2
  it.each([
    ['as it is', (text: string) => text],
    ['in another normal form', (text: string) => text.normalize('NFD')],
  ])('refuses the old password %s as the new one, also where another one is ordered', async (_how, form) => {
    const kit = makeKit();
    const composed = 'qui\u00e9t marmots under tin roofs';
    await kit.plant({ email, password: composed });
    await kit.portcullis.resets.mark({ accountId: 'user-1', reason: 'admin', by: 'operator-1' });
    for (const [current, next] of [[composed, form(composed)], [form(composed), composed]] as const) {
      const { value } = await change(kit, current, next);
      expect(value).toMatchObject({ outcome: 'answered', reply: { status: 422 }, reasons: [{ code: 'same-password' }] });
    }
    expect(await kit.portcullis.resets.check({ accountId: 'user-1' })).toBeDefined();
    expect((await change(kit, composed, otherPassword)).value).toMatchObject({ outcome: 'changed' });
  });

  it.each([['none', undefined], ['an object', { normalize: 'x' }], ['half a pair', '\ud800'.repeat(20)], ['ten million characters', 'e\u0301'.repeat(5_000_000)]])('refuses %s as the new password', async (_what, next) => {
    const kit = await peopledKit();
    expect((await change(kit, goodPassword, next)).value).toMatchObject({ outcome: 'answered', reply: { status: 422 } });
    expect(await opens(kit, goodPassword)).toBe(true);
  });

  it('counts wrong current passwords as sign-in does, and right ones not', async () => {
    const kit = await peopledKit();
    for (let turn = 0; turn < 8; turn += 1) expect((await change(kit, goodPassword, 'short')).value).toMatchObject({ reply: { status: 422 } });
    const statuses: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const { value } = await change(kit, `guess ${turn}`, otherPassword);
      if (value.outcome === 'answered') statuses.push(value.reply.status);
    }
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
    expect(kit.derivations).toHaveLength(8 + 5);
    expect(kit.events.at(-1)).toMatchObject({ type: 'limiter.refused', limiter: 'password-change', accountId: 'user-1', address: facts.address });
  });

  it('happens for one of two that come at the same moment', async () => {
    const kit = await peopledKit();
    const both = [otherPassword, 'lanterns along a frozen canal'].map((newPassword) => kit.portcullis.passwordChange.change({ session: fullSession('user-1', kit.clock.nowMs(), 'password'), currentPassword: goodPassword, newPassword, facts }));
    const outcomes = (await kit.value(Promise.all(both))).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['answered', 'changed']);
  });

  it('is refused for an account that is disabled or gone', async () => {
    const kit = await peopledKit();
    await kit.plant({ email: 'disabled@example.com', password: goodPassword, active: false });
    for (const accountId of ['user-2', 'user-99']) expect((await change(kit, goodPassword, otherPassword, accountId)).value).toMatchObject({ reply: { status: 401 } });
    expect(kit.events.at(-1)).toMatchObject({ type: 'session.refused', reason: 'inactive-account', action: 'password-change' });
  });
});
