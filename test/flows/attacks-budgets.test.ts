import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { goodPassword, makeKit, otherPassword } from '../support/kit.ts';
import { joinOrganization, openBrowser, person, revived, tokenOf } from '../support/person.ts';

const email = 'ada@example.com';
const day = 24 * 3_600_000;
const scope = { kind: 'organization', id: 'team-1' } as const;
const wide = { limit: 10_000, windowMs: 60_000 };
/** Addresses are no matter here: whoever attacks has many. */
const manyAddresses = { address: wide, site: wide, noAddress: wide };

// ASVS 5.0 6.1.1
describe('whoever has the password of somebody else', () => {
  it('cannot use up the tries in which its owner confirms an authenticator', async () => {
    const kit = makeKit({ limits: { secondFactor: manyAddresses, signIn: manyAddresses } });
    const ada = await person(kit, email);
    joinOrganization(kit, ada, 'team-1');
    await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 0, by: 'admin-1' }));
    const thief = openBrowser('198.51.100.66');
    const entered = thief.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: thief.facts() })));
    if (entered.outcome !== 'signed-in') throw new Error('expected a session for enrolling');
    for (let guess = 0; guess < 40; guess += 1) {
      await kit.value(kit.portcullis.enrollment.confirm({ session: entered.session, factorId: `guess-${guess}`, code: '123456', facts: thief.facts() }));
    }
    await ada.enrollWholly();
    expect(ada.session?.stage).toBe('full');
  });

  it('cannot use up the tries in which its owner, in a browser that is known, changes the password or gives a proof', async () => {
    const kit = makeKit({ limits: { passwordChange: manyAddresses, signIn: manyAddresses } });
    const ada = await person(kit, email);
    await ada.signIn();
    const thief = openBrowser('198.51.100.66');
    const entered = thief.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: thief.facts() })));
    if (entered.outcome !== 'signed-in') throw new Error('expected a session');
    // A stolen session without its cookies, too.
    for (const facts of [thief.facts(), openBrowser('198.51.100.67').facts()]) {
      for (let guess = 0; guess < 12; guess += 1) await kit.value(kit.portcullis.stepUp.verify({ session: entered.session, password: 'a wrong one', facts }));
    }
    expect(await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: goodPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'stepped-up' });
    expect(await kit.value(kit.portcullis.passwordChange.change({ session: ada.session as SessionFacts, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'changed' });
  });
});

describe('whoever has copied the cookie of a known browser', () => {
  it('closes no other known browser to codes: they are strangers then, with the tries of strangers', async () => {
    const kit = makeKit({ limits: { mode: 'observe' } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const other = openBrowser('192.0.2.20');
    const home = ada.browser;
    ada.browser = other;
    await ada.signIn();
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
    const thief = openBrowser('198.51.100.66');
    for (const [name, value] of other.jar) thief.jar.set(name, value);
    for (let round = 0; round < 20; round += 1) {
      await kit.clock.advance(3_600_000);
      thief.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: thief.facts() })));
      await kit.value(kit.portcullis.secondFactor.verify({ code: '000000', facts: thief.facts() }));
    }
    await kit.clock.advance(3_600_000);
    ada.browser = home;
    await ada.signIn();
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
  });
});

describe('the cookie of a browser that is known to another account', () => {
  it('opens no budget of its own at a name that the other account once had', async () => {
    const kit = makeKit({ limits: { signIn: { ...manyAddresses } } });
    const mallory = await person(kit, email, otherPassword);
    await mallory.signIn();
    await mallory.proveMailbox();
    await mallory.askForAddress('mallory@example.net');
    await kit.settle();
    expect(await kit.value(kit.portcullis.emailChange.confirm({ token: tokenOf(kit, 'confirm-email-change'), facts: mallory.browser.facts() }))).toMatchObject({ outcome: 'email-changed' });
    const ada = await person(kit, email);
    expect(ada.id).not.toBe(mallory.id);
    const statuses: number[] = [];
    for (let guess = 0; guess < 20; guess += 1) {
      const result = await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: `wrong ${guess}`, facts: mallory.browser.facts() }));
      if (result.outcome === 'answered') statuses.push(result.reply.status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  });
});

describe('a factor that an administrator has removed', () => {
  it('is not enrolled anew by a session from before, which should have ended, without the mailbox', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    const thief = openBrowser('198.51.100.66');
    const entered = thief.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: thief.facts() })));
    if (entered.outcome !== 'signed-in') throw new Error('expected a session');
    await kit.clock.advance(1_000);
    await ada.enrollWholly();
    await kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }));
    expect(await kit.value(kit.portcullis.enrollment.enroll({ session: entered.session, facts: thief.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.findLast(({ type }) => type === 'session.refused')).toMatchObject({ reason: 'revoked' });
    expect(await kit.value(kit.portcullis.enrollment.enroll({ session: await revived(kit, entered.session), facts: thief.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
  });
});

// ASVS 5.0 2.3.1
describe('a password that its owner has disowned', () => {
  it('does not become the new one', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await ada.signIn();
    await kit.settle();
    expect(await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'disowned' });
    await kit.settle();
    const reset = (password: string) => kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password, facts: openBrowser().facts() }));
    expect(await reset(goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 422 }, reasons: [{ code: 'same-password' }] });
    expect(await reset(otherPassword)).toMatchObject({ outcome: 'reset' });
  });
});

// ASVS 5.0 15.4.2
describe('a thousand at once', () => {
  it('give no code twice and no session twice, at any door of one sign-in', async () => {
    const kit = makeKit({ limits: { mode: 'observe' } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    await ada.signIn();
    const { portcullis } = kit;
    const facts = ada.browser.facts();
    for (const code of [ada.code(), ada.recoveryCodes[0]]) {
      const results = await kit.value(Promise.all(Array.from({ length: 1_000 }, () => portcullis.secondFactor.verify({ code, facts }))));
      expect(results.filter(({ outcome }) => outcome === 'signed-in').length).toBeLessThanOrEqual(1);
      await kit.clock.advance(30_000);
    }
  });

  it('guesses of one code are no better than five in a row', async () => {
    const kit = makeKit({ limits: { mode: 'observe' } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    await ada.signIn();
    const facts = ada.browser.facts();
    await kit.value(Promise.all(Array.from({ length: 1_000 }, (_, at) => kit.portcullis.secondFactor.verify({ code: String(at).padStart(6, '0'), facts }))));
    expect(kit.events.filter((event) => event.type === 'second-factor.failed' && event.reason === 'wrong-code').length).toBeLessThanOrEqual(5);
  });

  it('links, codes and tickets are good once: challenge, change of address, reset with a second factor', async () => {
    const kit = makeKit({ limits: { mode: 'observe' }, challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await ada.signIn();
    await kit.settle();
    const { portcullis } = kit;
    const once = async <T extends { readonly outcome: string }>(run: () => Promise<T>, outcome: string): Promise<T | undefined> => {
      const results = await kit.value(Promise.all(Array.from({ length: 1_000 }, run)));
      const done = results.filter((each) => each.outcome === outcome);
      expect(done.length, outcome).toBe(1);
      return done[0];
    };
    const token = tokenOf(kit, 'challenge');
    const entered = ada.browser.keep(await once(() => portcullis.challenge.confirm({ token, facts: ada.browser.facts() }), 'signed-in'));
    if (entered?.outcome !== 'signed-in') throw new Error('expected a session');
    ada.session = entered.session;
    await kit.value(portcullis.emailChange.request({ session: ada.session, email: 'ada@example.net', facts: ada.browser.facts() }));
    await kit.settle();
    const change = tokenOf(kit, 'confirm-email-change');
    await once(() => portcullis.emailChange.confirm({ token: change, facts: ada.browser.facts() }), 'email-changed');
    await ada.enrollWholly();
    await kit.value(portcullis.passwordReset.request({ identifier: 'ada@example.net', facts: ada.browser.facts() }));
    await kit.settle();
    const reset = tokenOf(kit, 'reset-password');
    const code = ada.code();
    await once(() => portcullis.passwordReset.redeem({ token: reset, password: otherPassword, secondFactor: code, facts: ada.browser.facts() }), 'reset');
  });
});

describe('a password session that is older than the second factor', () => {
  it('reads no factors, replaces no codes, moves no address and forgets no browser', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    const thief = openBrowser('198.51.100.66');
    const entered = thief.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: thief.facts() })));
    if (entered.outcome !== 'signed-in') throw new Error('expected a session');
    await ada.enrollWholly();
    expect(await kit.value(kit.portcullis.access.check({ session: entered.session, facts: thief.facts() }))).toMatchObject({ outcome: 'answered', verdict: 'signed-out' });
    const session = await revived(kit, entered.session);
    const facts = thief.facts();
    const { factors, emailChange, enrollment, access } = kit.portcullis;
    const [factor] = await kit.value(factors.list({ session: ada.session, facts: ada.browser.facts() })).then((list) => (list.outcome === 'overview' ? list.totp : []));
    for (const run of [
      () => factors.list({ session, facts }),
      () => factors.reissueCodes({ session, facts }),
      () => factors.forgetDevices({ session, facts }),
      () => factors.remove({ session, factorId: factor?.id, facts }),
      () => factors.suspend({ session, factorId: factor?.id, facts }),
      () => emailChange.request({ session, email: 'thief@example.net', facts }),
      () => enrollment.enroll({ session, facts }),
      () => access.check({ session, facts }),
    ]) {
      expect(await kit.value<object>(run())).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('mfa-required') as string } });
      expect(kit.events.at(-1)?.type).toMatch(/^(mfa\.refused|factor\.enrollment-refused)$/);
    }
    await kit.clock.advance(day);
  });
});

// ASVS 5.0 6.1.1
describe('an owner whom a thief with the password keeps busy at the second step', () => {
  it.each(['000000', 'ABCDE-FGHJK-MNPQR-STVWX-YZ0123'])('gets back in by mailbox and recovery code, and shuts the thief out (guesses such as %s)', async (guess) => {
    const kit = makeKit({ limits: { signIn: manyAddresses, secondFactor: manyAddresses, code: manyAddresses } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const thief = openBrowser('198.51.100.66');
    const guesses = async (): Promise<void> => {
      for (let turn = 0; turn < 30; turn += 1) {
        if (turn % 5 === 0) thief.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: thief.facts() })));
        await kit.value(kit.portcullis.secondFactor.verify({ code: guess, facts: thief.facts() }));
      }
    };
    for (let minute = 0; minute < 20; minute += 1) {
      await kit.clock.advance(60_000);
      await guesses();
    }
    // A new browser: the old one is lost with the telephone.
    const fresh = openBrowser('192.0.2.200');
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: fresh.facts() }));
    await kit.settle();
    await guesses();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, secondFactor: ada.recoveryCodes[0], facts: fresh.facts() }))).toMatchObject({ outcome: 'reset' });
  });
});
