import { describe, expect, it } from 'vitest';
import { BusyError, memoryEvidence, memoryStore, type EvidenceAttempt, type EvidenceStore, type RecordStore } from 'portcullis';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { answerShape } from '../support/cookies.ts';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Browser } from '../support/person.ts';

const wide = { limit: 100_000, windowMs: 60_000 };
const rules = { address: wide, account: wide, noAddress: wide };
const limits = { signIn: rules, signUp: rules, mail: rules, code: rules };
const bad = '198.51.100.7';
const elsewhere = '203.0.113.9';
const halfLifeMs = 12 * 3_600_000;

/** The three forms without a password that lead to a mail. */
const forms = {
  'sign-up': ({ portcullis }: Kit, identifier: unknown, browser: Browser, password: unknown = goodPassword) => portcullis.signUp.request({ identifier, password, facts: browser.facts() }),
  'resend-confirmation': ({ portcullis }: Kit, identifier: unknown, browser: Browser) => portcullis.signUp.resend({ identifier, facts: browser.facts() }),
  'forgot-password': ({ portcullis }: Kit, identifier: unknown, browser: Browser) => portcullis.passwordReset.request({ identifier, facts: browser.facts() }),
} as const;
type Form = keyof typeof forms;
const everyForm = Object.keys(forms) as readonly Form[];

function ask(kit: Kit, form: Form, identifier: unknown, address = bad) {
  return kit.value(forms[form](kit, identifier, openBrowser(address)));
}

function attempt(kit: Kit, identifier: string, password: string, address = bad) {
  return kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: openBrowser(address).facts() }));
}

/** Wrong passwords at names that nobody has. */
async function misbehave(kit: Kit, times: number, address = bad): Promise<void> {
  for (let each = 0; each < times; each += 1) await attempt(kit, `nobody${each}@example.com`, `${otherPassword} ${each}`, address);
}

/** A kit, and what its guard is told and asks. */
function watchedKit(options: Parameters<typeof makeKit>[0] = {}, records?: (clock: FakeClock) => RecordStore) {
  const clock = fakeClock();
  const inner = memoryEvidence({ clock });
  const told: string[] = [];
  const asked: EvidenceAttempt[] = [];
  const scores: number[] = [];
  const evidence: EvidenceStore = {
    shared: false,
    reserve(given) {
      const standing = inner.reserve(given);
      asked.push(given);
      scores.push(standing.source);
      return standing;
    },
    settle: (outcome) => (told.push(outcome.as), inner.settle(outcome)),
  };
  const kit = makeKit({ limits, clock, evidence, ...(records && { records: records(clock) }), ...options });
  return {
    kit, told, asked,
    /** The score of a network, as one more wrong password finds it. */
    scoreOf: async (address = bad): Promise<number> => {
      await misbehave(kit, 1, address);
      return scores.at(-1) ?? NaN;
    },
  };
}

const decided = (kit: Kit) => kit.events.filter((event) => event.type === 'login-guard.decided');

// OWASP OAT-019, ASVS 5.0 6.3.8
describe('a request for a mail by a browser that nobody knows', () => {
  it.each(everyForm)('counts one against its network, whoever has the name: %s', async (form) => {
    for (const name of ['ada@example.com', 'nobody@example.com']) {
      const stepUps: boolean[] = [];
      for (const times of [7, 9]) {
        const kit = makeKit({ limits });
        await person(kit);
        for (let each = 0; each < times; each += 1) await ask(kit, form, name);
        await kit.settle();
        const own = await person(kit, 'own@example.com');
        own.browser = openBrowser(bad);
        stepUps.push((await own.signIn()).outcome !== 'signed-in');
      }
      expect(stepUps).toEqual([false, true]);
    }
  });

  it.each(everyForm)('is counted before anybody looks who has the name, and as that of nobody: %s', async (form) => {
    const looked: number[] = [];
    const kit = makeKit({
      limits,
      evidence: { ...memoryEvidence(), reserve: (given) => (looked.push(kit.table.calls.length), memoryEvidence().reserve(given)) },
    });
    await person(kit);
    await ask(kit, form, 'ada@example.com');
    expect(looked).toEqual([0]);
    await kit.settle();
    expect(kit.table.calls).toContain('findByIdentifier');
  });

  it('counts against no account, and says nothing of a password', async () => {
    const { kit, asked } = watchedKit();
    const ada = await person(kit);
    for (let each = 0; each < 30; each += 1) await ask(kit, 'forgot-password', ada.email, `203.0.113.${each}`);
    expect(asked).toHaveLength(30);
    expect(asked.every(({ password, exists, weight }) => password === undefined && !exists && weight === 1)).toBe(true);
    ada.browser = openBrowser('192.0.2.99');
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  });

  it('goes on without an address: what cannot be told apart is refused to nobody', async () => {
    const { kit, asked } = watchedKit();
    for (let each = 0; each < 50; each += 1) expect(await kit.value(kit.portcullis.passwordReset.request({ identifier: `user${each}@example.com`, facts: { address: undefined, accepts: 'json' } }))).toMatchObject({ reply: { status: 202 } });
    expect(asked.every(({ source }) => source === undefined)).toBe(true);
    expect(decided(kit)).toEqual([]);
  });

  // CWE-312
  it.each(['sign-up', 'forgot-password'] as const)('leaves nothing in the records by which two requests of one network are known as such: %s', async (form) => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const values: string[] = [];
    const kit = makeKit({ limits, clock, records: { ...store, compareAndSet: (change) => (values.push(change.value ?? ''), store.compareAndSet(change)) } });
    await person(kit);
    await person(kit, 'bo@example.com');
    const names = form === 'sign-up' ? ['new@example.com', 'newer@example.com'] : ['ada@example.com', 'bo@example.com'];
    const words: (readonly string[])[] = [];
    for (const name of names) {
      values.length = 0;
      await ask(kit, form, name);
      await kit.settle();
      words.push(values.join(' ').match(/[\w-]{20,}/g) ?? []);
    }
    const [one = [], other = []] = words;
    expect(one.length).toBeGreaterThan(1);
    expect(one.filter((word) => other.includes(word))).toEqual([]);
  });

  it.each<[string, unknown]>([['no text', 7], ['nothing', undefined], ['NUL', 'a\0@example.com'], ['a lone surrogate', '\ud800@example.com'], ['10 MB', `${'a'.repeat(10_000_000)}@example.com`]])('counts nothing where the name cannot be one: %s', async (_what, name) => {
    const { kit, asked } = watchedKit();
    for (const form of everyForm) await ask(kit, form, name);
    expect(asked).toEqual([]);
  });
});

// OWASP OAT-019
describe('a network that is refused', () => {
  it.each(everyForm)('is told so for every name alike, at once, and no mail is sent: %s', async (form) => {
    const kit = makeKit({ limits });
    await person(kit);
    await misbehave(kit, 42);
    await kit.settle();
    kit.derivations.length = 0;
    kit.table.calls.length = 0;
    const seen = async (name: string) => {
      const { value, tookMs } = await kit.run(forms[form](kit, name, openBrowser(bad)));
      return { answer: answerShape(value), tookMs, table: [...kit.table.calls], derivations: [...kit.derivations] };
    };
    const known = await seen('ada@example.com');
    // RFC 6585 section 4
    expect(known).toMatchObject({ answer: { reply: { status: 429, headers: { 'Retry-After': '3600' } } }, table: [], derivations: [] });
    expect(await seen('nobody@example.com')).toEqual(known);
    await kit.settle();
    expect(kit.mails).toEqual([]);
    expect(decided(kit).slice(-2)).toMatchObject([{ verdict: 'refuse', reasons: ['source'], enforced: true, flow: form, address: bad }, { flow: form }]);
  });

  it('is told the same time to come back whatever its score', async () => {
    const kit = makeKit({ limits });
    const times: unknown[] = [];
    for (const more of [41, 60]) {
      await misbehave(kit, more);
      times.push((await ask(kit, 'forgot-password', 'nobody@example.com')).reply.headers['Retry-After']);
    }
    expect(times).toEqual(['3600', '3600']);
  });

  it.each(everyForm)('uses up nobody\'s mails: %s', async (form) => {
    const kit = makeKit({ limits: { ...limits, signUp: { address: wide }, mail: { address: wide } } });
    await misbehave(kit, 42);
    for (let each = 0; each < 20; each += 1) expect(await ask(kit, form, 'ada@example.com')).toMatchObject({ reply: { status: 429 } });
    expect(await ask(kit, form, 'ada@example.com', elsewhere)).toMatchObject({ reply: { status: 202 } });
  });

  it('still has its own limit by address', async () => {
    const kit = makeKit({ limits: { ...limits, mail: { address: { limit: 50, windowMs: 3_600_000 } } } });
    await misbehave(kit, 42);
    for (let each = 0; each < 60; each += 1) await ask(kit, 'forgot-password', `user${each}@example.com`);
    expect(kit.events.filter(({ type }) => type === 'limiter.refused').length).toBeGreaterThan(5);
  });

  it('refuses nobody where somebody known comes from there too', async () => {
    const kit = makeKit({ limits });
    const ada = await person(kit);
    ada.browser = openBrowser(bad);
    await ada.signIn();
    await misbehave(kit, 42);
    await ada.signIn();
    for (const form of everyForm) expect(await ask(kit, form, 'nobody@example.com')).toMatchObject({ reply: { status: 202 } });
  });

  it('changes nothing where the guard observes, and says what it would have done', async () => {
    const kit = makeKit({ limits, loginGuard: { mode: 'observe' } });
    const ada = await person(kit);
    await misbehave(kit, 42);
    for (const form of everyForm) expect(await ask(kit, form, ada.email)).toMatchObject({ reply: { status: 202 } });
    await kit.settle();
    expect(kit.mails.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['sign-up-existing-account', 'reset-password']));
    expect(decided(kit).slice(-3)).toMatchObject(everyForm.map((flow) => ({ flow, verdict: 'refuse', enforced: false })));
  });

  // OWASP OAT-010
  it('is refused in the middle of a thousand requests at once: no more go on than its score allows', async () => {
    const { kit } = watchedKit();
    const all = await kit.value(Promise.all(Array.from({ length: 1_000 }, (_, each) => forms['forgot-password'](kit, `user${each}@example.com`, openBrowser(bad)))));
    expect(all.filter(({ reply }) => reply.status === 202)).toHaveLength(40);
    expect(all.filter(({ reply }) => reply.status === 429)).toHaveLength(960);
  });
});

describe('a browser that the account knows', () => {
  it('may ask for the mails of that account from a network that is refused, and counts nothing; for another name it is a stranger', async () => {
    const { kit, asked } = watchedKit();
    const ada = await person(kit);
    await ada.signIn();
    await misbehave(kit, 42, '192.0.2.10');
    asked.length = 0;
    for (const form of everyForm) expect(await kit.value(forms[form](kit, ada.email, ada.browser))).toMatchObject({ reply: { status: 202 } });
    expect(asked).toEqual([]);
    await kit.settle();
    expect(kit.mails.map(({ kind }) => kind)).toContain('reset-password');
    // The network is shared with a known browser: that is why it is not refused for the other name.
    await kit.value(forms['forgot-password'](kit, 'bo@example.com', ada.browser));
    expect(asked).toHaveLength(1);
  });

  it.each<[string, string]>([['one of 10 MB', `__Host-pc=${'A'.repeat(10_000_000)}`], ['one that nobody has sealed', 'portcullis-device=AAAA; __Host-portcullis-device=AAAA']])('is not shown by a cookie like %s', async (_what, cookies) => {
    const { kit, asked } = watchedKit();
    await person(kit);
    await kit.value(kit.portcullis.passwordReset.request({ identifier: 'ada@example.com', facts: { address: bad, accepts: 'json', cookies } }));
    expect(asked).toHaveLength(1);
  });
});

const stores: readonly (readonly [string, ((clock: FakeClock) => RecordStore) | undefined])[] = [['memory', undefined], ['a file', (clock) => openStore(freshPath(), { clock })]];

// ASVS 5.0 6.3.8
describe.each(stores)('what was counted, with records in %s', (_where, records) => {
  const confirm = (kit: Kit, token: string) => kit.value(kit.portcullis.signUp.confirm({ token, facts: openBrowser(elsewhere).facts() }));
  const redeem = (kit: Kit, token: string) => kit.value(kit.portcullis.passwordReset.redeem({ token, password: otherPassword, facts: openBrowser(elsewhere).facts() }));

  it('is given back once the sign-up is confirmed, of many confirmations at once by one', async () => {
    const { kit, told, scoreOf } = watchedKit({}, records);
    await ask(kit, 'sign-up', 'new@example.com');
    await kit.settle();
    const all = await Promise.all(Array.from({ length: 50 }, () => confirm(kit, tokenOf(kit, 'confirm-sign-up'))));
    expect(all.filter(({ outcome }) => outcome === 'confirmed')).toHaveLength(1);
    expect(told).toEqual(['refunded']);
    expect(await scoreOf()).toBeCloseTo(0, 5);
  });

  it('is given back once the password is reset, of many at once by one', async () => {
    const { kit, told, scoreOf } = watchedKit({}, records);
    const ada = await person(kit);
    await ask(kit, 'forgot-password', ada.email);
    await kit.settle();
    const all = await Promise.all(Array.from({ length: 50 }, () => redeem(kit, tokenOf(kit, 'reset-password'))));
    expect(all.filter(({ outcome }) => outcome === 'reset')).toHaveLength(1);
    expect(told).toEqual(['refunded']);
    expect(await scoreOf()).toBeCloseTo(0, 5);
  });

  it('is given back for the mail that is answered, and for none beside it', async () => {
    const { kit, told, scoreOf } = watchedKit({}, records);
    await ask(kit, 'sign-up', 'new@example.com');
    await kit.settle();
    const first = tokenOf(kit, 'confirm-sign-up');
    await ask(kit, 'resend-confirmation', 'new@example.com');
    await kit.settle();
    const second = tokenOf(kit, 'confirm-sign-up');
    expect(second).not.toBe(first);
    expect(await confirm(kit, second)).toMatchObject({ outcome: 'confirmed' });
    expect(await confirm(kit, first)).toMatchObject({ outcome: 'answered' });
    expect(told).toEqual(['refunded']);
    expect(await scoreOf()).toBeGreaterThan(0.9);
  });

  it('stays where nobody answers', async () => {
    const { kit, told, scoreOf } = watchedKit({}, records);
    await person(kit);
    for (const form of everyForm) for (const name of ['ada@example.com', 'nobody@example.com']) await ask(kit, form, name);
    await kit.settle();
    expect(told).toEqual([]);
    expect(await scoreOf()).toBeGreaterThan(5.9);
  });

  it('is no way to wash a network: own sign-ups, confirmed a day later, take nothing from what others left', async () => {
    const { kit, scoreOf } = watchedKit({}, records);
    await misbehave(kit, 20);
    for (let each = 0; each < 10; each += 1) await ask(kit, 'sign-up', `own${each}@example.com`);
    await kit.settle();
    const tokens = kit.mails.flatMap((mail) => (mail.kind === 'confirm-sign-up' ? [mail.link.split('#token=')[1] ?? ''] : []));
    expect(tokens).toHaveLength(10);
    kit.clock.setWallMs(kit.clock.nowMs() + 1.5 * halfLifeMs);
    for (const token of tokens) expect(await confirm(kit, token)).toMatchObject({ outcome: 'confirmed' });
    const score = await scoreOf();
    expect(score).toBeGreaterThan(20 * 2 ** -1.5 - 0.1);
    expect(score).toBeLessThan(20 * 2 ** -1.5 + 0.1);
  });

  it('is not given back by a sign-up whose address is taken meanwhile, nor by a wrong token', async () => {
    const { kit, told } = watchedKit({}, records);
    await ask(kit, 'sign-up', 'new@example.com');
    await kit.settle();
    await kit.plant({ email: 'new@example.com', password: goodPassword });
    expect(await confirm(kit, tokenOf(kit, 'confirm-sign-up'))).toMatchObject({ outcome: 'answered' });
    expect(await confirm(kit, 'A'.repeat(43))).toMatchObject({ outcome: 'answered' });
    expect(told).toEqual([]);
  });
});

describe('a sign-up that comes to nothing', () => {
  it('counts nothing where the password is not good enough: whoever tries again is no attacker', async () => {
    const { kit, told, scoreOf } = watchedKit();
    for (let each = 0; each < 12; each += 1) expect(await kit.value(forms['sign-up'](kit, 'new@example.com', openBrowser(bad), 'short'))).toMatchObject({ reply: { status: 422 } });
    expect(told).toHaveLength(12);
    expect(await scoreOf()).toBeCloseTo(0, 5);
  });

  // ASVS 5.0 16.5.2
  it('counts nothing where the machine is too busy, or something is broken', async () => {
    for (const error of [new BusyError('full', 1_000), new Error('broken')]) {
      const { kit, scoreOf } = watchedKit({ hasher: { engine: { name: 'swift', derive: async () => { throw error; } } } });
      for (let each = 0; each < 12; each += 1) expect((await ask(kit, 'sign-up', 'new@example.com')).reply.status).toBe(503);
      await kit.settle();
      const asked = await scoreOf();
      expect(asked).toBeCloseTo(0, 5);
    }
  });
});

// ASVS 5.0 16.5.2
describe('while the store of evidence is', () => {
  const good = { source: 0, sharedSource: false, account: 0, password: 0, surge: false, charged: { source: 1, account: 0 } };
  const lying = (answer: unknown): EvidenceStore => ({ shared: false, reserve: () => answer as typeof good, settle: () => answer as object });
  it.each<[string, EvidenceStore]>([
    ['gone', { shared: false, reserve: () => { throw new Error('secret detail'); }, settle: () => { throw new Error('secret detail'); } }],
    ['late', { shared: true, reserve: () => new Promise(() => undefined), settle: () => new Promise(() => undefined) }],
    ['rejecting', { shared: true, reserve: async () => { throw new Error('secret detail'); }, settle: async () => { throw new Error('secret detail'); } }],
    ['lying: nothing', lying(undefined)],
    ['lying: a count', lying(7)],
    ['lying: a score that is none', lying({ ...good, source: NaN })],
    ['lying: text for a score', lying({ ...good, source: '999' })],
    ['lying: no charge', lying({ ...good, charged: undefined })],
  ])('%s, requests go on, are answered and mailed as ever, and the mails can be answered', async (_what, evidence) => {
    const kit = makeKit({ limits, evidence });
    const ada = await person(kit);
    for (const form of everyForm) for (const name of [ada.email, 'new@example.com']) expect(await ask(kit, form, name)).toMatchObject({ reply: { status: 202 } });
    await kit.settle();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    expect(await kit.value(kit.portcullis.signUp.confirm({ token: tokenOf(kit, 'confirm-sign-up'), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'confirmed' });
    expect(kit.events.filter(({ type }) => type === 'store.failed').length).toBeGreaterThan(0);
    expect(JSON.stringify(kit.events)).not.toContain('secret detail');
    expect(decided(kit)).toEqual([]);
  });
});
