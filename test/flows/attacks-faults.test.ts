import { describe, expect, it } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { faultyKit, type Fault, type FaultyKit } from '../support/faults.ts';
import { fullSession, goodPassword, otherPassword } from '../support/kit.ts';
import { codeAt, joinOrganization, openBrowser, person, tokenOf, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const scope = { kind: 'organization', id: 'team-1' } as const;
const pathways = { google: { secondFactorAmr: ['mfa'] } };

interface Outcome {
  readonly outcome: string;
  readonly reply?: { readonly status: number };
  readonly session?: SessionFacts;
}

/** What a flow is made ready with: `act` is the request that meets the fault. */
interface Scene {
  readonly kit: FaultyKit;
  readonly ada: Person;
  readonly act: () => Promise<Outcome>;
}

/** Runs a request once for each call of a store that it makes, with that call failing, and looks at what is left. */
async function atEveryCall(arrange: () => Promise<Scene>, look: (after: Scene & { readonly result: Outcome; readonly hit: string; readonly when: Fault['when'] }) => Promise<void> | void): Promise<number> {
  let calls = 0;
  for (const when of ['before', 'after', 'hang'] as const) {
    for (let at = 1; at < 200; at += 1) {
      const scene = await arrange();
      const { kit } = scene;
      Object.assign(kit.fault, { at, when, hit: undefined });
      const result = await scene.act();
      await kit.settle();
      const { hit } = kit.fault;
      kit.fault.at = 0;
      if (hit === undefined) break;
      calls += 1;
      if (result.reply !== undefined) expect([200, 202, 400, 401, 403, 429, 503], `${when} ${hit}, call ${at}`).toContain(result.reply.status);
      await look({ ...scene, result, hit, when });
    }
  }
  return calls;
}

async function enrolled(options: Parameters<typeof faultyKit>[0] = {}): Promise<{ readonly kit: FaultyKit; readonly ada: Person }> {
  const kit = faultyKit({ pathways, ...options });
  const ada = await person(kit, email);
  await ada.enrollWholly();
  return { kit, ada };
}

async function attempt(kit: FaultyKit, password: string, browser = openBrowser()): Promise<Outcome> {
  return browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password, facts: browser.facts() })));
}

const isIn = ({ outcome }: Outcome): boolean => outcome === 'signed-in';

// ASVS 5.0 16.5.3
describe('whatever call of a store fails', () => {
  it('a wrong password opens nothing', async () => {
    const calls = await atEveryCall(async () => {
      const { kit, ada } = await enrolled();
      return { kit, ada, act: () => attempt(kit, otherPassword) };
    }, ({ result }) => { expect(result.outcome).toBe('answered'); });
    expect(calls).toBeGreaterThan(8);
  });

  it('a right password never opens an account that has a second factor', async () => {
    for (const browserOf of [openBrowser, undefined]) {
      const calls = await atEveryCall(async () => {
        const { kit, ada } = await enrolled();
        return { kit, ada, act: () => attempt(kit, goodPassword, browserOf?.() ?? ada.browser) };
      }, ({ result }) => { expect(['second-factor', 'answered']).toContain(result.outcome); });
      expect(calls).toBeGreaterThan(20);
    }
  });

  it('a right password never opens more than the enrollment where a second factor is overdue', async () => {
    const calls = await atEveryCall(async () => {
      const kit = faultyKit();
      const ada = await person(kit, email);
      joinOrganization(kit, ada, 'team-1');
      await kit.value(kit.portcullis.mfa.require({ scope, graceMs: 0, by: 'admin-1' }));
      return { kit, ada, act: () => attempt(kit, goodPassword) };
    }, ({ result }) => {
      if (isIn(result)) expect(result.session?.stage).toBe('enroll');
    });
    expect(calls).toBeGreaterThan(15);
  });

  it('a sign-in elsewhere opens no account that has a second factor', async () => {
    await atEveryCall(async () => {
      const { kit, ada } = await enrolled();
      return { kit, ada, act: () => kit.value(kit.portcullis.recordExternalAuth({ pathway: 'google', accountId: ada.id, facts: openBrowser().facts() })) };
    }, ({ result }) => { expect(result.outcome).not.toBe('signed-in'); });
  });

  it('a session of the password alone is not let through', async () => {
    await atEveryCall(async () => {
      const { kit, ada } = await enrolled();
      const session = fullSession(ada.id, kit.clock.nowMs(), 'password');
      return { kit, ada, act: () => kit.value(kit.portcullis.access.check({ session, facts: openBrowser().facts() })) };
    }, ({ result }) => { expect(result.outcome).toBe('answered'); });
  });

  it('no sign-in is reported that has not been answered', async () => {
    await atEveryCall(async () => {
      const kit = faultyKit();
      const ada = await person(kit, email);
      return { kit, ada, act: () => attempt(kit, goodPassword) };
    }, ({ kit, result, hit, when }) => { expect(kit.events.some(({ type }) => type === 'sign-in.succeeded'), `${when} ${hit}`).toBe(isIn(result)); });
  });
});

// ASVS 5.0 6.5.1
describe('whatever call of a store fails, a code is good once', () => {
  it.each(['totp', 'recovery'] as const)('%s, at the second step and again at another sign-in', async (kind) => {
    const calls = await atEveryCall(async () => {
      const { kit, ada } = await enrolled();
      ada.browser = openBrowser();
      await ada.signIn();
      const code = kind === 'totp' ? ada.code() : ada.recoveryCodes[0];
      return { kit, ada, act: () => ada.giveCode(code) };
    }, async ({ kit, ada, result, hit, when }) => {
      const code = kind === 'totp' ? codeAt(ada.secret ?? '', kit.clock.nowMs()) : ada.recoveryCodes[0];
      const again = [await ada.giveCode(code)];
      ada.browser = openBrowser('192.0.2.77');
      await ada.signIn();
      again.push(await ada.giveCode(code));
      expect([result, ...again].filter(isIn).length, `${when} ${hit}`).toBeLessThanOrEqual(1);
    });
    expect(calls).toBeGreaterThan(15);
  });

  it('a mailed link signs in once', async () => {
    await atEveryCall(async () => {
      const kit = faultyKit({ challenge: { strangers: 'mail' } });
      const ada = await person(kit, email);
      await ada.signIn();
      await kit.settle();
      return { kit, ada, act: () => ada.openLink() };
    }, async ({ ada, result, hit, when }) => {
      const again = await ada.openLink();
      expect([result, again].filter(isIn).length, `${when} ${hit}`).toBeLessThanOrEqual(1);
    });
  });
});

describe('whatever call of a store fails while an authenticator is confirmed', () => {
  it('it counts or it does not, is told to its owner if it does, and its first code is spent', async () => {
    const calls = await atEveryCall(async () => {
      const kit = faultyKit();
      const ada = await person(kit, email);
      await ada.signIn();
      await ada.enroll();
      await ada.openLink();
      const begun = await ada.enroll();
      if (begun.outcome !== 'enrollment') throw new Error('no enrollment');
      ada.secret = begun.enrollment.secret;
      return { kit, ada, act: async () => ada.browser.keep(await kit.value(kit.portcullis.enrollment.confirm({ session: ada.session, factorId: begun.enrollment.factorId, code: ada.code(), facts: ada.browser.facts() }))) };
    }, async ({ kit, ada, result, hit, when }) => {
      const code = ada.code();
      const thief = openBrowser('198.51.100.7');
      const tried = await attempt(kit, goodPassword, thief);
      const counts = tried.outcome === 'second-factor';
      const label = `${when} ${hit}: ${result.outcome}`;
      if (result.outcome === 'enrolled') expect(counts, label).toBe(true);
      if (!counts) return;
      await kit.settle();
      // The write itself may have failed after it was made: nobody can tell.
      if (kit.events.some(({ type }) => type === 'factor.enrolled')) expect(kit.mails.some((mail) => mail.kind === 'second-factor-changed' && mail.what === 'added'), label).toBe(true);
      else expect([when, hit]).toEqual(['after', 'records.compareAndSet']);
      expect(isIn(thief.keep(await kit.value(kit.portcullis.secondFactor.verify({ code, facts: thief.facts() })))), label).toBe(false);
      expect(kit.table.rows.get(ada.id)?.hasSecondFactor, label).toBe(true);
    });
    expect(calls).toBeGreaterThan(20);
  });
});

describe('whatever call of a store fails while an authenticator is removed', () => {
  it('its owner is told of it if it is gone', async () => {
    await atEveryCall(async () => {
      const { kit, ada } = await enrolled();
      const [factor] = await kit.value(kit.portcullis.factors.list({ session: ada.session, facts: ada.browser.facts() })).then((list) => (list.outcome === 'overview' ? list.totp : []));
      return { kit, ada, act: () => kit.value(kit.portcullis.factors.remove({ session: ada.session, factorId: factor?.id, facts: ada.browser.facts() })) };
    }, async ({ kit, result, hit, when }) => {
      const gone = (await attempt(kit, goodPassword)).outcome === 'signed-in';
      await kit.settle();
      const told = kit.mails.some((mail) => mail.kind === 'second-factor-changed' && mail.what === 'removed');
      if (gone && !(when === 'after' && hit === 'records.compareAndSet')) expect(told, `${when} ${hit}: ${result.outcome}`).toBe(true);
      if (result.outcome === 'changed') expect(gone).toBe(true);
    });
  });
});

/** The call whose failure, after all was done, leaves nobody who knows that it was done. */
const unknowable = ({ when, hit }: { readonly when: Fault['when']; readonly hit: string }, verb: string): boolean => when === 'after' && hit === `accounts.${verb}`;

// ASVS 5.0 7.4.3, 2.3.3
describe('whatever call of a store fails while a password is replaced', () => {
  it('by a reset: a new password leaves no live token, no known browser and no silence, and the second factor stays', async () => {
    const calls = await atEveryCall(async () => {
      const { kit, ada } = await enrolled();
      await ada.signIn();
      await ada.giveCode(ada.code(), true);
      await kit.clock.advance(30_000);
      await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
      await kit.settle();
      const act = () => kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, secondFactor: ada.code(), facts: openBrowser().facts() }));
      return { kit, ada, act };
    }, async ({ kit, ada, act, result, hit, when }) => {
      const label = `${when} ${hit}: ${result.outcome}`;
      const isNew = (await attempt(kit, otherPassword, openBrowser('192.0.2.88'))).outcome !== 'answered';
      if (result.outcome === 'reset') expect(isNew, label).toBe(true);
      if (!isNew) return;
      expect(kit.table.rows.get(ada.id)?.hasSecondFactor).toBe(true);
      expect((await attempt(kit, otherPassword, ada.browser)).outcome, label).toBe('second-factor');
      await kit.clock.advance(30_000);
      expect((await act()).outcome, label).toBe('answered');
      if (!unknowable({ when, hit }, 'replacePasswordHash')) {
        expect(kit.mails.some(({ kind }) => kind === 'password-changed'), label).toBe(true);
        expect(result.outcome, label).toBe('reset');
      }
    });
    expect(calls).toBeGreaterThan(25);
  });

  it('by a change: the answer says so, so that the other sessions end', async () => {
    await atEveryCall(async () => {
      const kit = faultyKit();
      const ada = await person(kit, email);
      await ada.signIn();
      return { kit, ada, act: () => kit.value(kit.portcullis.passwordChange.change({ session: ada.session as SessionFacts, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() })) };
    }, async ({ kit, result, hit, when }) => {
      const isNew = isIn(await attempt(kit, otherPassword));
      if (unknowable({ when, hit }, 'replacePasswordHash')) return;
      expect(result.outcome === 'changed', `${when} ${hit}`).toBe(isNew);
    });
  });
});

describe('whatever call of a store fails while an address is replaced', () => {
  it('no link in the old mailbox opens the account that has moved, and both addresses are told', async () => {
    await atEveryCall(async () => {
      const kit = faultyKit();
      const ada = await person(kit, email);
      await ada.signIn();
      await ada.proveMailbox();
      await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: openBrowser().facts() }));
      await ada.askForAddress('ada@example.net');
      await kit.settle();
      return { kit, ada, act: () => kit.value(kit.portcullis.emailChange.confirm({ token: tokenOf(kit, 'confirm-email-change'), facts: openBrowser().facts() })) };
    }, async ({ kit, ada, result, hit, when }) => {
      const label = `${when} ${hit}: ${result.outcome}`;
      if (kit.table.rows.get(ada.id)?.email === email) return;
      expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() })), label).toMatchObject({ outcome: 'answered' });
      if (!unknowable({ when, hit }, 'replaceEmail')) expect(kit.mails.filter((mail) => mail.kind === 'email-changed' && mail.what === 'done'), label).toHaveLength(2);
    });
  });
});

describe('whatever call of a store fails while an owner says "this was not me"', () => {
  it('pressing the button again ends in every session being ended', async () => {
    await atEveryCall(async () => {
      const kit = faultyKit({ challenge: { strangers: 'mail' } });
      const ada = await person(kit, email);
      await ada.signIn();
      await kit.settle();
      return { kit, ada, act: () => kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() })) };
    }, async ({ ada, act, result, hit, when }) => {
      const again = result.outcome === 'disowned' ? result : await act();
      expect(again.outcome, `${when} ${hit}`).toBe('disowned');
      expect(await ada.openLink(), `${when} ${hit}`).toMatchObject({ outcome: 'answered' });
    });
  });
});

describe('whatever call of a store fails while an administrator removes the factors of an account', () => {
  it('the password alone opens no more than the enrollment', async () => {
    await atEveryCall(async () => {
      const { kit, ada } = await enrolled();
      const act = (): Promise<Outcome> => kit.value(kit.portcullis.mfa.removeFactors({ accountId: ada.id, by: 'admin-1' }).then(() => ({ outcome: 'removed' }), () => ({ outcome: 'failed' })));
      return { kit, ada, act };
    }, async ({ kit, hit, when }) => {
      const tried = await attempt(kit, goodPassword);
      expect(tried.outcome === 'second-factor' || tried.session?.stage === 'enroll', `${when} ${hit}`).toBe(true);
    });
  });
});
