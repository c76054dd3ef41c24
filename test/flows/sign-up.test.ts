import { describe, expect, it } from 'vitest';
import type { Mail } from 'portcullis';
import { facts, goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';

const email = 'new@example.com';

function signUp(kit: Kit, input: { readonly identifier?: unknown; readonly password?: unknown; readonly profile?: Record<string, unknown>; readonly accepts?: 'html' | 'json' } = {}) {
  const { identifier = email, password = goodPassword, profile = {}, accepts = 'json' } = input;
  return kit.run(kit.portcullis.signUp.request({ identifier, password, profile, facts: { ...facts, accepts } }));
}

async function mailed(kit: Kit, index = -1): Promise<Extract<Mail, { kind: 'confirm-sign-up' }>> {
  await kit.settle();
  const mail = kit.mails.filter((sent) => sent.kind === 'confirm-sign-up').at(index);
  if (mail?.kind !== 'confirm-sign-up') throw new Error('no confirmation was mailed');
  return mail;
}

function tokenIn(mail: { readonly link: string }): string {
  return new URLSearchParams(new URL(mail.link).hash.slice(1)).get('token') ?? '';
}

function confirm(kit: Kit, proof: { readonly token?: unknown; readonly identifier?: unknown; readonly code?: unknown }) {
  return kit.value(kit.portcullis.signUp.confirm({ ...proof, facts }));
}

async function opens(kit: Kit, identifier: string, password: string): Promise<boolean> {
  return (await kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts }))).outcome === 'signed-in';
}

describe('signing up', () => {
  it('opens an account once the mailed link is confirmed, and not before', async () => {
    const kit = makeKit();
    expect((await signUp(kit, { identifier: ' New@Example.COM ', profile: { name: 'Newt' } })).value).toMatchObject({ reply: { status: 202 } });
    const mail = await mailed(kit);
    expect(mail).toMatchObject({ to: email, link: expect.stringMatching(/^https:\/\/app\.example\.com\/confirm#token=[\w-]{43}$/) as string });
    expect(kit.table.rows.size).toBe(0);
    expect(await opens(kit, email, goodPassword)).toBe(false);
    expect(await confirm(kit, { token: tokenIn(mail) })).toMatchObject({ outcome: 'confirmed', accountId: 'user-1', reply: { status: 200 } });
    expect(kit.table.rows.get('user-1')).toMatchObject({ email, profile: { name: 'Newt' } });
    expect(await opens(kit, email, goodPassword)).toBe(true);
  });

  it('can be confirmed with the code, typed as people type', async () => {
    const kit = makeKit();
    await signUp(kit);
    const { code } = await mailed(kit);
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(await confirm(kit, { identifier: 'NEW@example.com', code: ` ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}` })).toMatchObject({ outcome: 'confirmed' });
  });

  // checklist 19; ASVS 6.3.8
  it.each(['json', 'html'] as const)('answers alike, in %s and in time, whether or not the address has an account', async (accepts) => {
    const kit = makeKit();
    await kit.plant({ email: 'taken@example.com', password: otherPassword });
    await kit.plant({ email: 'disabled@example.com', password: otherPassword, active: false });
    const fresh = await signUp(kit, { accepts });
    const work = [...kit.derivations];
    for (const identifier of ['taken@example.com', 'disabled@example.com']) {
      kit.derivations.length = 0;
      expect(await signUp(kit, { identifier, accepts })).toEqual(fresh);
      expect(kit.derivations).toEqual(work);
    }
    expect(fresh.tookMs).toBe(250);
  });

  it('does not look at the user table before the answer is out', async () => {
    const kit = makeKit();
    const callsAtAnswer = kit.portcullis.signUp.request({ identifier: email, password: goodPassword, facts }).then(() => [...kit.table.calls]);
    expect(await kit.value(callsAtAnswer)).toEqual([]);
  });

  it('tells the owner of an existing account by mail, and leaves the account as it is', async () => {
    const kit = makeKit();
    await kit.plant({ email, password: otherPassword });
    await signUp(kit);
    await kit.settle();
    expect(kit.mails).toEqual([{ kind: 'sign-up-existing-account', to: email, signInLink: 'https://app.example.com/login', forgotLink: 'https://app.example.com/forgot' }]);
    expect(await opens(kit, email, goodPassword)).toBe(false);
    expect(await opens(kit, email, otherPassword)).toBe(true);
  });

  it('names every reason against a password at once, whoever owns the address', async () => {
    const kit = makeKit();
    await kit.plant({ email: 'taken@example.com', password: otherPassword });
    kit.leaks.set('new2026', { verdict: 'breached', count: 3 });
    const fresh = await signUp(kit, { password: 'new2026' });
    expect(fresh.value.reply.status).toBe(422);
    const { reasons } = JSON.parse(fresh.value.reply.body) as { readonly reasons: readonly { readonly code: string; readonly message: string }[] };
    expect(reasons.map(({ code }) => code)).toEqual(expect.arrayContaining(['too-short', 'context', 'breached', 'guidance']));
    const other = makeKit();
    await other.plant({ email, password: otherPassword });
    other.leaks.set('new2026', { verdict: 'breached', count: 3 });
    expect(await signUp(other, { password: 'new2026' })).toEqual(fresh);
  });

  it.each([
    ['an object', { $ne: '' }],
    ['a text without an @', 'somebody'],
    ['two addresses', 'a@example.com,b@example.com'],
    ['a header', 'a@example.com\r\nBcc: b@example.com'],
    ['a line end that is no white space', 'a@example.com\u0085Bcc'],
    ['a sign that turns the text around', 'a\u202emoc.elpmaxe@example.com'],
    ['ten million characters', `${'a'.repeat(10_000_000)}@example.com`],
  ])('refuses %s as an address', async (_what, identifier) => {
    const kit = makeKit();
    expect((await signUp(kit, { identifier })).value.reply).toMatchObject({ status: 422 });
    await kit.settle();
    expect(kit.mails).toEqual([]);
  });

  it('refuses a profile that is too long or cannot be stored', async () => {
    const kit = makeKit();
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    for (const profile of [cyclic, { name: 'x'.repeat(5_000) }, { big: 1n }, null as never, ['x'] as never]) expect((await signUp(kit, { profile })).value.reply.status).toBe(422);
  });

  it('counts a password that is refused for the client, and not for the mailbox', async () => {
    const kit = makeKit();
    for (let turn = 0; turn < 6; turn += 1) expect((await signUp(kit, { password: `short ${turn}` })).value.reply.status).toBe(422);
    expect((await signUp(kit)).value.reply.status).toBe(202);
    for (let turn = 0; turn < 3; turn += 1) expect((await signUp(kit, { password: `short ${turn}` })).value.reply.status).toBe(422);
    expect((await signUp(kit, { identifier: 'other@example.com' })).value.reply.status).toBe(429);
  });

  it('is limited by address of the mailbox and of the client', async () => {
    const kit = makeKit();
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await signUp(kit)).value.reply.status);
    for (let turn = 0; turn < 7; turn += 1) statuses.push((await signUp(kit, { identifier: `other${turn}@example.com` })).value.reply.status);
    expect(statuses).toEqual([202, 202, 202, 429, 202, 202, 202, 202, 202, 202, 202]);
    expect((await signUp(kit, { identifier: 'last@example.com' })).value.reply).toMatchObject({ status: 429, headers: { 'Retry-After': '900' } });
  });
});

describe('a pending sign-up owns nothing', () => {
  it('a later one inherits neither password nor account from an earlier one', async () => {
    const kit = makeKit();
    await signUp(kit, { password: 'the password of a thief' });
    const thiefs = await mailed(kit);
    await signUp(kit, { password: goodPassword });
    const owners = await mailed(kit);
    expect(await confirm(kit, { token: tokenIn(owners) })).toMatchObject({ outcome: 'confirmed' });
    expect(await opens(kit, email, goodPassword)).toBe(true);
    expect(await opens(kit, email, 'the password of a thief')).toBe(false);
    expect(await confirm(kit, { token: tokenIn(thiefs) })).toMatchObject({ reply: { status: 400 } });
    expect(await opens(kit, email, goodPassword)).toBe(true);
  });

  it('the code of an earlier mail is worth nothing once there is a later one', async () => {
    const kit = makeKit();
    await signUp(kit, { password: 'the password of a thief' });
    const { code } = await mailed(kit);
    await signUp(kit);
    await kit.settle();
    expect(await confirm(kit, { identifier: email, code })).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('lies in the store without its address, password or token', async () => {
    const kit = makeKit();
    const written: string[] = [];
    const watched = makeKit({ records: { ...kit.store, compareAndSet: (change) => (written.push(change.key, change.value ?? ''), kit.store.compareAndSet(change)) } });
    await signUp(watched, { profile: { name: 'Newt Scamander' } });
    const mail = await mailed(watched);
    expect(written.length).toBeGreaterThan(0);
    for (const secret of [email, 'Newt', goodPassword, tokenIn(mail), mail.code, 'argon2id']) expect(written.join('\n')).not.toContain(secret);
  });
});

describe('confirming', () => {
  // checklist 7; ASVS 6.5.1
  it('happens once, even when fifty requests bring the token at the same moment', async () => {
    const kit = makeKit({ limits: { code: { address: { limit: 1_000, windowMs: 60_000 } } } });
    await signUp(kit);
    const token = tokenIn(await mailed(kit));
    const all = await kit.value(Promise.all(Array.from({ length: 50 }, () => kit.portcullis.signUp.confirm({ token, facts }))));
    expect(all.filter(({ outcome }) => outcome === 'confirmed')).toHaveLength(1);
    expect(kit.table.calls.filter((call) => call === 'create')).toHaveLength(1);
  });

  it('is over after a day', async () => {
    const kit = makeKit();
    await signUp(kit);
    const mail = await mailed(kit);
    expect(mail.expiresAtMs - kit.clock.nowMs()).toBeGreaterThan(86_000_000);
    await kit.clock.advance(24 * 3_600_000);
    expect(await confirm(kit, { token: tokenIn(mail) })).toMatchObject({ reply: { status: 400 } });
  });

  it('looks at ten guesses of a code, also when a thousand come at once; the link goes on working', async () => {
    const wide = { limit: 10_000, windowMs: 60_000 };
    const kit = makeKit({ limits: { code: { address: wide, account: wide } } });
    await signUp(kit);
    const mail = await mailed(kit);
    await kit.value(Promise.all(Array.from({ length: 1_000 }, () => kit.portcullis.signUp.confirm({ identifier: email, code: 'ZZZZ-ZZZZ', facts }))));
    for (let turn = 0; turn < 10; turn += 1) await confirm(kit, { identifier: email, code: 'ZZZZ-ZZZZ' });
    expect(await confirm(kit, { identifier: email, code: mail.code })).toMatchObject({ outcome: 'answered' });
    expect(kit.events.filter((event) => event.type === 'sign-up.failed').at(-1)).toMatchObject({ reason: 'too-many-tries' });
    expect(await confirm(kit, { token: tokenIn(mail) })).toMatchObject({ outcome: 'confirmed' });
  });

  it.each([
    ['an object', { token: { $ne: null } }],
    ['ten million characters', { token: 'a'.repeat(10_000_000) }],
    ['a token with NUL', { token: 'abc\0' }],
    ['an array of codes', { identifier: email, code: ['AAAA-AAAA'] }],
    ['nothing', {}],
    ['a key of the prototype', { token: '__proto__' }],
    ['a reset token in its place', { token: 'AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ])('answers %s as any wrong token', async (_what, proof) => {
    const kit = makeKit();
    const wrong = await confirm(kit, { token: 'A'.repeat(43) });
    expect(wrong).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(await confirm(kit, proof)).toEqual(wrong);
  });

  it('can be tried again when the user table was down', async () => {
    const kit = makeKit();
    await signUp(kit);
    const token = tokenIn(await mailed(kit));
    kit.table.trouble = { verb: 'create', kind: 'fail' };
    expect(await confirm(kit, { token })).toMatchObject({ reply: { status: 503 } });
    kit.table.trouble = undefined;
    expect(await confirm(kit, { token })).toMatchObject({ outcome: 'confirmed' });
  });

  it('marks the account when nobody could say whether its password has leaked', async () => {
    const kit = makeKit();
    kit.leaks.set(goodPassword, { verdict: 'unknown', reason: 'timeout' });
    await signUp(kit);
    await confirm(kit, { token: tokenIn(await mailed(kit)) });
    await kit.settle();
    expect(kit.table.rows.get('user-1')?.needsBreachRecheck).toBe(true);
  });
});

describe('asking for the confirmation again', () => {
  function resend(kit: Kit, identifier: unknown) {
    return kit.run(kit.portcullis.signUp.resend({ identifier, facts }));
  }

  it('answers alike for an open sign-up, an account, nobody, and what is no address', async () => {
    const kit = makeKit();
    await signUp(kit);
    await kit.plant({ email: 'taken@example.com', password: otherPassword });
    const answers = await Promise.all([resend(kit, email), resend(kit, 'taken@example.com'), resend(kit, 'nobody@example.com'), resend(kit, ['x'])]);
    for (const { value, tookMs } of answers) expect([value, tookMs]).toEqual([answers[0].value, 250]);
    await kit.settle();
    expect(kit.mails.map(({ kind, to }) => [kind, to]).toSorted()).toEqual([
      ['confirm-sign-up', email],
      ['confirm-sign-up', email],
      ['sign-up-existing-account', 'taken@example.com'],
    ]);
  });

  it('mails a new link to the one open sign-up', async () => {
    const kit = makeKit();
    await signUp(kit);
    await kit.settle();
    await resend(kit, email);
    expect(await confirm(kit, { token: tokenIn(await mailed(kit)) })).toMatchObject({ outcome: 'confirmed' });
    expect(await opens(kit, email, goodPassword)).toBe(true);
  });

  it('asks to start again where there were several sign-ups, so that nobody confirms a stranger\'s password', async () => {
    const kit = makeKit();
    await signUp(kit, { password: 'the password of a thief' });
    await signUp(kit);
    await kit.settle();
    await resend(kit, email);
    await kit.settle();
    expect(kit.mails.at(-1)).toEqual({ kind: 'sign-up-start-again', to: email, signUpLink: 'https://app.example.com/signup' });
  });
});

describe('the mailer', () => {
  it('can throw, reject or hang without anybody noticing but the operator', async () => {
    const good = makeKit();
    const fine = await signUp(good);
    for (const send of [() => { throw new Error('smtp for new@example.com'); }, () => Promise.reject(new Error('down')), () => new Promise<void>(() => undefined)]) {
      const kit = makeKit({ mailer: { send } });
      expect(await signUp(kit)).toEqual(fine);
      await kit.clock.advance(120_000);
      await kit.settle();
      expect(JSON.stringify(kit.events)).not.toContain(email);
    }
    const kit = makeKit({ mailer: { send: () => Promise.reject(new Error('down')) } });
    await signUp(kit);
    await kit.settle();
    expect(kit.events.at(-1)).toEqual({ type: 'deferred.failed', job: 'sign-up-mail', error: 'Error' });
  });
});
