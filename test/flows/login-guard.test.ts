import { describe, expect, it } from 'vitest';
import { memoryEvidence } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { cookieShape } from '../support/cookies.ts';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Browser } from '../support/person.ts';

const wide = { limit: 100_000, windowMs: 60_000 };
const limits = { signIn: { address: wide, account: wide, noAddress: wide } };
const bad = '198.51.100.7';

async function attempt(kit: Kit, identifier: string, password: string, browser: Browser = openBrowser(bad)) {
  return browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: browser.facts() })));
}

/** Different wrong passwords at names that nobody has. */
async function misbehave(kit: Kit, times: number, address = bad): Promise<void> {
  for (let each = 0; each < times; each += 1) await attempt(kit, `nobody${each}@example.com`, `${otherPassword} ${each}`, openBrowser(address));
}

interface Seen {
  readonly answer: object;
  readonly cookies: readonly string[];
  readonly tookMs: number;
  readonly derivations: readonly string[];
  readonly reads: number;
  readonly writes: number;
  readonly table: readonly string[];
}

/** A kit whose calls are counted, and one attempt as its sender sees it, and as a clock at the stores would. */
function countingKit(options: Parameters<typeof makeKit>[0] = {}) {
  const calls = { reads: 0, writes: 0 };
  const plain = makeKit();
  const records = {
    ...plain.store,
    read: (key: string) => (calls.reads += 1, plain.store.read(key)),
    compareAndSet: (change: Parameters<typeof plain.store.compareAndSet>[0]) => (calls.writes += 1, plain.store.compareAndSet(change)),
  };
  const made = makeKit({ records, counters: plain.store, accounts: plain.table, clock: plain.clock, limits, ...options });
  const kit: Kit = { ...made, table: plain.table, plant: (user) => plain.plant(user) };
  return {
    kit,
    seen: async (identifier: string, password: string, browser: Browser): Promise<Seen> => {
      await kit.settle();
      kit.derivations.length = 0;
      plain.table.calls.length = 0;
      calls.reads = 0;
      calls.writes = 0;
      const { value, tookMs } = await kit.run(kit.portcullis.signIn.attempt({ identifier, password, facts: browser.facts() }));
      if (value.outcome !== 'answered') throw new Error(`expected an answer, got ${value.outcome}`);
      return { answer: value.reply, cookies: (value.setCookies ?? []).map(cookieShape), tookMs, derivations: [...kit.derivations], ...calls, table: [...plain.table.calls] };
    },
  };
}

// OWASP OAT-008, ASVS 5.0 6.3.8
describe('the right password of a stranger from a network that has failed often', () => {
  it('is answered as a wrong one, in its time; the mailed link lets its owner in, and the network gets back what was counted', async () => {
    const { kit, seen } = countingKit();
    const ada = await person(kit);
    await person(kit, 'bo@example.com');
    await misbehave(kit, 9);
    ada.browser = openBrowser(bad);
    const wrong = await seen(ada.email, otherPassword, openBrowser(bad));
    const right = await kit.run(kit.portcullis.signIn.attempt({ identifier: ada.email, password: goodPassword, facts: ada.browser.facts() }));
    ada.browser.keep(right.value);
    expect({ answer: 'reply' in right.value && right.value.reply, tookMs: right.tookMs, cookies: right.value.setCookies?.map(cookieShape) }).toEqual({ answer: wrong.answer, tookMs: wrong.tookMs, cookies: wrong.cookies });
    await kit.settle();
    expect(kit.mails).toMatchObject([{ kind: 'challenge', purpose: 'sign-in', to: ada.email }]);
    expect(kit.events).toContainEqual(expect.objectContaining({ type: 'login-guard.decided', verdict: 'step-up', reasons: ['source'], enforced: true, accountId: ada.id }));
    // In another browser the link opens nothing.
    expect(await kit.value(kit.portcullis.challenge.confirm({ token: tokenOf(kit, 'challenge'), facts: openBrowser(bad).facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in', accountId: ada.id, session: { stage: 'full' } });
    // The browser is known from now on, and the place familiar.
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    expect(await kit.portcullis.devices.isFamiliar({ accountId: ada.id, address: bad })).toBe(true);
  });

  it('counts for its network as a wrong one until the link is opened, and nothing after that', async () => {
    const kit = makeKit({ limits, challenge: { strangers: 'mail' } });
    const ada = await person(kit);
    const bo = await person(kit, 'bo@example.com');
    ada.browser = openBrowser(bad);
    bo.browser = openBrowser(bad);
    await misbehave(kit, 8);
    await ada.signIn();
    // 8 + 1: whoever comes now is asked by the guard as well.
    await bo.signIn();
    expect(kit.events.filter(({ type }) => type === 'login-guard.decided')).toMatchObject([{ verdict: 'step-up', reasons: ['source'], accountId: bo.id }]);
    await bo.openLink();
    kit.mails.splice(kit.mails.findIndex((mail) => mail.to === bo.email), 1);
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in', accountId: ada.id });
    const cyd = await person(kit, 'cyd@example.com');
    cyd.browser = openBrowser(bad);
    await cyd.signIn();
    expect(kit.events.filter(({ type }) => type === 'login-guard.decided')).toHaveLength(1);
  });

  it('is asked for the second factor where there is one, and for no link', async () => {
    const kit = makeKit({ limits });
    const ada = await person(kit);
    await ada.enrollWholly();
    await kit.settle();
    const mailed = kit.mails.length;
    await misbehave(kit, 9);
    ada.browser = openBrowser(bad);
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in', accountId: ada.id });
    await kit.settle();
    expect(kit.mails.slice(mailed).some(({ kind }) => kind === 'challenge')).toBe(false);
  });

  it('opens nothing where nothing is mailed, and its owner comes in by a browser that the account knows', async () => {
    const { kit, seen } = countingKit({ challenge: { strangers: 'none' } });
    const ada = await person(kit);
    await ada.signIn();
    await misbehave(kit, 9);
    const wrong = await seen(ada.email, otherPassword, openBrowser(bad));
    const right = await seen(ada.email, goodPassword, openBrowser(bad));
    expect({ ...right, reads: 0 }).toEqual({ ...wrong, reads: 0 });
    expect(kit.events.findLast(({ type }) => type === 'sign-in.failed')).toMatchObject({ reason: 'suspicious', accountId: ada.id });
    await kit.settle();
    expect(kit.mails).toEqual([]);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  });

  it('is let in by a guard that observes, which says what it would have done', async () => {
    const kit = makeKit({ limits, loginGuard: { mode: 'observe' } });
    const ada = await person(kit);
    await misbehave(kit, 9);
    ada.browser = openBrowser(bad);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    expect(kit.events).toContainEqual(expect.objectContaining({ type: 'login-guard.decided', verdict: 'step-up', enforced: false, accountId: ada.id }));
    await misbehave(kit, 40);
    const bo = await person(kit, 'bo@example.com');
    bo.browser = openBrowser(bad);
    expect(await bo.signIn()).toMatchObject({ outcome: 'signed-in' });
    expect(kit.events.findLast(({ type }) => type === 'login-guard.decided')).toMatchObject({ verdict: 'refuse', enforced: false });
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'challenge')).toEqual([]);
  });
});

describe('a network that is refused', () => {
  it('does the same work for a right password, a wrong one and nobody: one decoy, one answer, as many reads and writes', async () => {
    const { kit, seen } = countingKit();
    const ada = await person(kit);
    await misbehave(kit, 42);
    const wrong = await seen(ada.email, otherPassword, openBrowser(bad));
    expect(wrong.derivations).toHaveLength(1);
    expect(await seen(ada.email, goodPassword, openBrowser(bad))).toEqual(wrong);
    expect(await seen('nobody-else@example.com', goodPassword, openBrowser(bad))).toEqual(wrong);
    // And as a wrong one from a network that is not refused.
    expect(await seen(ada.email, otherPassword, openBrowser('203.0.113.9'))).toEqual(wrong);
    await kit.settle();
    expect(kit.mails).toEqual([]);
  });

  it('counts no failure against an account: fifty refusals close no door', async () => {
    const kit = makeKit({ limits });
    const ada = await person(kit);
    await misbehave(kit, 42);
    for (let each = 0; each < 60; each += 1) await attempt(kit, ada.email, `${otherPassword} ${each}`);
    // Nor is she asked for more: what nobody looked at was no guess.
    ada.browser = openBrowser('203.0.113.9');
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  });

  it('is told as one that fails: nobody says that its passwords, which nobody has looked at, were right', async () => {
    const kit = makeKit({ limits });
    for (let each = 0; each < 6; each += 1) await kit.plant({ email: `user${each}@example.com`, password: goodPassword });
    await misbehave(kit, 42);
    for (let each = 0; each < 6; each += 1) await attempt(kit, `user${each}@example.com`, otherPassword);
    await kit.clock.advance(11 * 60_000);
    await misbehave(kit, 1, '203.0.113.200');
    const { alarms } = kit.portcullis.monitor.snapshot();
    expect(alarms.map(({ kind }) => kind)).not.toContain('many-accounts');
    expect(kit.events.filter((event) => event.type === 'sign-in.failed' && event.accountId !== undefined)).toMatchObject(Array.from({ length: 6 }, () => ({ reason: 'refused-network', reasons: ['source'] })));
  });

  it("lets the owner in by a browser that the account knows, and asks strangers there for more from then on", async () => {
    const kit = makeKit({ limits });
    const [ada, bo] = [await person(kit), await person(kit, 'bo@example.com')];
    ada.browser = openBrowser(bad);
    await ada.signIn();
    await misbehave(kit, 42);
    expect(await attempt(kit, bo.email, goodPassword)).toMatchObject({ outcome: 'answered' });
    expect(kit.events.findLast(({ type }) => type === 'login-guard.decided')).toMatchObject({ verdict: 'refuse' });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    bo.browser = openBrowser(bad);
    await bo.signIn();
    expect(await bo.openLink()).toMatchObject({ outcome: 'signed-in', accountId: bo.id });
  });
});

// ASVS 5.0 6.3.8
describe('the score of a network', () => {
  const leaked = 'leaked long ago and far away';

  it.each<[string, (kit: Kit, each: number) => Promise<unknown>]>([
    ['wrong passwords at an account', (kit, each) => attempt(kit, 'ada@example.com', `${otherPassword} ${each}`)],
    ['wrong passwords at a name that nobody has', (kit, each) => attempt(kit, 'nobody@example.com', `${otherPassword} ${each}`)],
    ['the same wrong password again and again at an account', (kit) => attempt(kit, 'ada@example.com', otherPassword)],
    ['the same wrong password again and again at nobody', (kit) => attempt(kit, 'nobody@example.com', otherPassword)],
    ['a right password that has leaked', (kit) => attempt(kit, 'leaked@example.com', leaked)],
    ['the right password of an account that is shut', (kit) => attempt(kit, 'shut@example.com', goodPassword)],
    ['a right password whose owner is asked for a link', (kit) => attempt(kit, 'watched@example.com', goodPassword)],
  ])('tells an attacker who looks at it by an account of their own nothing more than how often they tried: %s', async (_what, tryOnce) => {
    const asked: boolean[] = [];
    for (const times of [7, 9]) {
      const kit = makeKit({ limits, challenge: { strangers: ({ accountId }) => accountId === watched } });
      await person(kit);
      await kit.plant({ email: 'leaked@example.com', password: leaked });
      await kit.plant({ email: 'shut@example.com', password: goodPassword, active: false });
      const watched = await kit.plant({ email: 'watched@example.com', password: goodPassword });
      kit.leaks.set(leaked, { verdict: 'breached', count: 9 });
      for (let each = 0; each < times; each += 1) await tryOnce(kit, each);
      const own = await person(kit, 'own@example.com');
      own.browser = openBrowser(bad);
      asked.push((await own.signIn()).outcome !== 'signed-in');
    }
    expect(asked).toEqual([false, true]);
  });

  it.each([['an account', 'ada@example.com'], ['nobody', 'nobody@example.com']])('and a password of their own that is tried again and again at %s is no sprayed one', async (_what, name) => {
    const kit = makeKit({ limits });
    await person(kit);
    const own = await person(kit, 'own@example.com', otherPassword);
    for (let each = 0; each < 20; each += 1) await attempt(kit, name, otherPassword, openBrowser(`203.0.113.${each}`));
    own.browser = openBrowser('192.0.2.200');
    expect(await own.signIn()).toMatchObject({ outcome: 'signed-in' });
  });
});

// OWASP OAT-007
describe('a password that fails at many names', () => {
  it('opens nothing alone on that day, from wherever it comes', async () => {
    const kit = makeKit({ limits });
    const ada = await person(kit, 'ada@example.com', otherPassword);
    for (let each = 0; each < 6; each += 1) await attempt(kit, `user${each}@example.com`, otherPassword, openBrowser(`203.0.113.${each}`));
    ada.browser = openBrowser('192.0.2.200');
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.findLast(({ type }) => type === 'login-guard.decided')).toMatchObject({ reasons: ['sprayed-password'] });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in' });
  });
});

describe('an account that strangers guess at', () => {
  it('is entered with a mailed link by its owner in a new browser, and with nothing more in a known one', async () => {
    const kit = makeKit({ limits });
    const ada = await person(kit);
    await ada.signIn();
    for (let each = 0; each < 12; each += 1) await attempt(kit, ada.email, `${otherPassword} ${each}`, openBrowser(`203.0.113.${each}`));
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    expect(kit.events.findLast(({ type }) => type === 'login-guard.decided')).toMatchObject({ reasons: ['account'] });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in' });
  });
});

describe('with records in a file', () => {
  it('a link that the guard has asked for still opens the account', async () => {
    const clock = fakeClock();
    const kit = makeKit({ limits, records: openStore(freshPath(), { clock }), clock });
    const ada = await person(kit);
    await misbehave(kit, 9);
    ada.browser = openBrowser(bad);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in' });
  });
});

// OWASP OAT-008
describe('what is usual', () => {
  it('is measured by each account four times a day at most, however often it signs in', async () => {
    const told: unknown[] = [];
    const evidence = memoryEvidence();
    const kit = makeKit({
      limits,
      evidence: {
        shared: false,
        reserve: (attempted) => evidence.reserve(attempted),
        settle(outcome) {
          if (outcome.as === 'known') told.push(outcome.again === true);
          return evidence.settle(outcome);
        },
      },
    });
    const ada = await person(kit);
    for (let each = 0; each < 30; each += 1) expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    expect(told.filter((again) => again === false).length).toBeLessThan(2);
    expect(told).toHaveLength(29);
    told.length = 0;
    for (let each = 0; each < 12; each += 1) {
      await kit.clock.advance(2 * 3_600_000);
      expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    }
    expect(told.filter((again) => again === false)).toHaveLength(4);
  });
});
