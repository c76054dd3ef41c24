import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import type { Alarm } from 'portcullis/detect';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Browser, type Person } from '../support/person.ts';
import { attacker, monitorLoaded, stuff } from './attack-support.ts';

const minuteMs = 60_000;

interface Thief {
  readonly browser: Browser;
  readonly session: SessionFacts | undefined;
}

/** Tries the right password of somebody, in a browser that the account does not know. */
async function steal(kit: Kit, { email }: Person): Promise<Thief> {
  const browser = openBrowser(attacker);
  const result = browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: browser.facts() })));
  return { browser, session: result.outcome === 'signed-in' ? result.session : undefined };
}

async function mayGoOn(kit: Kit, { browser, session }: { readonly browser: Browser; readonly session: SessionFacts | undefined }): Promise<boolean> {
  return (await kit.value(kit.portcullis.access.check({ session, facts: browser.facts() }))).outcome === 'allowed';
}

/** The same browser behind another address. */
function carried({ jar }: Browser, address: string): Browser {
  const browser = openBrowser(address);
  for (const [name, value] of jar) browser.jar.set(name, value);
  return browser;
}

/** An app with people in browsers that their accounts know, one of whom is behind the address that an attack will come from. */
async function populated() {
  const told: Alarm[] = [];
  const kit = makeKit({ readOnly: {}, detect: { onAlarm: (alarm) => void told.push(alarm) }, incident: { pages: () => Promise.resolve({ accounts: [...kit.table.rows.values()], next: undefined }) } });
  await kit.portcullis.readOnly.ready();
  const [ada, bo, cyd, dee, eve] = [await person(kit, 'ada@example.com'), await person(kit, 'bo@example.com'), await person(kit, 'cyd@example.com'), await person(kit, 'dee@example.com'), await person(kit, 'eve@example.com')];
  for (const who of [ada, bo, cyd, dee, eve]) expect(await who.signIn()).toMatchObject({ outcome: 'signed-in' });
  await monitorLoaded(kit);
  dee.browser = carried(dee.browser, attacker);
  await kit.clock.advance(minuteMs);
  return { kit, told, ada, bo, cyd, dee, eve };
}

// OWASP OAT-008; ASVS 5.0 7.4.3, 7.4.5, 16.3.3
describe('from the alarm of an attack to its containment', () => {
  it('whoever the alarm names as entered by a password alone is put out with the thief, and nobody else', async () => {
    const { kit, told, ada, bo, cyd, dee, eve } = await populated();
    await stuff(kit, 3);
    const atAda = await steal(kit, ada);
    await stuff(kit, 3);
    const atBo = await steal(kit, bo);
    // Owners begin their day meanwhile, in browsers that are known: one of them from where the attack comes from.
    for (const who of [dee, eve]) expect(await who.signIn()).toMatchObject({ outcome: 'signed-in' });
    await stuff(kit, 10);
    const atCyd = await steal(kit, cyd);
    for (const thief of [atAda, atBo]) expect(await mayGoOn(kit, thief)).toBe(true);
    // By then the network has failed so often that a right password is not enough.
    expect(atCyd.session).toBeUndefined();

    const alarm = told.findLast(({ kind }) => kind === 'stuffing');
    expect(alarm).toMatchObject({ level: 'attack', oat: 'OAT-008', sources: [attacker], enteredTotal: 3 });
    expect(alarm?.entered.map(({ accountId, knownDevice }) => [accountId, knownDevice])).toEqual([[ada.id, false], [bo.id, false], [dee.id, true]]);
    const entered = (alarm?.entered ?? []).filter(({ knownDevice, passwordOnly }) => passwordOnly && !knownDevice).map(({ accountId }) => accountId);
    const plan = { id: 'night', by: 'operator-1', reason: 'Accounts were entered.', sessions: 'affected', affected: { accountIds: entered } } as const;
    expect(await kit.value(kit.portcullis.incident.contain({ ...plan, dryRun: true }))).toMatchObject({ affected: { total: 2 } });
    for (const thief of [atAda, atBo]) expect(await mayGoOn(kit, thief)).toBe(true);
    expect(await kit.value(kit.portcullis.incident.contain(plan))).toMatchObject({ complete: true, affected: { total: 2 }, resets: { marked: 2 } });

    for (const thief of [atAda, atBo]) {
      expect(await mayGoOn(kit, thief)).toBe(false);
      const { browser } = thief;
      // Neither the password nor the browser that it made known opens anything any more.
      const again = await kit.value(kit.portcullis.signIn.attempt({ identifier: thief === atAda ? ada.email : bo.email, password: goodPassword, facts: browser.facts() }));
      expect(again).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    }
    for (const who of [cyd, dee, eve]) {
      expect(await mayGoOn(kit, who)).toBe(true);
      expect(await who.signIn()).toMatchObject({ outcome: 'signed-in' });
    }
    await kit.portcullis.close();
  });

  it('its owner comes back by the mail alone, with another password', async () => {
    const { kit, told, ada } = await populated();
    await stuff(kit, 3);
    await steal(kit, ada);
    await stuff(kit, 12);
    const accountIds = told.findLast(({ kind }) => kind === 'stuffing')?.entered.filter(({ knownDevice }) => !knownDevice).map(({ accountId }) => accountId) ?? [];
    expect(accountIds).toEqual([ada.id]);
    await kit.value(kit.portcullis.incident.contain({ id: 'night', by: 'operator-1', reason: 'Accounts were entered.', sessions: 'affected', affected: { accountIds } }));
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    await kit.settle();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'signed-in' });
    await kit.portcullis.close();
  });
});
