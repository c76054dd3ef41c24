import { describe, expect, it } from 'vitest';
import { answerShape } from '../support/cookies.ts';
import { memoryStore, type RequestFacts } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { joinOrganization, openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const by = 'operator-1';

function signIn(kit: Kit, facts: RequestFacts, password = goodPassword, identifier = email) {
  return kit.portcullis.signIn.attempt({ identifier, password, facts });
}

/** Keeps the table's next answer about the account back until it is let go. */
function slowTable(kit: Kit): () => void {
  const { table } = kit;
  let letGo: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const find = table.findByIdentifier.bind(table);
  table.findByIdentifier = async (identifier) => {
    const row = await find(identifier);
    table.findByIdentifier = find;
    await gate;
    return row;
  };
  return letGo;
}

// ASVS 5.0 7.4.3, 2.3.3
describe('a sign-in that has read the old row when the password is replaced', () => {
  it.each(['reset', 'change'] as const)('opens nothing after a %s', async (how) => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await kit.settle();
    const letGo = slowTable(kit);
    const thief = openBrowser('198.51.100.66');
    const attempt = signIn(kit, thief.facts());
    await kit.clock.advance(10);
    if (ada.session === undefined) throw new Error('no session');
    const replaced = how === 'reset'
      ? await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))
      : await kit.value(kit.portcullis.passwordChange.change({ session: ada.session, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }));
    expect(replaced.outcome).toBe(how === 'reset' ? 'reset' : 'changed');
    letGo();
    expect(await kit.value(attempt)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.findLast(({ type }) => type === 'sign-in.failed')).toMatchObject({ reason: 'changed-meanwhile' });
  });
});

describe('a sign-in that is under way while everybody is signed out', () => {
  it('leaves no known browser behind', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    kit.breachDelayMs = 200;
    const attempt = signIn(kit, ada.browser.facts());
    await kit.clock.advance(100);
    await kit.portcullis.epochs.revokeEveryone({ by });
    ada.browser.keep(await kit.value(attempt));
    kit.breachDelayMs = 0;
    await ada.signIn();
    expect(kit.events.findLast(({ type }) => type === 'sign-in.succeeded')).toMatchObject({ knownDevice: false });
  });
});

describe('a second step after an order to replace the password', () => {
  it.each(['compromised', 'breached', 'incident'] as const)('is over (%s)', async (reason) => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    await ada.signIn();
    await kit.portcullis.resets.mark({ accountId: ada.id, reason, by });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.filter(({ type }) => type === 'second-factor.succeeded')).toEqual([]);
  });
});

// ASVS 5.0 7.4.5
describe('ending the sessions of one account', () => {
  it('makes its browsers strangers and ends its link to a new password', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.enrollWholly();
    await ada.signIn();
    await ada.giveCode(ada.code(), true);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
    await kit.settle();
    await kit.portcullis.epochs.revokeUser({ accountId: ada.id, by });
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    await kit.clock.advance(30_000);
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, secondFactor: ada.code(), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });
});

// ASVS 5.0 6.3.8
describe('the time of a failed sign-in', () => {
  async function slowKit(options: Parameters<typeof makeKit>[0] = {}): Promise<{ readonly kit: Kit; readonly ada: Person; readonly took: (password: string, identifier?: string) => Promise<number> }> {
    const records = memoryStore({ clock: fakeClock() });
    const state = { slow: false };
    const later = async (ms: number): Promise<void> => {
      if (state.slow) await new Promise<void>((resolve) => kit.clock.after(ms, resolve));
    };
    const kit: Kit = makeKit({
      records: {
        durable: false,
        watch: (key, changed) => records.watch(key, changed),
        async read(key) {
          await later(5);
          return records.read(key);
        },
        async compareAndSet(change) {
          await later(60);
          return records.compareAndSet(change);
        },
      },
      ...options,
    });
    const ada = await person(kit, email);
    let turn = 0;
    // The first of all makes a record that the whole app has one of.
    await kit.value(signIn(kit, openBrowser('203.0.113.1').facts(), otherPassword, 'first@example.com'));
    return {
      kit,
      ada,
      async took(password, identifier = email) {
        state.slow = true;
        turn += 1;
        const { tookMs, value } = await kit.run(signIn(kit, openBrowser(`198.51.100.${turn}`).facts(), password, identifier));
        state.slow = false;
        expect(value).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
        await kit.clock.advance(3_600_000);
        return tookMs;
      },
    };
  }

  it('is that of a wrong password where a right one has leaked, whatever a write takes', async () => {
    const { kit, took } = await slowKit();
    const [wrong, nobody] = [await took(otherPassword), await took(otherPassword, 'nobody@example.com')];
    kit.leaks.set(goodPassword, { verdict: 'breached', count: 1 });
    kit.breachDelayMs = 290;
    expect([await took(goodPassword), nobody]).toEqual([wrong, wrong]);
  });

  it.each([
    ['says so', () => true],
    ['throws', () => Promise.reject(new Error('a rule of the app'))],
    ['never answers', () => new Promise<never>(() => undefined)],
  ])('is that of a wrong password where a stranger is sent to the mailbox by a rule that %s', async (_what, strangers) => {
    const { kit, took } = await slowKit({ challenge: { strangers } });
    const wrong = await took(otherPassword);
    expect(await took(goodPassword)).toBe(wrong);
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'challenge')).toHaveLength(1);
  });
});

describe('an account of more organizations than the pieces take', () => {
  it('is shut, and answered like nobody', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    joinOrganization(kit, ada, ...Array.from({ length: 100 }, (_, at) => `team-${at}`));
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    joinOrganization(kit, ada, ...Array.from({ length: 101 }, (_, at) => `team-${at}`));
    const shut = await kit.run(signIn(kit, openBrowser('198.51.100.1').facts()));
    const nobody = await kit.run(signIn(kit, openBrowser('198.51.100.2').facts(), goodPassword, 'nobody@example.com'));
    expect({ ...shut, value: answerShape(shut.value) }).toEqual({ ...nobody, value: answerShape(nobody.value) });
    expect(kit.events.findLast(({ type }) => type === 'store.failed')).toMatchObject({ error: 'TooManyOrganizations', accountId: ada.id });
  });
});

describe('a hash that is made anew', () => {
  it('is told from a new password, so that the table does not take the old one for a new one', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    const told: string[] = [];
    const replace = kit.table.replacePasswordHash.bind(kit.table);
    kit.table.replacePasswordHash = (change) => {
      told.push(change.because);
      return replace(change);
    };
    const stronger = makeKit({ accounts: kit.table, hasher: { parameters: { memoryKiB: 47_104, passes: 2, lanes: 1 } } });
    expect(await stronger.value(signIn(stronger, openBrowser().facts()))).toMatchObject({ outcome: 'signed-in', accountId: ada.id });
    await ada.signIn();
    if (ada.session === undefined) throw new Error('no session');
    await kit.value(kit.portcullis.passwordChange.change({ session: ada.session, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }));
    expect(told).toEqual(['new-hash', 'new-hash', 'new-password']);
  });
});
