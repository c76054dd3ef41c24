import { describe, expect, it } from 'vitest';
import type { StoredAccount } from 'portcullis';
import { fileSink } from 'portcullis/audit';
import { keyRing, makeKit, otherPassword } from '../support/kit.ts';
import { openBrowser, person, tokenOf } from '../support/person.ts';
import { freshPath } from '../stores/sqlite-support.ts';

// ASVS 5.0 7.4.5, 6.2.10, 6.4.6
describe('an incident in an app with nothing but a table and an audit log', () => {
  it('is contained: who came from the attack is found in the log, put out and told, and comes back by mail alone', async () => {
    const path = freshPath();
    const kit = makeKit({ readOnly: {}, audit: { sinks: [fileSink({ path, chain: { keys: keyRing } })] }, incident: { auditPath: path, pages: () => Promise.resolve({ accounts: [...kit.table.rows.values()], next: null as unknown as undefined }) } });
    const [ada, bo] = [await person(kit, 'ada@example.com'), await person(kit, 'bo@example.com')];
    await kit.portcullis.readOnly.ready();
    await ada.signIn();
    await bo.signIn();
    ada.browser = openBrowser('198.51.100.66');
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    const plan = { id: 'night', by: 'operator-1', reason: 'Accounts were entered.', affected: { sources: ['198.51.100.0/24'] } };
    expect(await kit.value(kit.portcullis.incident.contain({ ...plan, dryRun: true }))).toMatchObject({ dryRun: true, affected: { total: 1 }, others: { accounts: 1 } });
    expect(await kit.value(kit.portcullis.incident.contain(plan))).toMatchObject({ complete: true, affected: { total: 1 }, resets: { marked: 1 }, notices: { affected: { told: 1 }, everyoneElse: { told: 1 } } });

    for (const who of [ada, bo]) expect(await kit.value(kit.portcullis.access.check({ session: who.session, facts: who.browser.facts() }))).toMatchObject({ verdict: 'signed-out' });
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(await bo.signIn()).toMatchObject({ outcome: 'signed-in' });
    expect(await bo.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind.startsWith('incident'))).toMatchObject([{ kind: 'incident-affected', to: 'ada@example.com', mustReset: true }, { kind: 'incident-notice', to: 'bo@example.com' }]);
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'signed-in' });

    expect(await kit.value(kit.portcullis.incident.lift({ id: 'night', by: 'operator-1' }))).toMatchObject({ readOnly: 'lifted' });
    expect(await bo.enroll()).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    const report = await kit.value(kit.portcullis.incident.report({ id: 'night' }));
    expect(report?.facts).toMatchObject({ affected: 1, accounts: [{ accountId: ada.id, changes: expect.arrayContaining([expect.objectContaining({ kind: 'browser' })]) as unknown }] });
    expect(await kit.value(kit.portcullis.auditFiles.verify({ paths: [path] }))).toMatchObject({ ok: true });
    expect(await kit.value(kit.portcullis.auditFiles.query({ path, account: ada.id, gotIn: true }))).toMatchObject({ matched: 3 });
    await kit.portcullis.close();
  });

  // ASVS 5.0 7.4.3
  it.each([['incident' as const], [false as const]])('leaves the affected no browser that is known and no link that is open, also where only their sessions end (reset %s)', async (reset) => {
    const kit = makeKit({ readOnly: {}, challenge: { strangers: 'mail' }, incident: { pages: () => Promise.resolve({ accounts: [...kit.table.rows.values()], next: undefined }) } });
    const [ada, bo] = [await person(kit, 'ada@example.com'), await person(kit, 'bo@example.com')];
    await kit.portcullis.readOnly.ready();
    for (const who of [ada, bo]) {
      expect(await who.signIn()).toMatchObject({ outcome: 'answered' });
      await kit.settle();
      expect(await who.openLink()).toMatchObject({ outcome: 'signed-in' });
      expect(await who.signIn()).toMatchObject({ outcome: 'signed-in' });
    }
    const links: string[] = [];
    for (const { email } of [ada, bo]) {
      await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
      await kit.settle();
      links.push(tokenOf(kit, 'reset-password'));
    }
    expect(await kit.value(kit.portcullis.incident.contain({ id: 'night', by: 'operator-1', reason: 'Attack', sessions: 'affected', reset, affected: { accountIds: [ada.id] } }))).toMatchObject({ complete: true });
    // Bo's browser and link are good as before.
    expect(await bo.signIn()).toMatchObject({ outcome: 'signed-in' });
    const redeemed = await Promise.all(links.map((token) => kit.value(kit.portcullis.passwordReset.redeem({ token, password: otherPassword, facts: openBrowser().facts() }))));
    expect(redeemed).toMatchObject([{ outcome: 'answered' }, { outcome: 'reset' }]);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    await kit.portcullis.close();
  });

  it('takes pages of a table that counts its accounts', async () => {
    const kit = makeKit({ readOnly: {}, incident: { pages: () => Promise.resolve({ accounts: [{ id: 7, email: 'ada@example.com', active: true } as unknown as StoredAccount], next: undefined }) } });
    await kit.portcullis.readOnly.ready();
    expect(await kit.value(kit.portcullis.incident.contain({ id: 'night', by: 'operator-1', reason: 'Attack', affected: { accountIds: ['7'] }, dryRun: true }))).toMatchObject({ affected: { total: 1 }, others: { accounts: 0 } });
    await kit.portcullis.close();
  });
});
