import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { codeAt, joinOrganization, openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';

function verdictOf(kit: Kit, { session, browser }: Pick<Person, 'session' | 'browser'>) {
  return kit.value(kit.portcullis.access.check({ session, facts: browser.facts() }));
}

async function expectAlive(kit: Kit, who: Pick<Person, 'session' | 'browser'>): Promise<void> {
  expect(await verdictOf(kit, who)).toMatchObject({ outcome: 'allowed' });
}

async function expectOver(kit: Kit, who: Pick<Person, 'session' | 'browser'>): Promise<void> {
  expect(await verdictOf(kit, who)).toMatchObject({ outcome: 'answered', verdict: 'signed-out', reply: { status: 401 } });
  expect(kit.events.findLast(({ type }) => type === 'session.refused')).toMatchObject({ reason: 'revoked' });
}

async function signedIn(kit: Kit): Promise<Person> {
  const ada = await person(kit, email);
  expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  return ada;
}

// ASVS 5.0 7.4.1, 7.4.5
describe('ending the sessions of everybody', () => {
  it('ends each from its next request on, and one that is made right after lives', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await expectAlive(kit, ada);
    await kit.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    await expectOver(kit, ada);
    expect(await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: goodPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    await expectAlive(kit, ada);
  });

  it('ends what waits for a second factor, and every link that is under way', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    const bo = await person(kit, 'bo@example.com');
    await bo.signIn();
    await bo.askForAddress('bo@example.net');
    await kit.value(kit.portcullis.passwordReset.request({ identifier: 'bo@example.com', facts: openBrowser().facts() }));
    await kit.settle();
    const [challenge, reset] = [tokenOf(kit, 'challenge'), tokenOf(kit, 'reset-password')];
    await kit.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await kit.value(kit.portcullis.challenge.confirm({ token: challenge, session: bo.session, facts: bo.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: reset, password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    // What is asked for from now on works.
    await kit.clock.advance(3_600_000);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: 'bo@example.com', facts: openBrowser().facts() }));
    await kit.settle();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
  });

  it('ends a change of address that has begun', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await ada.proveMailbox();
    await ada.askForAddress('ada@example.net');
    await kit.settle();
    await kit.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    expect(await kit.value(kit.portcullis.emailChange.confirm({ token: tokenOf(kit, 'confirm-email-change'), facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(kit.table.rows.get(ada.id)?.email).toBe(email);
  });

  it('makes strangers of all browsers: a remembered one is asked for the code again, and known anew after it', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    await ada.signIn();
    await ada.giveCode(ada.code(), true);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    await kit.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    await kit.clock.advance(30_000);
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    expect(await ada.giveCode(ada.code(), true)).toMatchObject({ outcome: 'signed-in' });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    await expectAlive(kit, ada);
  });

  it('ends those of one organization alone, those of one account alone', async () => {
    const kit = makeKit();
    const [ada, bo] = [await signedIn(kit), await person(kit, 'bo@example.com')];
    joinOrganization(kit, ada, 'team-1');
    await bo.signIn();
    await ada.signIn();
    await kit.portcullis.epochs.revokeOrganization({ id: 'team-1', by: 'operator-1' });
    await expectOver(kit, ada);
    await expectAlive(kit, bo);
    await kit.portcullis.epochs.revokeUser({ accountId: bo.id, by: 'operator-1' });
    await expectOver(kit, bo);
  });
});

// ASVS 5.0 7.4.3
describe('the sessions of an account, whether or not the app ends them,', () => {
  it('end with a change of the password, but for the one that changed it', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    const elsewhere = { session: ada.session, browser: openBrowser() };
    const changed = await kit.value(kit.portcullis.passwordChange.change({ session: ada.session as SessionFacts, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }));
    if (changed.outcome !== 'changed') throw new Error(JSON.stringify(changed));
    await expectOver(kit, elsewhere);
    await expectAlive(kit, { session: changed.session, browser: ada.browser });
  });

  it('all end with a reset', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await kit.settle();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    await expectOver(kit, ada);
  });

  it('end with a change of factors, but for the one that changed them', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    const elsewhere = { session: ada.session, browser: openBrowser() };
    await ada.enrollWholly();
    await expectOver(kit, elsewhere);
    await expectAlive(kit, ada);
  });

  it('end when their owner says "this was not me", and when an administrator removes the factors', async () => {
    const kit = makeKit();
    const ada = await signedIn(kit);
    await ada.enroll();
    await kit.settle();
    expect(await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'disowned' });
    await expectOver(kit, ada);
    const bo = await person(kit, 'bo@example.com');
    await bo.enrollWholly();
    await kit.value(kit.portcullis.mfa.removeFactors({ accountId: bo.id, by: 'admin-1' }));
    await expectOver(kit, bo);
  });

  it('stay ended when a request that was under way writes its session back', async () => {
    const kit = makeKit({ sessions: 'aal2' });
    const ada = await signedIn(kit);
    await kit.clock.advance(10 * 60_000);
    const underWay = await verdictOf(kit, ada);
    if (underWay.outcome !== 'allowed') throw new Error(JSON.stringify(underWay));
    expect(underWay.session).not.toEqual(ada.session);
    await kit.portcullis.epochs.revokeUser({ accountId: ada.id });
    await expectOver(kit, { session: underWay.session, browser: ada.browser });
  });

  it('do not begin with a sign-in that was under way while they were ended', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    kit.breachDelayMs = 200;
    const attempt = kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: ada.browser.facts() });
    await kit.clock.advance(100);
    await kit.portcullis.epochs.revokeUser({ accountId: ada.id, by: 'operator-1' });
    const result = await kit.value(attempt);
    if (result.outcome !== 'signed-in') throw new Error(JSON.stringify(result));
    await expectOver(kit, { session: result.session, browser: ada.browser });
  });

  it('end where the store has lost its data: what carries an epoch that is not there is over', async () => {
    const lost = makeKit();
    const kit = makeKit();
    const ada = await signedIn(kit);
    await lost.plant({ email, password: goodPassword });
    await expectOver(lost, ada);
  });
});

// ASVS 5.0 7.4.1
describe('a session from before the library, without a mark,', () => {
  /** Ends everybody's sessions in the middle of a change, which the table or the records are held for. */
  async function amid<T>(kit: Kit, hold: (gate: Promise<void>) => void, change: () => Promise<T>): Promise<T> {
    let open = (): void => undefined;
    hold(new Promise<void>((resolve) => (open = resolve)));
    const work = change();
    await kit.clock.advance(100);
    await kit.portcullis.epochs.revokeEveryone({ by: 'operator-1' });
    open();
    return kit.value(work);
  }

  async function unmarked(kit: Kit): Promise<Person & { readonly session: SessionFacts }> {
    const ada = await person(kit, email);
    await ada.enrollWholly();
    return Object.assign(ada, { session: await withoutMark(kit, ada.session) });
  }

  /** As if it were begun now, and more than a minute after every end of before, so that none means it. */
  async function withoutMark({ clock }: Kit, session: SessionFacts | undefined): Promise<SessionFacts> {
    await clock.advance(60_001);
    const { epochs: _epochs, ...rest } = session as SessionFacts;
    return { ...rest, startedAtMs: clock.nowMs() };
  }

  it('does not outlive the end of all sessions during its change of password', async () => {
    const kit = makeKit();
    const ada = await unmarked(kit);
    const changed = await amid(kit, () => (kit.breachDelayMs = 200), () => kit.portcullis.passwordChange.change({ session: ada.session, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }));
    if (changed.outcome !== 'changed') throw new Error(JSON.stringify(changed));
    await expectOver(kit, { session: changed.session, browser: ada.browser });
  });

  it('nor during a change of its factors', async () => {
    const kit = makeKit();
    const ada = await unmarked(kit);
    const listed = await kit.value(kit.portcullis.factors.list({ session: ada.session, facts: ada.browser.facts() }));
    const factorId = listed.outcome === 'overview' ? listed.totp[0]?.id : undefined;
    const changed = await amid(kit, (gate) => Object.assign(kit.table, { setSecondFactor: () => gate }), () => kit.portcullis.factors.remove({ session: ada.session, factorId, facts: ada.browser.facts() }));
    if (changed.outcome !== 'changed') throw new Error(JSON.stringify(changed));
    await expectOver(kit, { session: changed.session, browser: ada.browser });
  });

  it('nor while it enrolls a factor, and goes on with a mark where nobody ended it', async () => {
    const kit = makeKit();
    const ada = await unmarked(kit);
    const enroll = async (): Promise<{ readonly factorId: string; readonly secret: string }> => {
      const begun = await ada.enroll();
      if (begun.outcome !== 'enrollment') throw new Error(JSON.stringify(begun));
      return begun.enrollment;
    };
    const confirm = ({ factorId, secret }: { readonly factorId: string; readonly secret: string }) => kit.portcullis.enrollment.confirm({ session: ada.session, factorId, code: codeAt(secret, kit.clock.nowMs()), facts: ada.browser.facts() });
    const done = await kit.value(confirm(await enroll()));
    if (done.outcome !== 'enrolled') throw new Error(JSON.stringify(done));
    expect(done.session.epochs).toBeDefined();
    await expectAlive(kit, { session: done.session, browser: ada.browser });
    await kit.clock.advance(30_000);
    ada.session = await withoutMark(kit, done.session);
    const begun = await enroll();
    const late = await amid(kit, (gate) => Object.assign(kit.table, { setSecondFactor: () => gate }), () => confirm(begun));
    if (late.outcome !== 'enrolled') throw new Error(JSON.stringify(late));
    await expectOver(kit, { session: late.session, browser: ada.browser });
  });
});
