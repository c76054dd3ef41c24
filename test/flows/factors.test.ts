import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit, type Kit } from '../support/kit.ts';
import { codeAt, openBrowser, person, revived, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const hour = 3_600_000;

async function enrolled(kit: Kit): Promise<Person> {
  const ada = await person(kit, email);
  await ada.enrollWholly();
  return ada;
}

function request({ session, browser }: Person) {
  return { session, facts: browser.facts() };
}

async function factorIdOf(kit: Kit, ada: Person): Promise<string> {
  const seen = await kit.value(kit.portcullis.factors.list(request(ada)));
  return seen.outcome === 'overview' ? (seen.totp[0]?.id ?? '') : '';
}

/** A code too few or too many, as often as the caps allow, from a browser that is not known. */
async function wrongCodes(kit: Kit, ada: Person, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    const browser = openBrowser(`198.51.${Math.floor(turn / 250)}.${turn % 250}`);
    browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: ada.email, password: goodPassword, facts: browser.facts() })));
    await kit.value(kit.portcullis.secondFactor.verify({ code: '000000', facts: browser.facts() }));
    await kit.clock.advance(hour + 1_000);
  }
}

describe('the factors of an account', () => {
  // SP 800-63B-4 section 4.1
  it('are shown with when each was added and used, never with a secret', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const seen = await kit.value(kit.portcullis.factors.list(request(ada)));
    expect(seen).toMatchObject({ outcome: 'overview', enrolled: true, codesLeft: 10, totp: [{ name: 'phone', state: 'active', createdAtMs: expect.any(Number) as number, confirmedAtMs: expect.any(Number) as number }] });
    expect(JSON.stringify(seen)).not.toContain((ada.secret ?? '').replaceAll(' ', ''));
  });

  // ASVS 5.0 7.5.1
  it.each(['remove', 'suspend', 'restore'] as const)('ask for a fresh password and a fresh code before %s', async (verb) => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const factorId = await factorIdOf(kit, ada);
    await kit.clock.advance(hour);
    expect(await kit.value(kit.portcullis.factors[verb]({ ...request(ada), factorId }))).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    const half = await kit.value(kit.portcullis.stepUp.verify({ ...request(ada), password: goodPassword }));
    if (half.outcome !== 'stepped-up') throw new Error('no step-up');
    expect(await kit.value(kit.portcullis.factors[verb]({ session: half.session, facts: ada.browser.facts(), factorId }))).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    const whole = await kit.value(kit.portcullis.stepUp.verify({ session: half.session, facts: ada.browser.facts(), code: ada.code() }));
    if (whole.outcome !== 'stepped-up') throw new Error('no step-up');
    expect(await kit.value(kit.portcullis.factors[verb]({ session: whole.session, facts: ada.browser.facts(), factorId }))).toMatchObject({ outcome: 'changed', revoke: 'other-sessions' });
  });

  // ASVS 5.0 6.5.6
  it('can be reported lost, and then open nothing until they are restored, and still count as enrolled', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const factorId = await factorIdOf(kit, ada);
    expect(await kit.value(kit.portcullis.factors.suspend({ ...request(ada), factorId }))).toMatchObject({ outcome: 'changed' });
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor', methods: ['recovery-code'] });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'answered' });
    expect(await ada.giveCode(ada.recoveryCodes[0])).toMatchObject({ outcome: 'signed-in' });
    expect(await kit.value(kit.portcullis.factors.restore({ ...request(ada), factorId }))).toMatchObject({ outcome: 'changed' });
    await kit.clock.advance(30_000);
    await ada.signIn();
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
  });

  it('can be removed by their owner, down to the last where no policy asks for one', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const factorId = await factorIdOf(kit, ada);
    expect(await kit.value(kit.portcullis.factors.remove({ ...request(ada), factorId }))).toMatchObject({ outcome: 'changed' });
    expect(kit.table.rows.get(ada.id)).toMatchObject({ hasSecondFactor: false });
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    await kit.settle();
    expect(kit.mails.findLast(({ kind }) => kind === 'second-factor-changed')).toMatchObject({ what: 'removed', by: 'owner', name: 'phone' });
  });

  it('keep the last one that a policy asks for', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    await kit.value(kit.portcullis.mfa.require({ scope: { kind: 'app' }, graceMs: 0, by: 'admin-1' }));
    expect(await kit.value(kit.portcullis.factors.remove({ ...request(ada), factorId: await factorIdOf(kit, ada) }))).toMatchObject({ outcome: 'answered', reply: { status: 409 } });
  });

  it('keep one that a policy asks for, of two that are removed at once', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const second = await ada.enroll();
    if (second.outcome !== 'enrollment') throw new Error(JSON.stringify(second));
    const code = codeAt(second.enrollment.secret, kit.clock.nowMs());
    const done = ada.browser.keep(await kit.value(kit.portcullis.enrollment.confirm({ ...request(ada), factorId: second.enrollment.factorId, code })));
    if (done.outcome !== 'enrolled') throw new Error(JSON.stringify(done));
    ada.session = done.session;
    await kit.value(kit.portcullis.mfa.require({ scope: { kind: 'app' }, graceMs: 0, by: 'admin-1' }));
    const first = await factorIdOf(kit, ada);
    const ids = [first, second.enrollment.factorId];
    expect(new Set(ids).size).toBe(2);
    const results = await kit.value(Promise.all(ids.map((factorId) => kit.portcullis.factors.remove({ ...request(ada), factorId }))));
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['answered', 'changed']);
    const left = await kit.value(kit.portcullis.factors.list({ ...request(ada), session: await revived(kit, ada.session) }));
    expect(left).toMatchObject({ totp: { length: 1 } });
    expect(kit.table.rows.get(ada.id)).toMatchObject({ hasSecondFactor: true });
  });

  // SP 800-63B-4 section 4.2.1.1
  it('have recovery codes that can be replaced, and then the old ones are void', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const fresh = await kit.value(kit.portcullis.factors.reissueCodes(request(ada)));
    expect(fresh).toMatchObject({ outcome: 'codes', recoveryCodes: { length: 10 } });
    ada.browser = openBrowser();
    await ada.signIn();
    expect(await ada.giveCode(ada.recoveryCodes[0])).toMatchObject({ outcome: 'answered' });
    expect(await ada.giveCode(fresh.outcome === 'codes' ? fresh.recoveryCodes[0] : '')).toMatchObject({ outcome: 'signed-in' });
  });
});

describe('wrong codes in a row', () => {
  // SP 800-63B-4 section 3.2.2
  it('disable the authenticator after fifty for strangers, across sessions, addresses and months; it counts as enrolled all the same', async () => {
    const kit = makeKit({ limits: { mode: 'observe' } });
    const ada = await enrolled(kit);
    await wrongCodes(kit, ada, 50);
    expect(kit.events.filter(({ type }) => type === 'factor.disabled')).toHaveLength(1);
    const stranger = { ...ada, browser: openBrowser() };
    const first = stranger.browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: stranger.browser.facts() })));
    expect(first).toMatchObject({ outcome: 'second-factor', methods: ['recovery-code'] });
    expect(await kit.value(kit.portcullis.secondFactor.verify({ code: ada.code(), facts: stranger.browser.facts() }))).toMatchObject({ outcome: 'answered' });
    await kit.settle();
    expect(kit.mails.filter((mail) => mail.kind === 'second-factor-changed' && mail.what === 'disabled')).toHaveLength(1);
    // The owner's browser is known, and its budget its own.
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor', methods: ['totp', 'recovery-code'] });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
  });

  it('make strangers wait longer and longer, and not the owner', async () => {
    const kit = makeKit({ limits: { mode: 'observe' } });
    const ada = await enrolled(kit);
    for (let turn = 0; turn < 6; turn += 1) {
      const browser = openBrowser(`198.51.100.${turn}`);
      browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: browser.facts() })));
      await kit.value(kit.portcullis.secondFactor.verify({ code: '000000', facts: browser.facts() }));
    }
    const browser = openBrowser('198.51.100.77');
    browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: browser.facts() })));
    expect(await kit.value(kit.portcullis.secondFactor.verify({ code: ada.code(), facts: browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 429 } });
    await ada.signIn();
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
  });
});

describe('an administrator who removes the factors of somebody who has lost them all', () => {
  it('leaves an account that enrolls anew before anything else, and tells its owner', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    expect(await kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }))).toEqual({ removed: 1, revoke: 'all-sessions' });
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'second-factor-changed', what: 'removed', by: 'admin', to: email });
    expect(kit.events).toContainEqual(expect.objectContaining({ type: 'mfa.factors-removed', by: 'admin-1', accountId: ada.id }));
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
    expect(await ada.giveCode(ada.recoveryCodes[0])).toMatchObject({ outcome: 'answered' });
    await ada.enrollWholly();
    expect(await kit.value(kit.portcullis.access.check(request(ada)))).toMatchObject({ outcome: 'allowed' });
  });
});

describe('a record store that has lost its records', () => {
  // ASVS 5.0 16.5.3
  it('keeps an account with a second factor shut, where the table remembers that there was one', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    const row = kit.table.rows.get(ada.id);
    if (row !== undefined) kit.table.rows.set(ada.id, { ...row, hasSecondFactor: true });
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor', methods: [] });
    expect(kit.events).toContainEqual(expect.objectContaining({ type: 'factor.records-lost', accountId: ada.id }));
    await kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }));
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
  });
});

describe('a password reset of an account with a second factor', () => {
  // ASVS 5.0 6.4.3, SP 800-63B-4 section 4.2.2.2
  it('takes the mailed link and a code, signs nobody in, and touches no factor', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await kit.settle();
    const mail = kit.mails.findLast(({ kind }) => kind === 'reset-password');
    const token = mail?.kind === 'reset-password' ? mail.link.split('#token=')[1] : undefined;
    const password = 'lanterns along a frozen canal';
    const redeem = (secondFactor?: string) => kit.value(kit.portcullis.passwordReset.redeem({ token, password, secondFactor, facts: openBrowser().facts() }));
    expect(await redeem()).toMatchObject({ outcome: 'answered', reply: { status: 403 }, reasons: [{ code: 'second-factor' }] });
    expect(await redeem('000000')).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await redeem(ada.code())).toMatchObject({ outcome: 'reset' });
    ada.browser = openBrowser();
    expect(await ada.signIn(password)).toMatchObject({ outcome: 'second-factor', methods: ['totp', 'recovery-code'] });
  });

  it('makes every browser a stranger', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await kit.settle();
    const mail = kit.mails.findLast(({ kind }) => kind === 'reset-password');
    await kit.value(kit.portcullis.passwordReset.redeem({ token: mail?.kind === 'reset-password' ? mail.link.split('#token=')[1] : '', password: 'lanterns along a frozen canal', facts: openBrowser().facts() }));
    expect((await ada.signIn('lanterns along a frozen canal')).outcome).toBe('signed-in');
    expect(kit.events.findLast(({ type }) => type === 'sign-in.succeeded')).toMatchObject({ knownDevice: false });
  });
});
