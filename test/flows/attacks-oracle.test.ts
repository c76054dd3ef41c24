import { describe, expect, it } from 'vitest';
import { cookieShape } from '../support/cookies.ts';
import type { AuditEntry } from 'portcullis/audit';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { joinOrganization, openBrowser, person, tokenOf, type Browser } from '../support/person.ts';

const scope = { kind: 'organization', id: 'team-1' } as const;
const leaked = 'leaked long ago and far away';
const wide = { limit: 10_000, windowMs: 60_000 };

interface Seen {
  readonly status: number;
  readonly headers: object;
  readonly body: string;
  readonly cookies: readonly string[];
  readonly tookMs: number;
  readonly derivations: number;
}

async function seen(kit: Kit, identifier: unknown, password: unknown, browser: Browser): Promise<Seen> {
  kit.derivations.length = 0;
  const { value, tookMs } = await kit.run(kit.portcullis.signIn.attempt({ identifier, password, facts: browser.facts() }));
  const derivations = kit.derivations.length;
  if (value.outcome !== 'answered') throw new Error(`expected an answer, got ${value.outcome}`);
  return { ...value.reply, cookies: (value.setCookies ?? []).map(cookieShape), tookMs, derivations };
}

/** People whose right password opens nothing for a stranger, each for another reason. */
async function crowd(kit: Kit): Promise<readonly (readonly [what: string, identifier: string, password: string])[]> {
  await person(kit, 'right@example.com');
  const overdue = await person(kit, 'overdue@example.com');
  joinOrganization(kit, overdue, 'team-1');
  await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 0, by: 'admin-1' }));
  await kit.plant({ email: 'shut@example.com', password: goodPassword, active: false });
  await kit.plant({ email: 'leaked@example.com', password: leaked });
  kit.leaks.set(leaked, { verdict: 'breached', count: 9 });
  await kit.plant({ email: 'without@example.com' });
  const disowned = await person(kit, 'disowned@example.com');
  await disowned.signIn();
  await kit.settle();
  await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }));
  await kit.settle();
  return [
    ['a wrong password', 'right@example.com', otherPassword],
    ['nobody', 'nobody@example.com', goodPassword],
    ['a right password', 'right@example.com', goodPassword],
    ['a right password where a second factor is overdue', 'overdue@example.com', goodPassword],
    ['a right password of a closed account', 'shut@example.com', goodPassword],
    ['a right password that has leaked', 'leaked@example.com', leaked],
    ['an account without a password', 'without@example.com', goodPassword],
    ['a right password that was disowned', 'disowned@example.com', goodPassword],
    ['a wrong password where a second factor is overdue', 'overdue@example.com', otherPassword],
  ];
}

// ASVS 5.0 6.3.8
describe('where strangers are mailed a link, a stranger', () => {
  it.each([0, 100, 299, 5_000])('sees one answer, one time, one cookie and one derivation for all of them, with a breach source that takes %i ms', async (delayMs) => {
    const kit = makeKit({ challenge: { strangers: 'mail' }, limits: { signIn: { address: wide, account: wide } } });
    const people = await crowd(kit);
    kit.breachDelayMs = delayMs;
    let first: Seen | undefined;
    for (const [what, identifier, password] of people) {
      const now = await seen(kit, identifier, password, openBrowser());
      await kit.settle();
      first ??= now;
      expect(now, what).toEqual(first);
      // The same from a browser that has been here, and is known to nobody.
      const old = openBrowser();
      old.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: old.facts() })));
      expect(await seen(kit, identifier, password, old), what).toEqual({ ...first, cookies: [] });
      await kit.settle();
    }
  });

  it('finds one budget for all of them', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' }, limits: { signIn: { address: wide } } });
    const people = await crowd(kit);
    await kit.clock.advance(3_600_000);
    for (const [what, identifier, password] of people.filter(([each]) => !each.includes('wrong password where'))) {
      await kit.clock.advance(3_600_000);
      const statuses: number[] = [];
      for (let turn = 0; turn < 7; turn += 1) statuses.push((await seen(kit, identifier, password, openBrowser())).status);
      expect(statuses, what).toEqual([401, 401, 401, 401, 401, 429, 429]);
    }
  });

  it('asks the record store as often, whoever it is, before the answer: one read and one write for the count', async () => {
    const counts: string[] = [];
    const plain = makeKit();
    const records = { ...plain.store, compareAndSet: (change: Parameters<typeof plain.store.compareAndSet>[0]) => (counts.push('write'), plain.store.compareAndSet(change)) };
    const kit: Kit = { ...makeKit({ records, accounts: plain.table, challenge: { strangers: 'mail' }, limits: { signIn: { address: wide, account: wide } } }), table: plain.table, plant: (user) => plain.plant(user) };
    const people = await crowd(kit);
    for (const [what, identifier, password] of people) {
      if (password === leaked) continue;
      counts.length = 0;
      const facts = openBrowser().facts();
      // Before the answer: what comes later is after the time floor.
      const answered = await kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts }));
      expect(answered.outcome, what).toBe('answered');
      expect(counts.slice(0, 1), what).toEqual(['write']);
      await kit.settle();
    }
  });
});

// ASVS 5.0 16.2.5
describe('what is said of a second factor', () => {
  it('holds no code, no secret, no link and no cookie, in events and in the log', async () => {
    const written: string[] = [];
    const kit = makeKit({ audit: { sinks: [(entry: AuditEntry) => void written.push(JSON.stringify(entry))] } });
    const ada = await person(kit, 'canary@example.com');
    await ada.enrollWholly();
    const secrets = [ada.secret ?? '', (ada.secret ?? '').replaceAll(' ', ''), ...ada.recoveryCodes, ...ada.recoveryCodes.map((code) => code.replaceAll('-', ''))];
    ada.browser = openBrowser();
    await ada.signIn();
    secrets.push(...ada.browser.jar.values());
    const wrong = ['918273', 'ABCDE-FGHJK-MNPQR-STVWX-YZ012'];
    for (const code of wrong) await ada.giveCode(code);
    const code = ada.code();
    await ada.giveCode(code, true);
    secrets.push(code, ...wrong, ...ada.browser.jar.values());
    await ada.signIn();
    await kit.value(kit.portcullis.stepUp.verify({ session: ada.session, password: goodPassword, code: ada.recoveryCodes[0], facts: ada.browser.facts() }));
    await kit.value(kit.portcullis.emailChange.request({ session: ada.session, email: 'canary-two@example.com', facts: ada.browser.facts() }));
    await kit.settle();
    await kit.value(kit.portcullis.close());
    expect(written.length).toBeGreaterThan(10);
    const said = [...written, ...kit.events.map((event) => JSON.stringify(event))].join('\n');
    for (const secret of [...secrets, 'canary-two', 'otpauth']) expect(said).not.toContain(secret);
  });
});

describe('one browser of two people', () => {
  it('mixes nothing up: sessions, second steps and cookies stay with their account', async () => {
    const kit = makeKit();
    const ada = await person(kit, 'ada@example.com');
    await ada.enrollWholly();
    const bo = await person(kit, 'bo@example.com', otherPassword);
    await bo.enrollWholly();
    const shared = openBrowser();
    ada.browser = shared;
    bo.browser = shared;
    await ada.signIn();
    await ada.giveCode(ada.code(), true);
    // Remembered for her, and not for him.
    expect(await bo.signIn(otherPassword)).toMatchObject({ outcome: 'second-factor' });
    await kit.clock.advance(30_000);
    // Her code is nothing for his second step, nor is her recovery code; her session stays hers.
    expect(await ada.giveCode(ada.code())).toMatchObject({ outcome: 'answered' });
    expect(await ada.giveCode(ada.recoveryCodes[0])).toMatchObject({ outcome: 'answered' });
    expect(await bo.giveCode()).toMatchObject({ outcome: 'signed-in', accountId: bo.id });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', accountId: ada.id });
    await kit.clock.advance(30_000);
    // His pending step is not hers to finish once she has begun another one, and his session is no door to her factors.
    const [factor] = await kit.value(kit.portcullis.factors.list({ session: ada.session, facts: shared.facts() })).then((list) => (list.outcome === 'overview' ? list.totp : []));
    expect(await kit.value(kit.portcullis.factors.remove({ session: bo.session, factorId: factor?.id, facts: shared.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 409 } });
    const begun = await kit.value(kit.portcullis.enrollment.enroll({ session: bo.session, facts: shared.facts() }));
    if (begun.outcome !== 'enrollment') throw new Error(JSON.stringify(begun));
    expect(await kit.value(kit.portcullis.enrollment.confirm({ session: ada.session, factorId: begun.enrollment.factorId, code: bo.code(), facts: shared.facts() }))).toMatchObject({ outcome: 'answered' });
  });

  it('confirms by code no change of address that another account has asked for', async () => {
    const kit = makeKit();
    const ada = await person(kit, 'ada@example.com');
    await ada.signIn();
    const bo = await person(kit, 'bo@example.com', otherPassword);
    await bo.signIn(otherPassword);
    await ada.proveMailbox();
    await ada.askForAddress('new@example.net');
    await kit.settle();
    const mail = kit.mails.findLast(({ kind }) => kind === 'confirm-email-change');
    const code = mail?.kind === 'confirm-email-change' ? mail.code : '';
    expect(await kit.value(kit.portcullis.emailChange.confirm({ session: bo.session, code, facts: bo.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(await kit.value(kit.portcullis.emailChange.confirm({ session: ada.session, code, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'email-changed', accountId: ada.id });
  });
});

// ASVS 5.0 9.2.2
describe('a mailed link for one thing', () => {
  it('is worth nothing for another: sign-in and enrollment, and the other way round', async () => {
    const kit = makeKit();
    const ada = await person(kit, 'ada@example.com');
    await ada.signIn();
    await ada.enroll();
    await kit.settle();
    const token = tokenOf(kit, 'challenge');
    // In the right browser, without the session that asked: nobody is signed in by a link for enrolling.
    expect(await kit.value(kit.portcullis.challenge.confirm({ token, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    for (const run of [
      () => kit.portcullis.passwordReset.redeem({ token, password: otherPassword, facts: ada.browser.facts() }),
      () => kit.portcullis.emailChange.confirm({ token, facts: ada.browser.facts() }),
      () => kit.portcullis.signUp.confirm({ token, facts: ada.browser.facts() }),
    ]) expect(await kit.value<object>(run())).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(await ada.openLink()).toMatchObject({ outcome: 'confirmed' });
    expect(await ada.openLink()).toMatchObject({ outcome: 'answered' });
  });

  it('proves nothing to the session of another account in the same browser', async () => {
    const kit = makeKit();
    const ada = await person(kit, 'ada@example.com');
    await ada.signIn();
    await ada.enroll();
    const bo = await person(kit, 'bo@example.com', otherPassword);
    bo.browser = ada.browser;
    await bo.signIn(otherPassword);
    expect(await bo.openLink()).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });
});
