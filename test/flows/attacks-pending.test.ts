import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { createKeyRing } from 'portcullis';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const minute = 60_000;

/** Somebody who has given the password in a new browser, and not the code. */
async function halfIn(kit: Kit): Promise<{ readonly ada: Person; readonly home: Person['browser'] }> {
  const ada = await person(kit, email);
  await ada.enrollWholly();
  const home = ada.browser;
  ada.browser = openBrowser('192.0.2.50');
  expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
  return { ada, home };
}

type Row = Kit['table']['rows'] extends Map<string, infer R> ? R : never;

// ASVS 5.0 2.3.1, 6.6.2
describe('a sign-in that waits for its second factor', () => {
  it.each([
    ['the password is another one', (kit: Kit, ada: Person, home: Person['browser']) => kit.value(kit.portcullis.passwordChange.change({ session: ada.session as SessionFacts, currentPassword: goodPassword, newPassword: otherPassword, facts: home.facts() }))],
    ['the account is closed', (kit: Kit, ada: Person) => { kit.table.rows.set(ada.id, { ...(kit.table.rows.get(ada.id) as Row), active: false }); }],
    ['the account is gone', (kit: Kit, ada: Person) => { kit.table.rows.delete(ada.id); }],
    ['an administrator has removed the factor', (kit: Kit, ada: Person) => kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }))],
    ['its owner has reported the authenticator lost', async (kit: Kit, ada: Person, home: Person['browser']) => {
      const list = await kit.value(kit.portcullis.factors.list({ session: ada.session, facts: home.facts() }));
      const factorId = list.outcome === 'overview' ? list.totp[0]?.id : undefined;
      expect(await kit.value(kit.portcullis.factors.suspend({ session: ada.session, factorId, facts: home.facts() }))).toMatchObject({ outcome: 'changed' });
    }],
    ['ten minutes are over', (kit: Kit) => kit.clock.advance(10 * minute)],
    ['the browser has lost its own cookie', (_kit: Kit, ada: Person) => { ada.browser.jar.delete('__Host-portcullis-device'); }],
    ['the cookie comes twice', (_kit: Kit, ada: Person) => { ada.browser.jar.set(' __Host-portcullis-pending', 'x'.repeat(43)); }],
  ])('ends when %s', async (_when, happens) => {
    const kit = makeKit();
    const { ada, home } = await halfIn(kit);
    await happens(kit, ada, home);
    expect(await ada.giveCode()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.findLast(({ type }) => type === 'second-factor.failed')).toBeDefined();
  });

  it('is over once it has been finished, also for a copy of its cookies', async () => {
    const kit = makeKit();
    const { ada } = await halfIn(kit);
    const copy = openBrowser('198.51.100.66');
    for (const [name, value] of ada.browser.jar) copy.jar.set(name, value);
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
    await kit.clock.advance(30_000);
    expect(await kit.value(kit.portcullis.secondFactor.verify({ code: ada.code(), facts: copy.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });

  it('takes no code twice when the clock is set back in between', async () => {
    const kit = makeKit();
    const { ada } = await halfIn(kit);
    const code = ada.code();
    expect(await ada.giveCode(code)).toMatchObject({ outcome: 'signed-in' });
    await kit.clock.advance(30_000);
    ada.browser = openBrowser('192.0.2.51');
    await ada.signIn();
    kit.clock.setWallMs(kit.clock.nowMs() - 30_000);
    expect(ada.code()).toBe(code);
    expect(await ada.giveCode()).toMatchObject({ outcome: 'answered' });
  });

  it('goes on under a new key of the ring, and ends when its key is gone', async () => {
    const old = { id: 'old', secret: Uint8Array.from({ length: 32 }, (_, at) => at + 1) };
    const fresh = { id: 'new', secret: Uint8Array.from({ length: 32 }, (_, at) => 255 - at) };
    const first = makeKit({ keys: createKeyRing({ keys: [old] }) });
    const { ada } = await halfIn(first);
    const later = (keys: Parameters<typeof createKeyRing>[0]['keys']) => makeKit({ keys: createKeyRing({ keys }), accounts: first.table, records: first.store, counters: first.store, clock: first.clock }).portcullis;
    expect(await first.value(later([fresh]).secondFactor.verify({ code: ada.code(), facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await first.value(later([fresh, old]).secondFactor.verify({ code: ada.code(), facts: ada.browser.facts() }))).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
  });

  it('remembers no browser that did not ask for it in so many words', async () => {
    const kit = makeKit();
    const { ada } = await halfIn(kit);
    for (const remember of [undefined, null, '', 'off', '0', 'false', 0, 1, ['on'], { on: true }]) {
      ada.browser = openBrowser('192.0.2.50');
      await ada.signIn();
      const result = ada.browser.keep(await kit.value(kit.portcullis.secondFactor.verify({ code: ada.code(), remember, facts: ada.browser.facts() })));
      expect(result.outcome).toBe('signed-in');
      expect(await ada.signIn(), JSON.stringify(remember)).toMatchObject({ outcome: 'second-factor' });
      await kit.clock.advance(10 * minute);
    }
  });
});

describe('a factor whose records are lost', () => {
  it('keeps the account shut: to the password, to enrollment, to a reset', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    kit.table.rows.set(ada.id, { ...(kit.table.rows.get(ada.id) as Row), hasSecondFactor: true });
    expect(await kit.value(kit.portcullis.enrollment.enroll({ session: ada.session, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await kit.value(kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', verdict: 'challenge' });
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor', methods: [] });
    expect(await ada.giveCode('123456')).toMatchObject({ outcome: 'answered' });
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor', methods: [] });
    expect(kit.table.rows.get(ada.id)?.hasSecondFactor).toBe(true);
  });
});

describe('a sign-in by mailed link whose account has got a second factor meanwhile', () => {
  it('is over: the change has ended it', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await ada.signIn();
    await ada.openLink();
    const waiting = openBrowser('192.0.2.60');
    const home = ada.browser;
    ada.browser = waiting;
    await ada.signIn();
    await kit.settle();
    const mail = kit.mails.findLast(({ kind }) => kind === 'challenge');
    const token = mail?.kind === 'challenge' ? mail.link.split('#token=')[1] : '';
    ada.browser = home;
    await ada.enrollWholly();
    expect(await kit.value(kit.portcullis.challenge.confirm({ token, facts: waiting.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(kit.events.at(-1)).toMatchObject({ type: 'challenge.failed', reason: 'changed-meanwhile' });
  });
});
