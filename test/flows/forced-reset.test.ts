import { describe, expect, it } from 'vitest';
import type { ResetReason } from 'portcullis/resets';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const by = 'operator-1';

function mark(kit: Kit, { id }: Pick<Person, 'id'>, reason: ResetReason): Promise<boolean> {
  return kit.portcullis.resets.mark({ accountId: id, reason, by });
}

async function resetWith(kit: Kit, password: string) {
  await kit.settle();
  return kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password, facts: openBrowser().facts() }));
}

function change(kit: Kit, { session, browser }: Person, newPassword: string, currentPassword = goodPassword) {
  if (session === undefined) throw new Error('nobody is signed in');
  return kit.value(kit.portcullis.passwordChange.change({ session, currentPassword, newPassword, facts: browser.facts() }));
}

// ASVS 5.0 2.3.1, SP 800-63B-4 section 3.1.1.2
describe.each([['compromised', 'compromised'], ['breached', 'breached-password'], ['incident', 'incident']] as const)('a password that must be replaced because it is %s', (reason, because) => {
  it('opens nothing but a mail, in the words of a wrong one, also from a known browser', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await mark(kit, ada, reason);
    const right = await kit.run(ada.signIn());
    const wrong = await kit.run(ada.signIn(otherPassword));
    expect(right).toEqual(wrong);
    expect(right.value).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.filter(({ type }) => type === 'sign-in.failed')).toMatchObject([{ reason: 'forced-reset' }, { reason: 'wrong-password' }]);
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'reset-password')).toMatchObject([{ to: email, because }]);
  });

  it('is replaced by the mailed link alone, by another one, and then the account opens', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await mark(kit, ada, reason);
    await ada.signIn();
    expect(await resetWith(kit, goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 422 }, reasons: [{ code: 'same-password' }] });
    expect(await resetWith(kit, otherPassword)).toMatchObject({ outcome: 'reset' });
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
    expect(await kit.portcullis.resets.check({ accountId: ada.id })).toBeUndefined();
  });

  it('ends the sessions that came by it, and neither changes itself nor proves anything', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await mark(kit, ada, reason);
    expect(await kit.value(kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() }))).toMatchObject({ verdict: 'signed-out' });
    expect(await change(kit, ada, otherPassword)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: goodPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });

  it('takes the second factor as well where there is one', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    await mark(kit, ada, reason);
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await resetWith(kit, otherPassword)).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
  });
});

// ASVS 5.0 6.4.6
describe.each(['admin', 'initial'] as const)('a password that must be changed for the reason %s', (reason) => {
  it('opens the change of the password and nothing else', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await mark(kit, ada, reason);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'change-password' } });
    expect(await kit.value(kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', verdict: 'change-password', reply: { status: 403 } });
    expect(await ada.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('password-change-required') as string } });
    expect(await ada.askForAddress('ada@example.net')).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await kit.portcullis.devices.list(ada.id)).toEqual([]);
  });

  it('is changed by whoever knows it, to another one, and then the session is a whole one', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await mark(kit, ada, reason);
    await ada.signIn();
    expect(await change(kit, ada, goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 422 }, reasons: [{ code: 'same-password' }] });
    expect(await change(kit, ada, otherPassword)).toMatchObject({ outcome: 'changed', session: { stage: 'full' } });
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
  });

  it('restricts the sessions that are there, until it is changed', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await mark(kit, ada, reason);
    expect(await kit.value(kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() }))).toMatchObject({ verdict: 'change-password' });
    const changed = await change(kit, ada, otherPassword);
    if (changed.outcome !== 'changed') throw new Error(JSON.stringify(changed));
    expect(await kit.value(kit.portcullis.access.check({ session: changed.session, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'allowed' });
  });

  it('comes before a second factor that is overdue, and leaves that to be enrolled', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await kit.value(kit.portcullis.mfa.require({ scope: { kind: 'app' }, graceMs: 0, by }));
    await mark(kit, ada, reason);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'change-password' } });
    const changed = await change(kit, ada, otherPassword);
    if (changed.outcome !== 'changed') throw new Error(JSON.stringify(changed));
    expect(await kit.value(kit.portcullis.access.check({ session: changed.session, facts: ada.browser.facts() }))).toMatchObject({ verdict: 'enroll' });
  });

  it('is asked for after the second factor', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    await mark(kit, ada, reason);
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in', session: { stage: 'change-password' } });
  });
});

describe('a right password that has leaked', () => {
  it('opens its own change in a browser that a mailed link has proven, and nothing from any other', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await ada.signIn();
    await ada.openLink();
    kit.leaks.set(goodPassword, { verdict: 'breached', count: 9 });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'change-password' } });
    expect(await kit.value(kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() }))).toMatchObject({ verdict: 'change-password' });
    expect(await change(kit, ada, otherPassword)).toMatchObject({ outcome: 'changed', session: { stage: 'full' } });
    kit.leaks.set(otherPassword, { verdict: 'breached', count: 1 });
    ada.browser = openBrowser();
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });

  it('opens nothing in a browser that is known by that password alone', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    kit.leaks.set(goodPassword, { verdict: 'breached', count: 9 });
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });
});

// ASVS 5.0 7.4.5
describe('an order to replace every password that was set before a moment', () => {
  it('spares a password that the app knows to be newer', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await kit.clock.advance(60_000);
    const beforeMs = kit.clock.nowMs();
    await kit.clock.advance(60_000);
    await kit.portcullis.resets.markBefore({ beforeMs, reason: 'incident', by });
    const row = kit.table.rows.get(ada.id);
    if (row === undefined) throw new Error('no row');
    for (const [passwordSetAtMs, outcome] of [[beforeMs - 1, 'answered'], [beforeMs, 'signed-in'], ['2030-01-01' as unknown as number, 'answered']] as const) {
      kit.table.rows.set(ada.id, { ...row, passwordSetAtMs });
      expect(await ada.signIn()).toMatchObject({ outcome });
    }
  });

  it('means each until it is another one, and nobody who has signed up since', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await kit.clock.advance(60_000);
    await kit.portcullis.resets.markBefore({ beforeMs: kit.clock.nowMs(), reason: 'incident', by });
    await kit.clock.advance(60_000);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await resetWith(kit, otherPassword)).toMatchObject({ outcome: 'reset' });
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
    await kit.value(kit.portcullis.signUp.request({ identifier: 'bo@example.com', password: goodPassword, facts: openBrowser('192.0.2.20').facts() }));
    await kit.settle();
    expect(await kit.value(kit.portcullis.signUp.confirm({ token: tokenOf(kit, 'confirm-sign-up'), facts: openBrowser('192.0.2.20').facts() }))).toMatchObject({ outcome: 'confirmed' });
    expect(await kit.value(kit.portcullis.signIn.attempt({ identifier: 'bo@example.com', password: goodPassword, facts: openBrowser('192.0.2.20').facts() }))).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
  });
});
