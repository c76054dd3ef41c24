import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const next = 'ada@example.net';

function ask(kit: Kit, { session, browser }: Person, wanted: unknown = next) {
  return kit.value(kit.portcullis.emailChange.request({ session, email: wanted, facts: browser.facts() }));
}

function confirm(kit: Kit, input: object) {
  return kit.value(kit.portcullis.emailChange.confirm({ ...input, facts: openBrowser().facts() }));
}

async function signedIn(kit: Kit): Promise<Person> {
  const ada = await person(kit, email);
  await ada.signIn();
  return ada;
}

describe('a change of address', () => {
  // ASVS 5.0 6.3.7
  it('takes a mail that was read at the new address, and tells both before and after', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    expect(await ask(kit, ada, ' Ada@Example.NET ')).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
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
    await ask(kit, ada);
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
    expect(await ask(kit, ada)).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('reauthentication-required') as string } });
    const raised = await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: goodPassword, facts: ada.browser.facts() }));
    if (raised.outcome !== 'stepped-up') throw new Error('no step-up');
    ada.session = raised.session;
    expect(await ask(kit, ada)).toMatchObject({ reply: { status: 202 } });
    expect(await kit.value(kit.portcullis.emailChange.request({ session: undefined, email: next, facts: ada.browser.facts() }))).toMatchObject({ reply: { status: 401 } });
  });

  it('ends reset links that lie in the old mailbox', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await ask(kit, ada);
    await kit.settle();
    const link = tokenOf(kit, 'reset-password');
    expect(await confirm(kit, { token: tokenOf(kit, 'confirm-email-change') })).toMatchObject({ outcome: 'email-changed' });
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: link, password: 'lanterns along a frozen canal', facts: openBrowser().facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('takes the short code in the session that asked, and in no other', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await ask(kit, ada);
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
    expect(await ask(kit, ada, wanted)).toMatchObject({ outcome: 'answered', reply: { status: 422 } });
    await kit.settle();
    expect(kit.mails).toEqual([]);
  });
});
