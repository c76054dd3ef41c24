import { describe, expect, it } from 'vitest';
import type { RecordStore, SessionFacts } from 'portcullis';
import { fullSession, goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { joinOrganization, openBrowser, person, revived, tokenOf, type Browser, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const day = 24 * 3_600_000;
const scope = { kind: 'organization', id: 'team-1' } as const;

/** Somebody else with the right password, in a browser of their own. */
async function thiefOf(kit: Kit, ada: Person): Promise<{ readonly browser: Browser; readonly session: SessionFacts | undefined }> {
  const browser = openBrowser('198.51.100.66');
  const result = browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: ada.email, password: goodPassword, facts: browser.facts() })));
  return { browser, session: result.outcome === 'signed-in' ? result.session : undefined };
}

describe('a change of password', () => {
  const change = (kit: Kit, session: SessionFacts, browser: Browser) => kit.value(kit.portcullis.passwordChange.change({ session, currentPassword: goodPassword, newPassword: otherPassword, facts: browser.facts() }));

  // ASVS 5.0 6.3.3, 8.3.2
  it('is refused to a session from the grace time once the grace is over', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    joinOrganization(kit, ada, 'team-1');
    await kit.value(kit.portcullis.mfa.require({ scope, graceMs: day, by: 'admin-1' }));
    const { browser, session } = await thiefOf(kit, ada);
    await kit.clock.advance(day);
    expect(await change(kit, session as SessionFacts, browser)).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('mfa-enrollment-required') as string } });
    expect(kit.events.at(-1)).toMatchObject({ type: 'mfa.refused', verdict: 'enroll', action: 'password-change', accountId: ada.id });
  });

  // ASVS 5.0 6.3.3, 2.3.1
  it('is refused to a session of the password alone once the account has a second factor', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    const { browser, session } = await thiefOf(kit, ada);
    await ada.enrollWholly();
    expect(await change(kit, session as SessionFacts, browser)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await change(kit, await revived(kit, session), browser)).toMatchObject({ outcome: 'answered', reply: { status: 403, body: expect.stringContaining('mfa-required') as string } });
    expect(kit.events.at(-1)).toMatchObject({ type: 'mfa.refused', verdict: 'challenge', action: 'password-change', accountId: ada.id });
  });
});

// ASVS 5.0 7.3.2
describe('a session that has ended', () => {
  it('changes no password and gives no proof, even with the right password', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    const session = ada.session as SessionFacts;
    await kit.clock.advance(31 * day);
    const facts = ada.browser.facts();
    expect(await kit.value(kit.portcullis.stepUp.verify({ session, password: goodPassword, facts }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await kit.value(kit.portcullis.passwordChange.change({ session, currentPassword: goodPassword, newPassword: otherPassword, facts }))).toMatchObject({ outcome: 'answered' });
    expect(kit.table.rows.get(ada.id)?.passwordHash).toBeDefined();
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  });
});

describe('a change of address that a thief has begun', () => {
  // ASVS 5.0 6.3.7: the owner reads "somebody asked for it" and chooses a new password.
  it('ends with the password it was begun under: the owner who resets it keeps the account', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    // Who reads her mailbox too: else nothing would begin.
    const { browser, session: entered } = await thiefOf(kit, ada);
    const session = fullSession(ada.id, kit.clock.nowMs(), ...Object.keys(entered?.proofs ?? {}), 'mailed-link');
    await kit.value(kit.portcullis.emailChange.request({ session, email: 'thief@example.net', facts: browser.facts() }));
    await kit.settle();
    const stolen = tokenOf(kit, 'confirm-email-change');
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: ada.browser.facts() }));
    await kit.settle();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'reset' });
    expect(await kit.value(kit.portcullis.emailChange.confirm({ token: stolen, facts: browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(kit.events.at(-1)).toMatchObject({ type: 'email-change.failed', reason: 'changed-meanwhile' });
    expect(kit.table.rows.get(ada.id)?.email).toBe(email);
  });
});

describe('a sign-in elsewhere', () => {
  // ASVS 5.0 6.8.4
  it('that asked for two factors longer ago than a session may live counts as one factor', async () => {
    const kit = makeKit({ pathways: { google: { secondFactorAmr: ['mfa'] } } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const at = (agoMs: number) => kit.value(kit.portcullis.recordExternalAuth({ pathway: 'google', accountId: ada.id, amr: ['mfa'], authTime: Math.floor((kit.clock.nowMs() - agoMs) / 1_000), facts: openBrowser().facts() }));
    expect(await at(day)).toMatchObject({ outcome: 'signed-in' });
    expect(await at(31 * day)).toMatchObject({ outcome: 'second-factor' });
    expect(await at(kit.clock.nowMs() - 1_000)).toMatchObject({ outcome: 'second-factor' });
  });
});

describe('a browser that the account does not know, where such browsers need a mailed link', () => {
  it('gets the answer to a wrong password also when a second factor is overdue: the password alone is told to be right by nothing', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    joinOrganization(kit, ada, 'team-1');
    await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 0, by: 'admin-1' }));
    const right = await kit.run(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: openBrowser().facts() }));
    const wrong = await kit.run(kit.portcullis.signIn.attempt({ identifier: email, password: otherPassword, facts: openBrowser('192.0.2.11').facts() }));
    if (right.value.outcome !== 'answered' || wrong.value.outcome !== 'answered') throw new Error('expected an answer');
    expect([right.value.reply, right.tookMs]).toEqual([wrong.value.reply, wrong.tookMs]);
  });

  it('enrolls without another mail once it has opened that one', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    joinOrganization(kit, ada, 'team-1');
    await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 0, by: 'admin-1' }));
    await ada.signIn();
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
    expect(await ada.enroll()).toMatchObject({ outcome: 'enrollment' });
  });
});

/** A store that reads and cannot write: a full disk. */
function full({ store }: Pick<Kit, 'store'>, on: { writes: boolean }): RecordStore {
  return { ...store, compareAndSet: (change) => (on.writes ? store.compareAndSet(change) : Promise.reject(new Error('disk full'))) };
}

// ASVS 5.0 6.3.8
describe('a record store that cannot write', () => {
  it('makes every failed sign-in fail alike, so that its failure tells of no right password', async () => {
    const on = { writes: true };
    const plain = makeKit();
    const kit: Kit = { ...makeKit({ records: full(plain, on), accounts: plain.table, challenge: { strangers: 'mail' } }), table: plain.table, plant: (user) => plain.plant(user) };
    await person(kit, email);
    const shut = await person(kit, 'shut@example.com');
    kit.table.rows.set(shut.id, { ...kit.table.rows.get(shut.id) as never as StoredRow, active: false });
    const leaked = await kit.plant({ email: 'leaked@example.com', password: 'leaked long ago and far away' });
    expect(leaked).toBeDefined();
    kit.leaks.set('leaked long ago and far away', { verdict: 'breached', count: 3 });
    const disowned = await person(kit, 'disowned@example.com');
    await disowned.signIn();
    await kit.settle();
    await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }));
    on.writes = false;
    const status = async (identifier: string, password: string, at: number): Promise<number> => {
      const result = await kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: openBrowser(`192.0.2.${at}`).facts() }));
      return result.outcome === 'answered' ? result.reply.status : 200;
    };
    const seen = [
      await status(email, otherPassword, 31),
      await status('nobody@example.com', otherPassword, 32),
      await status(email, goodPassword, 33),
      await status('shut@example.com', goodPassword, 34),
      await status('leaked@example.com', 'leaked long ago and far away', 35),
      await status('disowned@example.com', goodPassword, 36),
    ];
    expect(seen).toEqual(seen.map(() => seen[0]));
  });
});

type StoredRow = Kit['table']['rows'] extends Map<string, infer R> ? R : never;

describe('a second factor of the app\'s own', () => {
  it('is not asked for its proof by a form that left the field empty', async () => {
    const kit = makeKit({ secondFactor: { own: { method: 'webauthn', isEnrolled: async () => false, verify: async () => false } } });
    const ada = await person(kit, email);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    await ada.signIn();
    expect(await kit.value(kit.portcullis.secondFactor.verify({ code: ada.code(), proof: '', facts: ada.browser.facts() }))).toMatchObject({ outcome: 'signed-in' });
  });

  it.each([
    ['throws', () => Promise.reject(new Error('hook')), 503],
    ['never answers', () => new Promise<boolean>(() => undefined), 503],
    ['says 1', () => Promise.resolve(1 as unknown as boolean), 401],
    ['says "true"', () => Promise.resolve('true' as unknown as boolean), 401],
    ['says an object', () => Promise.resolve({} as unknown as boolean), 401],
  ])('lets nobody in when its check %s', async (_what, verify, status) => {
    const kit = makeKit({ secondFactor: { own: { method: 'webauthn', isEnrolled: async () => true, verify } } });
    const ada = await person(kit, email);
    await ada.signIn();
    expect(await kit.value(kit.portcullis.secondFactor.verify({ code: undefined, proof: { id: 'x' }, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status } });
  });

  it.each([
    ['throws', () => Promise.reject(new Error('hook'))],
    ['never answers', () => new Promise<boolean>(() => undefined)],
    ['says undefined', () => Promise.resolve(undefined as unknown as boolean)],
    ['says 0', () => Promise.resolve(0 as unknown as boolean)],
  ])('lets nobody in on a password when the question whether there is one %s', async (_what, isEnrolled) => {
    const kit = makeKit({ secondFactor: { own: { method: 'webauthn', isEnrolled, verify: async () => true } } });
    const ada = await person(kit, email);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    expect(await kit.value(kit.portcullis.access.check({ session: fullSession(ada.id, kit.clock.nowMs(), 'password', 'totp'), facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', verdict: 'failed' });
  });
});

// ASVS 5.0 6.3.5
describe('somebody who has the password and guesses at codes', () => {
  it('is told of to the owner, however few codes each sign-in is given', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    const { browser } = await thiefOf(kit, ada);
    expect(await kit.value(kit.portcullis.secondFactor.verify({ code: '000000', facts: browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'second-factor-failed')).toHaveLength(1);
  });

  it('from a browser that the account knows is no reason for a mail before the tries are used up: its owner mistypes', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    await ada.signIn();
    await ada.giveCode('000000');
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'second-factor-failed')).toHaveLength(0);
  });
});
