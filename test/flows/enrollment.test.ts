import { describe, expect, it } from 'vitest';
import { makeKit, otherPassword, overwriteRecord } from '../support/kit.ts';
import { joinOrganization, openBrowser, person, tokenOf } from '../support/person.ts';

const email = 'ada@example.com';
const day = 24 * 3_600_000;

describe('enrolling a first second factor', () => {
  it('is never done on a password alone: a link is mailed, and once it is opened in that browser it goes through', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    expect(await ada.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    expect(kit.events.findLast(({ type }) => type === 'factor.enrollment-refused')).toMatchObject({ reason: 'mailed-link-needed', accountId: ada.id });
    expect(await ada.openLink()).toMatchObject({ outcome: 'confirmed', reply: { status: 200 } });
    expect(await ada.enroll()).toMatchObject({ outcome: 'enrollment' });
  });

  it('hands out the secret, a URI and a QR code once, and counts for nothing before a right code', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await ada.enroll();
    await ada.openLink();
    const begun = await ada.enroll();
    if (begun.outcome !== 'enrollment') throw new Error('no enrollment');
    expect(begun.enrollment.uri).toMatch(/^otpauth:\/\/totp\/app\.example\.com:ada%40example\.com\?secret=[A-Z2-7]{32}&issuer=app\.example\.com$/);
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
  });

  // The incident of 2019 had the right passwords: they must not suffice to enroll.
  it('gives a thief with the right password nothing: the link opens in the browser that asked, and nowhere else', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    const thief = await personInAnotherBrowser(kit, ada.id);
    expect(await thief.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    await kit.settle();
    // The owner opens the mail in her own browser.
    expect(await kit.value(kit.portcullis.challenge.confirm({ token: tokenOf(kit, 'challenge'), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(await thief.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    expect(kit.events.filter(({ type }) => type === 'factor.enrollment-started')).toEqual([]);
  });

  it('needs no link from a browser that a mailed link has proven a day before', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await ada.signIn();
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in' });
    await kit.clock.advance(day);
    await ada.signIn();
    expect(await ada.enroll()).toMatchObject({ outcome: 'enrollment' });
  });

  it('needs one from a browser that has been known for a year by its password alone: a thief has that too', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    for (let month = 0; month < 12; month += 1) {
      await ada.signIn();
      await kit.clock.advance(30 * day);
    }
    await ada.signIn();
    expect(await ada.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
  });

  it('may be begun twenty times an hour', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await ada.enroll();
    await ada.openLink();
    const answers = [];
    for (let turn = 0; turn < 21; turn += 1) answers.push((await ada.enroll()).outcome);
    expect(answers).toEqual([...Array.from({ length: 20 }, () => 'enrollment'), 'answered']);
    await kit.clock.advance(3 * 60_000);
    expect(await ada.enroll()).toMatchObject({ outcome: 'enrollment' });
  });

  it('needs no link in a session that is older than the policy, and asks for the password when that is long ago', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    joinOrganization(kit, ada, 'team-1');
    await ada.signIn();
    await kit.clock.advance(60_000);
    await kit.value(kit.portcullis.mfa.require({ scope: { kind: 'organization', id: 'team-1' }, graceMs: 7 * day, by: 'admin-1' }));
    expect(await ada.enroll()).toMatchObject({ outcome: 'enrollment' });
    await kit.clock.advance(3_600_000);
    expect(await ada.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('reauthentication-required') as string } });
  });
});

async function personInAnotherBrowser(kit: ReturnType<typeof makeKit>, accountId: string) {
  const other = await person(kit, 'thief@example.com');
  const browser = openBrowser('198.51.100.66');
  const result = browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: kit.table.rows.get(accountId)?.email, password: 'quiet marmots under tin roofs', facts: browser.facts() })));
  if (result.outcome !== 'signed-in') throw new Error('the thief has the right password');
  return Object.assign(other, { browser, session: result.session });
}

describe('a thief with the right password who asks for link after link', () => {
  async function besieged() {
    const kit = makeKit();
    const ada = await person(kit, email);
    joinOrganization(kit, ada, 'team-1');
    await ada.signIn();
    await kit.value(kit.portcullis.mfa.require({ scope: { kind: 'organization', id: 'team-1' }, graceMs: 0, by: 'admin-1' }));
    const thief = await personInAnotherBrowser(kit, ada.id);
    for (let turn = 0; turn < 7; turn += 1) expect(await thief.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'challenge')).toHaveLength(5);
    return { kit, ada };
  }

  it('does not keep the owner from enrolling in a browser that the account knows', async () => {
    const { ada } = await besieged();
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
    await ada.enrollWholly();
    expect(ada.session).toMatchObject({ stage: 'full' });
  });

  it('has used up no mail of the next password', async () => {
    const { kit, ada } = await besieged();
    await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }));
    await kit.settle();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
    await ada.enrollWholly();
    expect(ada.session).toMatchObject({ stage: 'full' });
  });
});

describe('a confirmed enrollment', () => {
  it('gives ten recovery codes, raises the session, ends the others, forgets other browsers, and tells the owner', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    expect(ada.recoveryCodes).toHaveLength(10);
    expect(ada.session).toMatchObject({ stage: 'full', proofs: { totp: expect.any(Number) as number } });
    expect(kit.table.rows.get(ada.id)).toMatchObject({ hasSecondFactor: true });
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'second-factor-changed', what: 'added', by: 'owner', name: 'phone', to: email });
  });

  it('is asked for a code of the first before a second authenticator', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    await kit.clock.advance(3_600_000);
    expect(await ada.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('reauthentication-required') as string } });
    const raised = await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: 'quiet marmots under tin roofs', code: ada.code(), facts: ada.browser.facts() }));
    if (raised.outcome !== 'stepped-up') throw new Error(JSON.stringify(raised));
    ada.session = raised.session;
    expect(await ada.enroll()).toMatchObject({ outcome: 'enrollment' });
  });
});

describe('a record that says that somebody must enroll, and was never written as one,', () => {
  it.each(['{}', '[]', '{"sinceMs":"0"}', '{"sinceMs":null}', '{"sinceMs":-1}', '{"sinceMs":1e999}'])('opens nothing, until an administrator says it again (%s)', async (lie) => {
    const kit = makeKit();
    const ada = await person(kit, 'ada@example.com');
    await ada.enrollWholly();
    await kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }));
    await kit.clock.advance(1_000);
    await overwriteRecord(kit, 'must-enroll', ada.id, () => lie);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    await kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }));
    await kit.clock.advance(1_000);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
  });
});
