import { describe, expect, it } from 'vitest';
import { makeKit, type Kit } from '../support/kit.ts';
import { joinOrganization, openBrowser, person, type Person } from '../support/person.ts';

const day = 24 * 3_600_000;
const scope = { kind: 'organization', id: 'team-1' } as const;

async function member(kit: Kit, email = 'ada@example.com', organizationIds: readonly string[] = ['team-1']): Promise<Person> {
  const someone = await person(kit, email);
  joinOrganization(kit, someone, ...organizationIds);
  return someone;
}

function check(kit: Kit, someone: Person, action?: string) {
  return kit.value(kit.portcullis.access.check({ session: someone.session, facts: someone.browser.facts(), ...(action !== undefined && { action }) }));
}

describe('a second factor that an organization asks for', () => {
  // ASVS 5.0 6.3.3, 8.3.2
  it('lets members go on until the grace ends, and from then on enroll and nothing else, old sessions too', async () => {
    const kit = makeKit();
    const ada = await member(kit);
    await ada.signIn();
    expect(await check(kit, ada)).toMatchObject({ outcome: 'allowed' });
    const { graceUntilMs } = await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 7 * day, by: 'admin-1' }));
    expect(await check(kit, ada)).toMatchObject({ outcome: 'allowed', enrollUntilMs: graceUntilMs });
    await kit.clock.advance(7 * day);
    expect(await check(kit, ada)).toMatchObject({ outcome: 'answered', verdict: 'enroll', reply: { status: 403 } });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
    expect(await check(kit, ada)).toMatchObject({ verdict: 'enroll' });
    await ada.enrollWholly();
    expect(ada.session?.stage).toBe('full');
    expect(await check(kit, ada)).toMatchObject({ outcome: 'allowed' });
  });

  it('binds nobody else', async () => {
    const kit = makeKit();
    const bo = await member(kit, 'bo@example.com', ['team-2']);
    await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 0, by: 'admin-1' }));
    expect(await bo.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
  });

  it('gives an attacker with the right password a session that reaches nothing', async () => {
    const kit = makeKit();
    const ada = await member(kit);
    await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 0, by: 'admin-1' }));
    await kit.clock.advance(1_000);
    const thief: Person = { ...ada, browser: openBrowser('198.51.100.9') };
    const entered = thief.browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: ada.email, password: 'quiet marmots under tin roofs', facts: thief.browser.facts() })));
    if (entered.outcome !== 'signed-in') throw new Error('expected a session for enrolling');
    const { session } = entered;
    const { portcullis } = kit;
    const value = <T>(work: Promise<T>): Promise<T> => kit.value(work);
    const facts = thief.browser.facts();
    expect(await value(portcullis.access.check({ session, facts }))).toMatchObject({ verdict: 'enroll' });
    expect(await value(portcullis.enrollment.enroll({ session, facts }))).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
    expect(await value(portcullis.passwordChange.change({ session, currentPassword: 'quiet marmots under tin roofs', newPassword: 'another one of the kind', facts }))).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await value(portcullis.factors.list({ session, facts }))).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await value(portcullis.factors.reissueCodes({ session, facts }))).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await value(portcullis.emailChange.request({ session, email: 'thief@example.net', facts }))).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    // Nor has the browser become known, which would let it enroll tomorrow.
    await kit.clock.advance(2 * day);
    const again = await value(portcullis.signIn.attempt({ identifier: ada.email, password: 'quiet marmots under tin roofs', facts }));
    if (again.outcome !== 'signed-in') throw new Error('expected a session for enrolling');
    expect(again.session.stage).toBe('enroll');
    expect(await value(portcullis.enrollment.enroll({ session: again.session, facts }))).toMatchObject({ outcome: 'answered', reply: { status: 202 } });
  });

  it('holds for every way in, and for one that is not registered there is none', async () => {
    const kit = makeKit({ pathways: { google: { secondFactorAmr: ['mfa'] }, 'magic-link': {} } });
    const ada = await member(kit);
    await ada.enrollWholly();
    const from = (pathway: string, more: object = {}) => kit.value(kit.portcullis.recordExternalAuth({ pathway, accountId: ada.id, facts: openBrowser().facts(), ...more }));
    const authTime = Math.floor(kit.clock.nowMs() / 1_000) - 10;
    // ASVS 5.0 6.8.4
    expect(await from('magic-link')).toMatchObject({ outcome: 'second-factor' });
    expect(await from('google')).toMatchObject({ outcome: 'second-factor' });
    expect(await from('google', { amr: ['mfa'] })).toMatchObject({ outcome: 'second-factor' });
    expect(await from('magic-link', { amr: ['mfa'], authTime })).toMatchObject({ outcome: 'second-factor' });
    expect(await from('google', { amr: ['pwd', 'mfa'], authTime })).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
    // ASVS 5.0 6.3.4
    await expect(from('github')).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining('"github" is not registered') as string });
  });
});

describe('reminders of a deadline', () => {
  // ASVS 5.0 6.4.5
  it('go to members without a factor, once each, and a mailbox that is full keeps nobody else from theirs', async () => {
    const full = 'bo@example.com';
    const sent: string[] = [];
    const kit = makeKit({
      mailer: {
        send: async ({ kind, to }) => {
          if (to === full) throw new Error('mailbox full');
          await Promise.resolve(sent.push(`${kind} ${to}`));
        },
      },
    });
    const members = [await member(kit, full), await member(kit, 'cy@example.com'), await member(kit, 'di@example.com', ['team-2'])].map(({ id }) => ({ accountId: id }));
    await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 6 * day, by: 'admin-1' }));
    expect(await kit.value(kit.portcullis.mfa.remind(members))).toBe(1);
    expect(await kit.value(kit.portcullis.mfa.remind(members))).toBe(0);
    expect(sent).toEqual(['second-factor-reminder cy@example.com']);
  });
});
