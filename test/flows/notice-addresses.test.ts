import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const other = 'ada@home.example';

async function withTwoAddresses(kit: Kit, noticeEmails: unknown = [other, email, other]): Promise<Person> {
  const ada = await person(kit, email);
  const row = kit.table.rows.get(ada.id);
  if (row === undefined) throw new Error('no row');
  kit.table.rows.set(ada.id, { ...row, noticeEmails: noticeEmails as string[] });
  return ada;
}

async function toldOf(kit: Kit, kind: string): Promise<readonly string[]> {
  await kit.settle();
  return kit.mails.filter((mail) => mail.kind === kind).map(({ to }) => to);
}

// SP 800-63B-4 section 4.6, ASVS 5.0 6.3.7
describe('an owner with two addresses', () => {
  it('is told at both of a new password, of factors and of a change of address, once each', async () => {
    const kit = makeKit();
    const ada = await withTwoAddresses(kit);
    await ada.enrollWholly();
    expect(await toldOf(kit, 'second-factor-changed')).toEqual([email, other]);
    await ada.askForAddress('ada@example.net');
    expect(await toldOf(kit, 'email-changed')).toEqual([email, other]);
    await kit.value(kit.portcullis.emailChange.confirm({ token: tokenOf(kit, 'confirm-email-change'), facts: ada.browser.facts() }));
    expect((await toldOf(kit, 'email-changed')).slice(2)).toEqual([email, other, 'ada@example.net']);
    if (ada.session === undefined) throw new Error('no session');
    expect(await kit.value(kit.portcullis.passwordChange.change({ session: ada.session, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'changed' });
    expect(await toldOf(kit, 'password-changed')).toEqual(['ada@example.net', other, email]);
  });

  it('gets links at the first alone', async () => {
    const kit = makeKit();
    const ada = await withTwoAddresses(kit);
    await ada.signIn();
    await ada.enroll();
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    expect([...(await toldOf(kit, 'challenge')), ...(await toldOf(kit, 'reset-password'))]).toEqual([email, email]);
  });

  it('is told at one where the other cannot be reached, and the failure is an event', async () => {
    const sent: string[] = [];
    const kit = makeKit({ mailer: { send: ({ to }) => (to === email ? Promise.reject(new Error('full')) : Promise.resolve(void sent.push(to))) } });
    const ada = await withTwoAddresses(kit);
    await kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }));
    await kit.settle();
    expect(sent).toEqual([other]);
    expect(kit.events.filter(({ type }) => type === 'deferred.failed')).toHaveLength(1);
  });

  it.each([['nothing', null], ['a text', other], ['numbers', [1, {}]], ['a thousand', Array.from({ length: 1_000 }, (_, at) => `a${at}@x.example`)]])('is told at the first at least where the table says %s', async (_what, odd) => {
    const kit = makeKit();
    const ada = await withTwoAddresses(kit, odd);
    await kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }));
    const told = await toldOf(kit, 'second-factor-changed');
    expect(told[0]).toBe(email);
    expect(told.length).toBeLessThanOrEqual(6);
  });
});
