import { describe, expect, it } from 'vitest';
import { memoryStore, type CounterStore, type Mail, type SessionFacts } from 'portcullis';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, revived, type Browser, type Person } from '../support/person.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

async function told(kit: Kit, kind: Mail['kind']): Promise<number> {
  await kit.settle();
  return kit.mails.filter((mail) => mail.kind === kind).length;
}

/** Changes the password there and back. */
function changer(kit: Kit, ada: Person): (browser?: Browser) => Promise<void> {
  let turn = 0;
  return async (browser = ada.browser) => {
    const passwords = [goodPassword, otherPassword];
    const [currentPassword, newPassword] = turn % 2 === 0 ? passwords : passwords.reverse();
    turn += 1;
    const session = { ...(await revived(kit, ada.session)), startedAtMs: kit.clock.nowMs(), proofs: { password: kit.clock.nowMs() } } satisfies SessionFacts;
    const changed = browser.keep(await kit.value(kit.portcullis.passwordChange.change({ session, currentPassword, newPassword, facts: browser.facts() })));
    expect(changed).toMatchObject({ outcome: 'changed' });
  };
}

/** Signs in with the next recovery code, from a browser that the account knows or from a new one. */
function redeemer(ada: Person): (browser: Browser) => Promise<void> {
  const codes = [...ada.recoveryCodes];
  return async (browser) => {
    ada.browser = browser;
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    expect(await ada.giveCode(codes.shift())).toMatchObject({ outcome: 'signed-in' });
  };
}

// ASVS 5.0 6.3.7
describe('a mailbox', () => {
  it('is not filled by whoever uses up recovery codes: strangers are told of twice a day, and known browsers as often beside them', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.enrollWholly();
    const own = ada.browser;
    const redeem = redeemer(ada);
    for (let turn = 0; turn < 6; turn += 1) {
      await redeem(openBrowser(`198.51.100.${turn}`));
      await kit.clock.advance(10 * minuteMs);
      expect(await told(kit, 'recovery-code-used')).toBe(Math.min(turn + 1, 2));
    }
    // The owner's own use does not pass in silence because of them, nor theirs because of the owner's.
    await redeem(own);
    expect(await told(kit, 'recovery-code-used')).toBe(3);
    expect(kit.events.filter(({ type }) => type === 'recovery-code.used')).toHaveLength(7);
  });

  it('is not filled by changes of the password there and back, and is told of the first from another browser all the same', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    const change = changer(kit, ada);
    for (let turn = 0; turn < 6; turn += 1) {
      await change();
      await kit.clock.advance(10 * minuteMs);
      expect(await told(kit, 'password-changed')).toBe(Math.min(turn + 1, 2));
    }
    await change(openBrowser('198.51.100.1'));
    expect(await told(kit, 'password-changed')).toBe(3);
    expect(kit.events.filter(({ type }) => type === 'password-change.succeeded')).toHaveLength(7);
  });

  it('is told of a reset however often the password was changed', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    const change = changer(kit, ada);
    for (let turn = 0; turn < 4; turn += 1) await change();
    await kit.clock.advance(10 * minuteMs);
    const before = await told(kit, 'password-changed');
    await kit.value(kit.portcullis.passwordReset.request({ identifier: ada.email, facts: openBrowser().facts() }));
    await kit.settle();
    const { link } = kit.mails.findLast(({ kind }) => kind === 'reset-password') as Extract<Mail, { kind: 'reset-password' }>;
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: link.split('#token=')[1], password: 'seven otters below the mill', facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    expect(await told(kit, 'password-changed')).toBe(before + 1);
  });

  it('is told of each that has none of its kind in the day before it', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    const change = changer(kit, ada);
    const toldAtMs: number[] = [];
    for (const gapHours of [0, 1, 5, 13, 2, 24, 0, 0, 0, 25, 11, 11, 11, 3, 0, 48]) {
      await kit.clock.advance(gapHours * hourMs);
      const atMs = kit.clock.nowMs();
      const before = await told(kit, 'password-changed');
      await change();
      if ((await told(kit, 'password-changed')) > before) toldAtMs.push(atMs);
      expect(toldAtMs.some((each) => each > atMs - 24 * hourMs)).toBe(true);
    }
    expect(toldAtMs.length).toBeLessThan(16);
  });

  it('is told by the next one where a mail could not be sent to anybody', async () => {
    let isDown = true;
    const sent: string[] = [];
    const kit = makeKit({ mailer: { send: async ({ kind }) => (isDown ? Promise.reject(new Error('down')) : void sent.push(kind)) } });
    const ada = await person(kit);
    await ada.signIn();
    const change = changer(kit, ada);
    for (let turn = 0; turn < 3; turn += 1) await change();
    await kit.settle();
    expect(kit.events.filter(({ type }) => type === 'deferred.failed')).toHaveLength(3);
    isDown = false;
    await change();
    await kit.settle();
    expect(sent).toEqual(['password-changed']);
  });

  it('that can be reached is not filled because another of the same owner cannot', async () => {
    const sent: string[] = [];
    const kit = makeKit({ mailer: { send: async ({ to, kind }) => (to === 'ada@home.example' ? Promise.reject(new Error('full')) : void sent.push(kind)) } });
    const ada = await person(kit);
    await ada.signIn();
    kit.table.rows.set(ada.id, { ...(kit.table.rows.get(ada.id) as NonNullable<ReturnType<typeof kit.table.rows.get>>), noticeEmails: ['ada@home.example'] });
    const change = changer(kit, ada);
    for (let turn = 0; turn < 5; turn += 1) await change();
    await kit.settle();
    expect(sent).toEqual(['password-changed', 'password-changed']);
  });

  it('is told where nobody can count', async () => {
    const inner = memoryStore();
    const counters: CounterStore = { ...inner, take: (charges) => (charges.some(({ rule }) => rule.name.startsWith('notice')) ? Promise.reject(new Error('counters are gone')) : inner.take(charges)) };
    const kit = makeKit({ counters });
    const ada = await person(kit);
    await ada.signIn();
    await changer(kit, ada)();
    expect(await told(kit, 'password-changed')).toBe(1);
  });
});
