import { describe, expect, it } from 'vitest';
import type { AuditEntry } from 'portcullis/audit';
import { facts, fullSession, goodPassword, makeKit, otherPassword } from '../support/kit.ts';

// checklist 28; ASVS 16.2.5
describe('everything that leaves through events, the audit log and error messages', () => {
  it('is free of passwords, tokens, codes, keys, hashes, e-mail addresses and (in the log) network addresses', async () => {
    const written: string[] = [];
    const warnings: unknown[] = [];
    const kit = makeKit({
      audit: { sinks: [(entry: AuditEntry) => void written.push(JSON.stringify(entry))] },
      reportError: (error) => warnings.push(error),
    });
    const { portcullis } = kit;
    const address = '198.51.100.23';
    const from = { ...facts, address };
    const email = 'canary@example.com';
    const leaked = 'leaked long ago and far away';
    const wrong = 'canary of a wrong password';
    kit.leaks.set(leaked, { verdict: 'breached', count: 9 });
    await kit.plant({ email: 'leaked@example.com', password: leaked });

    await kit.value(portcullis.signUp.request({ identifier: email, password: 'canary', profile: { name: 'Canary Bird' }, facts: from }));
    await kit.value(portcullis.signUp.request({ identifier: email, password: goodPassword, profile: { name: 'Canary Bird' }, facts: from }));
    await kit.settle();
    await kit.value(portcullis.signUp.resend({ identifier: email, facts: from }));
    await kit.settle();
    for (const mail of kit.mails) if (mail.kind === 'confirm-sign-up') await kit.value(portcullis.signUp.confirm({ token: mail.link.split('#token=')[1], facts: from }));
    await kit.value(portcullis.signUp.confirm({ identifier: email, code: 'ABCD-EFGH', facts: from }));
    for (const [identifier, password] of [[email, wrong], [email, goodPassword], ['nobody@example.com', wrong], ['leaked@example.com', leaked], [{ $ne: email }, wrong], [email, wrong.repeat(100)]]) {
      await kit.value(portcullis.signIn.attempt({ identifier, password, facts: from }));
    }
    await kit.value(portcullis.passwordChange.change({ session: fullSession('user-2', kit.clock.nowMs(), 'password'), currentPassword: wrong, newPassword: otherPassword, facts: from }));
    await kit.value(portcullis.passwordReset.request({ identifier: email, facts: from }));
    await kit.settle();
    const reset = kit.mails.findLast((mail) => mail.kind === 'reset-password' && mail.to === email);
    const token = reset?.kind === 'reset-password' ? reset.link.split('#token=')[1] : undefined;
    await kit.value(portcullis.passwordReset.redeem({ identifier: email, code: 'ABCD-EFGH', password: otherPassword, facts: from }));
    await kit.value(portcullis.passwordReset.redeem({ token, password: otherPassword, facts: from }));
    kit.table.trouble = { verb: 'findByIdentifier', kind: 'fail' };
    await kit.value(portcullis.signIn.attempt({ identifier: email, password: otherPassword, facts: from }));
    await kit.settle();
    await kit.value(portcullis.close());

    const secrets = [email, 'leaked@example.com', 'nobody@example.com', 'Canary Bird', goodPassword, otherPassword, leaked, wrong, 'ABCD-EFGH', 'argon2id', 'secret detail'];
    for (const mail of kit.mails) {
      if ('link' in mail) secrets.push(...(mail.link.split('#token=')[1] ?? '').split('.'));
      if ('code' in mail) secrets.push(mail.code, mail.code.replace('-', ''));
    }
    const log = written.join('\n');
    const events = kit.events.map((event) => JSON.stringify(event)).join('\n');
    expect(written.length).toBeGreaterThan(15);
    expect(written.length).toBe(kit.events.length);
    for (const secret of secrets.filter((text) => text.length > 5)) {
      expect(log).not.toContain(secret);
      expect(events).not.toContain(secret);
    }
    expect(log).not.toContain(address);
    expect(new Set(kit.events.map(({ type }) => type)).size).toBeGreaterThan(10);
  });
});
