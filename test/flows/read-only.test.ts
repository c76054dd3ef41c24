import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { joinOrganization, openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const by = 'operator-1';

async function switchedOn(kit: Kit, level: 'sensitive' | 'writes' | 'all' = 'writes'): Promise<void> {
  await kit.portcullis.readOnly.ready();
  await kit.portcullis.readOnly.set({ level, reason: 'An incident', by });
}

const refused = { outcome: 'answered', reply: { status: 503, headers: { 'Retry-After': expect.any(String) as string }, body: expect.stringContaining('read-only') as string } };

/** What is refused at every level: changes of what signs somebody in. */
function sensitiveOf(kit: Kit, { session, browser }: Person): readonly (() => Promise<object>)[] {
  const { enrollment, factors, emailChange } = kit.portcullis;
  const asked = { session, facts: browser.facts() };
  return [
    () => enrollment.enroll(asked),
    () => enrollment.confirm({ ...asked, factorId: 'x', code: '000000' }),
    () => factors.remove({ ...asked, factorId: 'x' }),
    () => factors.suspend({ ...asked, factorId: 'x' }),
    () => factors.restore({ ...asked, factorId: 'x' }),
    () => factors.reissueCodes(asked),
    () => factors.forgetDevices(asked),
    () => emailChange.request({ ...asked, email: 'other@example.net' }),
    () => emailChange.confirm({ token: tokenOf(kit, 'confirm-email-change'), facts: browser.facts() }),
  ];
}

describe.each(['writes', 'all'] as const)('while the app is read-only (%s)', (level) => {
  it('people sign in, with their second factor too, sign out and get new passwords', async () => {
    const kit = makeKit({ readOnly: {} });
    const ada = await person(kit, email);
    await kit.portcullis.readOnly.ready();
    await ada.enrollWholly();
    await switchedOn(kit, level);
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
    expect(await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: goodPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'stepped-up' });
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await kit.settle();
    await kit.clock.advance(30_000);
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, secondFactor: ada.code(), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
  });

  it('nobody signs up, enrolls, changes factors or moves to another address', async () => {
    const kit = makeKit({ readOnly: {} });
    const ada = await person(kit, email);
    await kit.portcullis.readOnly.ready();
    await ada.enrollWholly();
    await kit.value(kit.portcullis.signUp.request({ identifier: 'bo@example.com', password: goodPassword, facts: openBrowser('192.0.2.20').facts() }));
    await ada.askForAddress('ada@example.net');
    await kit.settle();
    await switchedOn(kit, level);
    const asked = { session: ada.session, facts: ada.browser.facts() };
    const { signUp, factors, emailChange } = kit.portcullis;
    for (const attempt of [
      () => signUp.request({ identifier: 'cy@example.com', password: goodPassword, facts: openBrowser('192.0.2.21').facts() }),
      () => signUp.confirm({ token: tokenOf(kit, 'confirm-sign-up'), facts: openBrowser('192.0.2.20').facts() }),
      () => signUp.resend({ identifier: 'bo@example.com', facts: openBrowser('192.0.2.22').facts() }),
      ...sensitiveOf(kit, ada),
    ]) expect(await kit.value<object>(attempt())).toMatchObject(refused);
    const mailed = kit.mails.length;
    await kit.settle();
    expect(kit.mails).toHaveLength(mailed);
    expect(await kit.value(factors.list(asked))).toMatchObject({ outcome: 'overview', codesLeft: 10 });
    // Nothing was used up: once it is lifted, what waited goes through.
    await kit.portcullis.readOnly.lift({ by });
    expect(await kit.value(emailChange.confirm({ token: tokenOf(kit, 'confirm-email-change'), facts: ada.browser.facts() }))).toMatchObject({ outcome: 'email-changed' });
    expect(await kit.value(signUp.confirm({ token: tokenOf(kit, 'confirm-sign-up'), facts: openBrowser('192.0.2.20').facts() }))).toMatchObject({ outcome: 'confirmed' });
  });
});

describe('while what is sensitive alone is refused', () => {
  it('nobody enrolls, changes factors or moves to another address, and a new account is no matter of it', async () => {
    const kit = makeKit({ readOnly: {} });
    const ada = await person(kit, email);
    await kit.portcullis.readOnly.ready();
    await ada.enrollWholly();
    await ada.askForAddress('ada@example.net');
    await kit.settle();
    await switchedOn(kit, 'sensitive');
    const { signUp } = kit.portcullis;
    for (const attempt of sensitiveOf(kit, ada)) expect(await kit.value<object>(attempt())).toMatchObject(refused);
    expect(await kit.value(signUp.request({ identifier: 'cy@example.com', password: goodPassword, facts: openBrowser('192.0.2.21').facts() }))).toMatchObject({ reply: { status: 202 } });
    await kit.settle();
    expect(await kit.value(signUp.confirm({ token: tokenOf(kit, 'confirm-sign-up'), facts: openBrowser('192.0.2.21').facts() }))).toMatchObject({ outcome: 'confirmed' });
    expect(await kit.value(kit.portcullis.passwordChange.change({ session: ada.session as SessionFacts, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'changed' });
  });
});

describe('a switch for one organization', () => {
  it('binds its members and nobody else', async () => {
    const kit = makeKit({ readOnly: {} });
    const [ada, bo] = [await person(kit, email), await person(kit, 'bo@example.com')];
    await kit.portcullis.readOnly.ready();
    joinOrganization(kit, ada, 'team-1');
    await kit.portcullis.readOnly.set({ level: 'writes', scope: { kind: 'organization', id: 'team-1' }, reason: 'An incident', by });
    await ada.signIn();
    await bo.signIn();
    expect(await ada.enroll()).toMatchObject(refused);
    expect(await bo.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
  });
});

describe('a process that has never reached its store', () => {
  it('refuses what changes something, and lets nobody else be harmed by that', async () => {
    const kit = makeKit({ readOnly: {}, records: { durable: true, read: () => new Promise(() => undefined), compareAndSet: () => new Promise(() => undefined), watch: () => () => undefined } });
    expect(await kit.value(kit.portcullis.signUp.request({ identifier: 'bo@example.com', password: goodPassword, facts: openBrowser().facts() }))).toMatchObject(refused);
  });
});
