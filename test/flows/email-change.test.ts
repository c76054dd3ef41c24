import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const next = 'ada@example.net';

function confirm(kit: Kit, input: object) {
  return kit.value(kit.portcullis.emailChange.confirm({ ...input, facts: openBrowser().facts() }));
}

/** Somebody who has just opened the link in the old mailbox. */
async function signedIn(kit: Kit): Promise<Person> {
  const ada = await person(kit, email);
  await ada.signIn();
  await ada.proveMailbox();
  kit.mails.length = 0;
  return ada;
}

describe('a change of address', () => {
  // ASVS 5.0 6.3.7
  it('takes a mail that was read at the new address, and tells both before and after', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    expect(await ada.askForAddress(' Ada@Example.NET ')).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    await kit.settle();
    expect(kit.mails).toMatchObject([{ kind: 'email-changed', what: 'requested', to: email }, { kind: 'confirm-email-change', to: next }]);
    expect(kit.table.rows.get(ada.id)?.email).toBe(email);
    expect(await confirm(kit, { token: tokenOf(kit, 'confirm-email-change') })).toMatchObject({ outcome: 'email-changed', accountId: ada.id, email: next });
    expect(kit.table.rows.get(ada.id)?.email).toBe(next);
    await kit.settle();
    expect(kit.mails.slice(2)).toMatchObject([{ kind: 'email-changed', what: 'done', to: email }, { kind: 'email-changed', what: 'done', to: next }]);
    expect(await confirm(kit, { token: tokenOf(kit, 'confirm-email-change') })).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('answers the same for an address that is taken, and tells its owner', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await kit.plant({ email: next, password: goodPassword });
    const free = await kit.run(kit.portcullis.emailChange.request({ session: ada.session, email: 'free@example.net', facts: ada.browser.facts() }));
    const taken = await kit.run(kit.portcullis.emailChange.request({ session: ada.session, email: next, facts: ada.browser.facts() }));
    expect(taken).toEqual(free);
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'email-change-existing-account', to: next });
  });

  it('loses against somebody who takes the address meanwhile', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await ada.askForAddress(next);
    await kit.settle();
    await kit.plant({ email: next, password: goodPassword });
    expect(await confirm(kit, { token: tokenOf(kit, 'confirm-email-change') })).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(kit.table.rows.get(ada.id)?.email).toBe(email);
  });

  // ASVS 5.0 7.5.1
  it('asks for a fresh proof, and for the second factor where there is one', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await kit.clock.advance(3_600_000);
    expect(await ada.askForAddress(next)).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('reauthentication-required') as string } });
    const raised = await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: goodPassword, facts: ada.browser.facts() }));
    if (raised.outcome !== 'stepped-up') throw new Error('no step-up');
    ada.session = raised.session;
    expect(await ada.askForAddress(next)).toMatchObject({ reply: { status: 202 } });
    await kit.settle();
    // The link in the old mailbox was opened an hour ago as well.
    expect(kit.mails).toMatchObject([{ kind: 'challenge', purpose: 'email-change', to: email }]);
    expect(await kit.value(kit.portcullis.emailChange.request({ session: undefined, email: next, facts: ada.browser.facts() }))).toMatchObject({ reply: { status: 401 } });
  });

  it('ends reset links that lie in the old mailbox', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await ada.askForAddress(next);
    await kit.settle();
    const link = tokenOf(kit, 'reset-password');
    expect(await confirm(kit, { token: tokenOf(kit, 'confirm-email-change') })).toMatchObject({ outcome: 'email-changed' });
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: link, password: 'lanterns along a frozen canal', facts: openBrowser().facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('takes the short code in the session that asked, and in no other', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await ada.askForAddress(next);
    await kit.settle();
    const mail = kit.mails.find(({ kind }) => kind === 'confirm-email-change');
    const code = mail?.kind === 'confirm-email-change' ? mail.code : '';
    expect(await confirm(kit, { code })).toMatchObject({ outcome: 'answered' });
    expect(await confirm(kit, { code, session: { ...ada.session, accountId: 'user-9' } })).toMatchObject({ outcome: 'answered' });
    expect(await confirm(kit, { code, session: ada.session })).toMatchObject({ outcome: 'email-changed' });
  });

  it.each([['a number', 7], ['nothing', null], ['no address', 'ada'], ['an object', { $ne: '' }], ['10 MB', 'a'.repeat(10_000_000)], ['two lines', 'a@b.c\nBcc: x@y.z']])('refuses %s', async (_name, wanted) => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    expect(await ada.askForAddress(wanted)).toMatchObject({ outcome: 'answered', reply: { status: 422 } });
    await kit.settle();
    expect(kit.mails).toEqual([]);
  });
});

describe('a change of address without a second factor', () => {
  // OWASP Authentication Cheat Sheet, ASVS 5.0 6.3.7
  it('takes the old mailbox: a link there, opened in the same browser, and nothing goes to the new address before', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    expect(await ada.askForAddress(next)).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    await kit.settle();
    expect(kit.mails).toMatchObject([{ kind: 'challenge', purpose: 'email-change', to: email }]);
    expect(kit.events.findLast(({ type }) => type === 'email-change.requested')).toMatchObject({ outcome: 'mailed-link-needed' });
    expect(await ada.openLink()).toMatchObject({ outcome: 'confirmed', purpose: 'email-change' });
    expect(await ada.askForAddress(next)).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    await kit.settle();
    expect(await confirm(kit, { token: tokenOf(kit, 'confirm-email-change') })).toMatchObject({ outcome: 'email-changed' });
  });

  it('gives a thief with the password nothing, however long he has been signing in, and neither does a second factor through a new mailbox', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    const thief = Object.assign(await person(kit, 'mallory@example.com'), { browser: openBrowser('198.51.100.66') });
    for (let day = 0; day < 11; day += 1) {
      const entered = thief.browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: thief.browser.facts() })));
      if (entered.outcome !== 'signed-in') throw new Error('he has the right password');
      thief.session = entered.session;
      await kit.clock.advance(24 * 3_600_000);
      const again = await kit.value(kit.portcullis.stepUp.verify({ session: thief.session, password: goodPassword, facts: thief.browser.facts() }));
      if (again.outcome !== 'stepped-up') throw new Error('he has the right password');
      thief.session = again.session;
      expect(await thief.askForAddress('mallory@example.net')).toMatchObject({ outcome: 'answered' });
      expect(await thief.enroll()).toMatchObject({ outcome: 'answered' });
    }
    await kit.settle();
    expect(kit.mails.filter(({ to }) => to !== email)).toEqual([]);
    expect(kit.events.filter(({ type }) => type === 'factor.enrollment-started' || type === 'email-change.succeeded')).toEqual([]);
    // The owner opens one of the mails at home: that is another browser.
    expect(await ada.openLink()).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('needs no link from a browser that a mailed link has proven a day before, so that a lost mailbox is not the end', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await ada.signIn();
    await ada.openLink();
    await kit.clock.advance(24 * 3_600_000 - 60_000);
    await ada.signIn();
    kit.mails.length = 0;
    await ada.askForAddress(next);
    await kit.settle();
    expect(kit.mails).toMatchObject([{ kind: 'challenge' }]);
    await kit.clock.advance(60_000);
    await ada.askForAddress(next);
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'confirm-email-change', to: next });
  });

  it('with one asks for that, and for no mailbox', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    kit.mails.length = 0;
    await ada.askForAddress(next);
    await kit.settle();
    expect(kit.mails.map(({ kind }) => kind)).toEqual(['email-changed', 'confirm-email-change']);
  });
});

/** Somebody with a link in the new mailbox that nobody has opened yet. */
async function underWay(kit: Kit): Promise<{ readonly ada: Person; readonly token: string }> {
  const ada = await signedIn(kit);
  await ada.askForAddress(next);
  await kit.settle();
  return { ada, token: tokenOf(kit, 'confirm-email-change') };
}

async function expectStopped(kit: Kit, { id }: Person, token: string): Promise<void> {
  expect(await confirm(kit, { token })).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  expect(kit.events.findLast(({ type }) => type === 'email-change.failed')).toMatchObject({ reason: 'changed-meanwhile', accountId: id });
  expect(kit.table.rows.get(id)?.email).toBe(email);
}

// ASVS 5.0 7.4.3
describe('a change of address that has begun', () => {
  it.each(['compromised', 'breached', 'incident'] as const)('ends with an order to replace the password (%s), so that no reset goes to the new address', async (reason) => {
    const kit = makeKit();
    const { ada, token } = await underWay(kit);
    await kit.portcullis.resets.mark({ accountId: ada.id, reason, by: 'operator-1' });
    await expectStopped(kit, ada, token);
    await kit.portcullis.resets.unmark({ accountId: ada.id, by: 'operator-1' });
    // It was not used up by being refused.
    expect(await confirm(kit, { token })).toMatchObject({ outcome: 'email-changed' });
  });

  it('ends with an order for everybody', async () => {
    const kit = makeKit();
    const { ada, token } = await underWay(kit);
    await kit.portcullis.resets.markBefore({ beforeMs: kit.clock.nowMs(), reason: 'compromised', by: 'operator-1' });
    await expectStopped(kit, ada, token);
  });

  it('goes on while strangers guess at the password', async () => {
    const kit = makeKit();
    const { ada, token } = await underWay(kit);
    for (let turn = 0; turn < 51; turn += 1) {
      await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: 'a wrong one', facts: ada.browser.facts() }));
      await kit.clock.advance(60_000);
    }
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    expect(await confirm(kit, { token })).toMatchObject({ outcome: 'email-changed' });
  });

  it.each([
    ['sessions end', ({ portcullis }: Kit, accountId: string) => portcullis.epochs.revokeUser({ accountId, by: 'operator-1' })],
    ['the password is marked', ({ portcullis }: Kit, accountId: string) => portcullis.resets.mark({ accountId, reason: 'compromised', by: 'operator-1' })],
  ])('is not even mailed to the new address when %s before', async (_what, end) => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    const release = heldBack(kit);
    expect(await ada.askForAddress(next)).toMatchObject({ reply: { status: 202 } });
    await end(kit, ada.id);
    release();
    await kit.settle();
    expect(kit.mails).toMatchObject([{ kind: 'email-changed', what: 'requested', to: email }]);
    expect(kit.events.findLast(({ type }) => type === 'email-change.failed')).toMatchObject({ reason: 'changed-meanwhile', accountId: ada.id });
  });

  it('ends with the session that asked, also where that ended while the mail was under way', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    Object.assign(kit.table, { findByIdentifier: () => gate });
    await ada.askForAddress(next);
    await kit.clock.advance(100);
    await kit.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    open();
    await kit.settle();
    await expectStopped(kit, ada, tokenOf(kit, 'confirm-email-change'));
  });

  it('ends with the session that asked, where an owner without a second factor is mailed first', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    const release = heldBack(kit);
    await ada.askForAddress(next);
    await kit.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    release();
    expect(await ada.openLink()).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it.each([
    ['refuses', () => Promise.reject(new Error('550 no such user'))],
    ['hangs', () => new Promise<void>(() => undefined)],
  ])('is mailed to the new address where an old one %s', async (_what, send) => {
    const kit: Kit = makeKit({ mailer: { send: (mail) => (mail.to === 'dead@home.example' ? send() : Promise.resolve(void kit.mails.push(mail))) } });
    const ada = await signedIn(kit);
    const row = kit.table.rows.get(ada.id);
    if (row === undefined) throw new Error('no row');
    kit.table.rows.set(ada.id, { ...row, noticeEmails: ['dead@home.example'] });
    await ada.askForAddress(next);
    await kit.settle();
    expect(kit.mails.map(({ kind, to }) => [kind, to])).toEqual([['email-changed', email], ['confirm-email-change', next]]);
    expect(await confirm(kit, { token: tokenOf(kit, 'confirm-email-change') })).toMatchObject({ outcome: 'email-changed' });
  });
});

/** Lets no work after answers begin until the function that it answers is called. */
function heldBack(kit: Kit): () => void {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  for (let runner = 0; runner < 20; runner += 1) kit.portcullis.uniform.later('test', () => gate);
  return release;
}
