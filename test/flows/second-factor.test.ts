import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit } from '../support/kit.ts';
import { codeAt, openBrowser, person } from '../support/person.ts';

const email = 'ada@example.com';

describe('signing in to an account with a second factor', () => {
  // ASVS 5.0 6.3.3, 2.3.1
  it('takes the password and then a code, and opens nothing in between', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser('192.0.2.99');
    const first = await ada.signIn();
    expect(first).toMatchObject({ outcome: 'second-factor', methods: ['totp', 'recovery-code'], reply: { status: 403 } });
    expect(first).not.toHaveProperty('session');
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in', accountId: ada.id, session: { stage: 'full' } });
    expect(Object.keys(ada.session?.proofs ?? {})).toEqual(['password', 'totp']);
  });

  it('takes a recovery code in place of the code, once, and tells the owner', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const [code = ''] = ada.recoveryCodes;
    ada.browser = openBrowser();
    await ada.signIn();
    expect(await ada.giveCode(code)).toMatchObject({ outcome: 'signed-in', codesLeft: 9, reissue: false });
    await kit.settle();
    expect(kit.mails.findLast(({ kind }) => kind === 'recovery-code-used')).toMatchObject({ kind: 'recovery-code-used', to: email, left: 9 });
    ada.browser = openBrowser();
    await ada.signIn();
    expect(await ada.giveCode(code)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });

  // ASVS 5.0 6.5.1, RFC 6238 section 5.2
  it('takes each code once, the one that enrolled the authenticator included', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const spent = codeAt(ada.secret ?? '', kit.clock.nowMs() - 30_000);
    ada.browser = openBrowser();
    await ada.signIn();
    expect(await ada.giveCode(spent)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
    const again = ada.code();
    ada.browser = openBrowser();
    await ada.signIn();
    expect(await ada.giveCode(again)).toMatchObject({ outcome: 'answered' });
  });

  // ASVS 5.0 6.6.2
  it('goes on in the browser that gave the password, and in no other', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    await ada.signIn();
    const thief = openBrowser('198.51.100.7');
    const pending = ada.browser.jar.get('__Host-portcullis-pending') ?? '';
    expect(pending).toHaveLength(43);
    thief.jar.set('__Host-portcullis-pending', pending);
    expect(await kit.value(kit.portcullis.secondFactor.verify({ code: ada.code(), facts: thief.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
  });

  it('gives five tries and ten minutes', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    await ada.signIn();
    for (let tries = 0; tries < 4; tries += 1) expect(await ada.giveCode('000000')).toMatchObject({ reply: { body: expect.stringContaining('second-factor-failed') as string } });
    expect(await ada.giveCode('000000')).toMatchObject({ reply: { body: expect.stringContaining('second-factor-expired') as string } });
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'second-factor-failed', to: email });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'answered' });
    await kit.clock.advance(60_000);
    await ada.signIn();
    await kit.clock.advance(10 * 60_000 + 1);
    expect(await ada.giveCode()).toMatchObject({ reply: { body: expect.stringContaining('second-factor-expired') as string } });
  });

  it('spares a remembered browser the code for thirty days, and no other one', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    await ada.signIn();
    expect(await ada.giveCode(ada.code(), true)).toMatchObject({ outcome: 'signed-in' });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
    expect(Object.keys(ada.session?.proofs ?? {})).toEqual(['password', 'remembered-browser']);
    await kit.clock.advance(30 * 24 * 3_600_000);
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
  });

  it('has one winner among fifty who send the same code at once', async () => {
    const kit = makeKit({ limits: { mode: 'observe' } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const browsers = Array.from({ length: 50 }, () => openBrowser());
    for (const each of browsers) each.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: each.facts() })));
    const code = ada.code();
    const results = await kit.value(Promise.all(browsers.map((each) => kit.portcullis.secondFactor.verify({ code, facts: each.facts() }))));
    expect(results.filter(({ outcome }) => outcome === 'signed-in')).toHaveLength(1);
  });
});
