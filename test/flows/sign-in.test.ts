import { describe, expect, it } from 'vitest';
import { answerShape } from '../support/cookies.ts';
import { memoryStore } from 'portcullis';
import { facts, goodPassword, keyRing, makeKit, otherPassword, swiftEngine, type Kit } from '../support/kit.ts';

const email = 'ada@example.com';

function attempt(kit: Kit, identifier: unknown, password: unknown, address = '192.0.2.10') {
  return kit.run(kit.portcullis.signIn.attempt({ identifier, password, facts: { ...facts, address } }));
}

/** Every way not to get in, in one kit each, so that no limit tells them apart. */
const failures: readonly { readonly why: string; readonly run: (kit: Kit) => ReturnType<typeof attempt> }[] = [
  { why: 'an unknown account', run: (kit) => attempt(kit, 'nobody@example.com', goodPassword) },
  { why: 'a wrong password', run: (kit) => attempt(kit, email, otherPassword) },
  { why: 'a disabled account', run: (kit) => attempt(kit, 'disabled@example.com', goodPassword) },
  { why: 'an account without a password', run: (kit) => attempt(kit, 'sso@example.com', goodPassword) },
  { why: 'a leaked password', run: (kit) => attempt(kit, 'leaked@example.com', otherPassword) },
  { why: 'no password', run: (kit) => attempt(kit, email, undefined) },
  { why: 'an object in place of the address', run: (kit) => attempt(kit, { $ne: '' }, goodPassword) },
];

async function peopledKit(options: Parameters<typeof makeKit>[0] = {}): Promise<Kit> {
  const kit = makeKit(options);
  await kit.plant({ email, password: goodPassword });
  await kit.plant({ email: 'disabled@example.com', password: goodPassword, active: false });
  await kit.plant({ email: 'sso@example.com' });
  await kit.plant({ email: 'leaked@example.com', password: otherPassword });
  kit.leaks.set(otherPassword, { verdict: 'breached', count: 12 });
  return kit;
}

describe('signing in', () => {
  it('takes the right password, whatever the letter case of the address', async () => {
    const kit = await peopledKit();
    expect((await attempt(kit, ' ADA@Example.com ', goodPassword)).value).toMatchObject({ outcome: 'signed-in', accountId: 'user-1', session: { stage: 'full' } });
    expect(kit.events.at(-1)).toMatchObject({ type: 'sign-in.succeeded', accountId: 'user-1', pathway: 'password', proofs: ['password'], stage: 'full', knownDevice: false, address: '192.0.2.10' });
  });

  it('does not count right passwords: a hundred in a row all get in', async () => {
    const kit = await peopledKit();
    for (let turn = 0; turn < 100; turn += 1) expect((await attempt(kit, email, goodPassword)).value.outcome).toBe('signed-in');
  });

  // ASVS 6.3.8, checklist 15
  it.each(['json', 'html'] as const)('answers every failure with the same status, headers and %s body', async (accepts) => {
    const answers = await Promise.all(
      failures.map(async ({ run }) => {
        const kit = await peopledKit();
        const attemptAs = kit.portcullis.signIn.attempt.bind(kit.portcullis.signIn);
        const spied = { ...kit, portcullis: { ...kit.portcullis, signIn: { attempt: (input: Parameters<typeof attemptAs>[0]) => attemptAs({ ...input, facts: { ...input.facts, accepts } }) } } };
        return answerShape((await run(spied)).value);
      }),
    );
    expect(answers[0]).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('answers every failure at the same instant, however long the breach lookup takes', async () => {
    for (const breachDelayMs of [0, 10, 290, 299]) {
      for (const { why, run } of failures) {
        const kit = await peopledKit();
        kit.breachDelayMs = breachDelayMs;
        expect([why, breachDelayMs, (await run(kit)).tookMs]).toEqual([why, breachDelayMs, 500]);
      }
    }
  });

  // checklist 16
  it('does the same argon2 work for unknown accounts as for known ones', async () => {
    for (const { why, run } of failures.slice(0, 5)) {
      const kit = await peopledKit();
      await run(kit);
      expect([why, kit.derivations]).toEqual([why, ['19456,2,1']]);
    }
  });

  // checklist 24; ASVS 2.2.1, 15.3.5
  it.each([
    ['an array', [email]],
    ['a number', 7],
    ['null', null],
    ['an empty text', ''],
    ['a text with NUL', `${email}\0`],
    ['a lone surrogate', '\ud800@example.com'],
    ['ten million characters', 'a'.repeat(10_000_000)],
    ['an object with toString', { toString: () => email }],
  ])('gives %s the uniform failure, as address and as password', async (_what, value) => {
    const kit = await peopledKit();
    expect((await attempt(kit, value, goodPassword)).value).toMatchObject({ reply: { status: 401 } });
    expect((await attempt(kit, email, value)).value).toMatchObject({ reply: { status: 401 } });
    // NUL may well be part of a password.
    expect(kit.events.map(({ type }) => type)).toEqual(['request.malformed', typeof value === 'string' && value.includes('\0') ? 'sign-in.failed' : 'request.malformed']);
  });
});

describe('a right password that has leaked', () => {
  it('opens nothing; its owner is mailed a link once the answer is out', async () => {
    const kit = await peopledKit();
    const answered = kit.portcullis.signIn.attempt({ identifier: 'leaked@example.com', password: otherPassword, facts }).then((value) => ({ value, mailsBefore: kit.mails.length }));
    expect(await kit.value(answered)).toMatchObject({ value: { outcome: 'answered', reply: { status: 401 } }, mailsBefore: 0 });
    await kit.settle();
    expect(kit.mails).toMatchObject([{ kind: 'reset-password', to: 'leaked@example.com', because: 'breached-password' }]);
    expect(kit.events.map(({ type }) => type)).toContain('breach.found');
  });

  it('costs as much of the budget as a wrong one, and mails its owner twice a day at most', async () => {
    const kit = await peopledKit();
    const statuses: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const { value } = await attempt(kit, 'leaked@example.com', otherPassword, `192.0.2.${turn}`);
      statuses.push(value.outcome === 'answered' ? value.reply.status : 200);
    }
    await kit.settle();
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect(kit.mails).toHaveLength(2);
  });

  it('fills no mailbox in observe mode either: what that mode lets through is people', async () => {
    const kit = await peopledKit({ limits: { mode: 'observe' } });
    for (let turn = 0; turn < 5; turn += 1) await attempt(kit, 'leaked@example.com', otherPassword);
    await kit.settle();
    expect(kit.mails).toHaveLength(2);
  });

  it('lets in where nobody can say, and marks the account until somebody can', async () => {
    const kit = await peopledKit();
    kit.leaks.set(goodPassword, { verdict: 'unknown', reason: 'unreachable' });
    expect((await attempt(kit, email, goodPassword)).value.outcome).toBe('signed-in');
    await kit.settle();
    expect(kit.table.rows.get('user-1')?.needsBreachRecheck).toBe(true);
    kit.leaks.delete(goodPassword);
    await attempt(kit, email, goodPassword);
    await kit.settle();
    expect(kit.table.rows.get('user-1')?.needsBreachRecheck).toBe(false);
  });

  it('gets in after 300 ms where the lookup hangs', async () => {
    const kit = await peopledKit();
    kit.breachDelayMs = 60_000;
    const { value, tookMs } = await attempt(kit, email, goodPassword);
    expect([value.outcome, tookMs]).toEqual(['signed-in', 300]);
  });
});

describe('guessing', () => {
  // checklist 20, 25; ASVS 6.3.1
  it.each([email, 'nobody@example.com'])('is stopped at the fifth wrong password for %s, from wherever it comes', async (identifier) => {
    const kit = await peopledKit();
    for (let turn = 0; turn < 5; turn += 1) expect((await attempt(kit, identifier, 'wrong', `198.51.100.${turn}`)).value).toMatchObject({ reply: { status: 401 } });
    const { value, tookMs } = await attempt(kit, identifier, 'wrong', '198.51.100.77');
    expect(value).toMatchObject({ reply: { status: 429, headers: { 'Retry-After': '60' } } });
    expect(tookMs).toBe(0);
    expect(kit.derivations).toHaveLength(5);
  });

  // checklist 90; ASVS 16.2.1
  it('is reported with the name and the address that it came from', async () => {
    const kit = await peopledKit();
    for (let turn = 0; turn < 6; turn += 1) await attempt(kit, email, 'wrong');
    expect(kit.events.at(-1)).toMatchObject({ type: 'limiter.refused', limiter: 'sign-in', rule: 'account', address: '192.0.2.10', nameTag: keyRing.digest('identifier', email) });
  });

  it('is stopped at the tenth name tried from one address', async () => {
    const kit = await peopledKit();
    for (let turn = 0; turn < 10; turn += 1) expect((await attempt(kit, `user${turn}@example.com`, 'wrong')).value).toMatchObject({ reply: { status: 401 } });
    expect((await attempt(kit, 'one-more@example.com', 'wrong')).value).toMatchObject({ reply: { status: 429 } });
    expect((await attempt(kit, email, goodPassword, '203.0.113.9')).value.outcome).toBe('signed-in');
  });

  it('gains nothing from addresses of one IPv6 network', async () => {
    const kit = await peopledKit();
    for (let turn = 0; turn < 10; turn += 1) await attempt(kit, `user${turn}@example.com`, 'wrong', `2001:db8:1:1::${turn}`);
    expect((await attempt(kit, 'one-more@example.com', 'wrong', '2001:db8:1:1:ffff::1')).value).toMatchObject({ reply: { status: 429 } });
  });

  it('gains nothing from a thousand guesses at once: five are looked at', async () => {
    const kit = await peopledKit();
    const all = Array.from({ length: 1_000 }, (_, turn) => kit.portcullis.signIn.attempt({ identifier: email, password: `guess ${turn}`, facts: { ...facts, address: `10.0.${turn >> 8}.${turn & 255}` } }));
    const results = await kit.value(Promise.all(all));
    expect(results.filter((result) => result.outcome === 'answered' && result.reply.status === 401)).toHaveLength(5);
    expect(kit.derivations).toHaveLength(5);
  });

  it('is only reported in observe mode', async () => {
    const kit = await peopledKit({ limits: { mode: 'observe' } });
    for (let turn = 0; turn < 8; turn += 1) expect((await attempt(kit, email, 'wrong')).value).toMatchObject({ reply: { status: 401 } });
    expect(kit.events.filter(({ type }) => type === 'limiter.refused')).toHaveLength(3);
  });
});

describe('when something that the sign-in needs is gone', () => {
  const broken = () => Promise.reject(new Error('down'));

  // checklist 1, 65; ASVS 16.5.3
  it.each([
    ['the user table fails', async () => ({ ...(await troubled('findByIdentifier', 'fail')) })],
    ['the user table hangs', async () => troubled('findByIdentifier', 'hang')],
    ['the counters fail', () => peopledKit({ counters: { ...memoryStore(), take: broken } })],
    ['the counters hang', () => peopledKit({ counters: { ...memoryStore(), take: () => new Promise(() => undefined) } })],
    ['the hash engine fails', () => engineTrouble()],
  ])('nobody gets in: %s', async (_what, make) => {
    const kit = await make();
    const { value } = await attempt(kit, email, goodPassword);
    expect(value).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    expect(JSON.stringify(value)).not.toContain('detail of');
    expect(kit.events.map(({ type }) => type)).toContain('request.failed');
  });

  async function troubled(verb: 'findByIdentifier', kind: 'fail' | 'hang'): Promise<Kit> {
    const kit = await peopledKit();
    kit.table.trouble = { verb, kind };
    return kit;
  }

  async function engineTrouble(): Promise<Kit> {
    const state = { broken: false };
    const engine = swiftEngine();
    const kit = await peopledKit({ hasher: { engine: { name: 'fragile', derive: (input) => (state.broken ? broken() : engine.derive(input)) } } });
    state.broken = true;
    return kit;
  }

  it('says so by name only: the error itself goes to the app', async () => {
    const seen: unknown[] = [];
    const kit = await peopledKit({ reportError: (error) => seen.push(error) });
    kit.table.trouble = { verb: 'findByIdentifier', kind: 'fail' };
    await attempt(kit, email, goodPassword);
    expect(seen).toMatchObject([{ message: 'the database says: secret detail' }]);
    expect(JSON.stringify(kit.events)).not.toContain('secret detail');
  });

  it('an outage uses up nobody\'s attempts', async () => {
    const kit = await peopledKit();
    kit.table.trouble = { verb: 'findByIdentifier', kind: 'fail' };
    for (let turn = 0; turn < 8; turn += 1) expect((await attempt(kit, email, goodPassword)).value).toMatchObject({ reply: { status: 503 } });
    kit.table.trouble = undefined;
    expect((await attempt(kit, email, goodPassword)).value.outcome).toBe('signed-in');
  });

  it('a right password still gets in when only the refund fails', async () => {
    const kit = await peopledKit({ counters: { ...memoryStore(), giveBack: broken } });
    expect((await attempt(kit, email, goodPassword)).value.outcome).toBe('signed-in');
  });

  it('an overload is 503 with Retry-After, the same for known and unknown names', async () => {
    const kit = makeKit({ hasher: { engine: { name: 'stuck', derive: () => new Promise(() => undefined) }, gate: { maxRunning: 1, maxWaiting: 0, maxWaitMs: 100 } }, accounts: (await peopledKit()).table });
    void kit.portcullis.signIn.attempt({ identifier: 'first@example.com', password: 'x', facts });
    await kit.clock.advance(0);
    const known = await attempt(kit, email, goodPassword);
    const unknown = await attempt(kit, 'nobody@example.com', goodPassword);
    expect(known.value).toMatchObject({ reply: { status: 503 } });
    expect(unknown).toEqual(known);
    // Not at once: how long the table took to find somebody would show.
    expect(known.tookMs).toBe(250);
  });
});

describe('what a sign-in leaves behind', () => {
  // checklist 44; ASVS 11.2.2
  it('upgrades a hash that is out of date, only after a right password', async () => {
    const old = makeKit({ hasher: { parameters: { memoryKiB: 47_104, passes: 1, lanes: 1 } } });
    await old.plant({ email, password: goodPassword });
    const kit = makeKit({ accounts: old.table });
    const before = old.table.rows.get('user-1')?.passwordHash;
    await attempt(kit, email, 'wrong');
    await kit.settle();
    expect(old.table.rows.get('user-1')?.passwordHash).toBe(before);
    expect(old.table.calls).not.toContain('replacePasswordHash');
    await attempt(kit, email, goodPassword);
    await kit.settle();
    expect(old.table.rows.get('user-1')?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await attempt(kit, email, goodPassword)).value.outcome).toBe('signed-in');
  });

  it('names nobody in a shared store', async () => {
    const shared = memoryStore();
    const keys: string[] = [];
    // The library's own mark in the store is nobody's.
    const counters = { ...shared, shared: true, take: (charges: Parameters<typeof shared.take>[0]) => (keys.push(...charges.filter(({ rule }) => !rule.name.startsWith('portcullis ')).map(({ key }) => key)), shared.take(charges)) };
    const kit = await peopledKit({ counters });
    await attempt(kit, email, goodPassword);
    expect(keys).toEqual([keyRing.digest('address', '192.0.2.10'), keyRing.digest('identifier', email), keyRing.digest('identifier', '\0user-1')]);
  });
});
