import { describe, expect, it } from 'vitest';
import type { Mail } from 'portcullis';
import { facts, fullSession, goodPassword, type Kit, makeKit, otherPassword } from '../support/kit.ts';

const email = 'ada@example.com';
const newPassword = 'lanterns along a frozen canal';

async function peopledKit(options: Parameters<typeof makeKit>[0] = {}): Promise<Kit> {
  const kit = makeKit(options);
  await kit.plant({ email, password: goodPassword });
  await kit.plant({ email: 'disabled@example.com', password: goodPassword, active: false });
  return kit;
}

function forgot(kit: Kit, identifier: unknown = email, accepts: 'html' | 'json' = 'json') {
  return kit.run(kit.portcullis.passwordReset.request({ identifier, facts: { ...facts, accepts } }));
}

async function mailed(kit: Kit): Promise<Extract<Mail, { kind: 'reset-password' }>> {
  await kit.settle();
  const mail = kit.mails.filter((sent) => sent.kind === 'reset-password').at(-1);
  if (mail?.kind !== 'reset-password') throw new Error('no link was mailed');
  return mail;
}

async function tokenFor(kit: Kit): Promise<string> {
  await forgot(kit);
  return new URLSearchParams(new URL((await mailed(kit)).link).hash.slice(1)).get('token') ?? '';
}

function redeem(kit: Kit, proof: { readonly token?: unknown; readonly identifier?: unknown; readonly code?: unknown }, password: unknown = newPassword) {
  return kit.run(kit.portcullis.passwordReset.redeem({ ...proof, password, facts }));
}

async function opens(kit: Kit, password: string): Promise<boolean> {
  return (await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password, facts }))).outcome === 'signed-in';
}

describe('forgetting the password', () => {
  // checklist 18; ASVS 6.3.8
  it.each(['json', 'html'] as const)('is answered alike, in %s and in time, for accounts, nobody, and what is no address', async (accepts) => {
    const kit = await peopledKit();
    const known = await forgot(kit, email, accepts);
    expect(known).toMatchObject({ value: { reply: { status: 202 } }, tookMs: 250 });
    for (const other of ['nobody@example.com', 'disabled@example.com', { $ne: '' }, '']) expect(await forgot(kit, other, accepts)).toEqual(known);
    await kit.settle();
    expect(kit.mails.map(({ to }) => to)).toEqual([email]);
  });

  it('is limited alike for accounts and for nobody, and locks nothing', async () => {
    for (const identifier of [email, 'nobody@example.com']) {
      const kit = await peopledKit();
      const statuses: number[] = [];
      for (let turn = 0; turn < 4; turn += 1) statuses.push((await forgot(kit, identifier)).value.reply.status);
      expect(statuses).toEqual([202, 202, 202, 429]);
      expect(await opens(kit, goodPassword)).toBe(true);
    }
  });

  it('does not look at the user table before the answer is out, and changes nothing until the link is used', async () => {
    const kit = await peopledKit();
    expect(await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts }).then(() => [...kit.table.calls]))).toEqual([]);
    await kit.settle();
    expect(await opens(kit, goodPassword)).toBe(true);
  });

  it('mails a link to the configured address with the secret in the fragment, and a code', async () => {
    const kit = await peopledKit();
    await forgot(kit);
    const mail = await mailed(kit);
    expect(mail.link).toMatch(/^https:\/\/app\.example\.com\/reset#token=[\w-]{22}\.[\w-]{43}$/);
    expect(mail).toMatchObject({ to: email, because: 'requested', expiresAtMs: expect.any(Number) as number });
  });
});

describe('choosing a new password', () => {
  it('replaces the old one, names all sessions for revocation, signs nobody in, and tells the owner', async () => {
    const kit = await peopledKit();
    const { value } = await redeem(kit, { token: await tokenFor(kit) });
    expect(value).toMatchObject({ outcome: 'reset', accountId: 'user-1', revoke: 'all-sessions', reply: { status: 200 } });
    expect(JSON.stringify(value)).not.toContain('signed-in');
    expect([await opens(kit, goodPassword), await opens(kit, newPassword)]).toEqual([false, true]);
    await kit.settle();
    expect(kit.mails.at(-1)).toEqual({ kind: 'password-changed', to: email, how: 'reset', forgotLink: 'https://app.example.com/forgot' });
  });

  it('works with the code from the mail', async () => {
    const kit = await peopledKit();
    await forgot(kit);
    const { code } = await mailed(kit);
    expect((await redeem(kit, { identifier: email, code })).value).toMatchObject({ outcome: 'reset' });
  });

  // checklist 7, 58; ASVS 6.5.1
  it('works once, even when fifty requests bring the token at the same moment', async () => {
    const kit = await peopledKit({ limits: { code: { address: { limit: 1_000, windowMs: 60_000 } } } });
    const token = await tokenFor(kit);
    const all = await kit.value(Promise.all(Array.from({ length: 50 }, (_, turn) => kit.portcullis.passwordReset.redeem({ token, password: `${newPassword} ${turn}`, facts }))));
    expect(all.filter(({ outcome }) => outcome === 'reset')).toHaveLength(1);
    expect(kit.table.calls.filter((call) => call === 'replacePasswordHash')).toHaveLength(1);
    expect((await redeem(kit, { token })).value).toMatchObject({ reply: { status: 400 } });
  });

  it.each([
    ['after 30 minutes', async (kit: Kit) => kit.clock.advance(30 * 60_000)],
    ['when a newer link has been mailed a minute later', async (kit: Kit) => { await kit.clock.advance(60_000); await tokenFor(kit); }],
    ['when the password has changed', async (kit: Kit) => { await kit.value(kit.portcullis.passwordChange.change({ session: fullSession('user-1', kit.clock.nowMs(), 'password'), currentPassword: goodPassword, newPassword: otherPassword, facts })); }],
    ['when the account has been disabled', async (kit: Kit) => kit.table.rows.set('user-1', { ...rowOf(kit), active: false })],
    ['when the account is gone', async (kit: Kit) => kit.table.rows.delete('user-1')],
  ])('does not work %s', async (_when, happen) => {
    const kit = await peopledKit();
    const wrong = await redeem(kit, { token: `${'A'.repeat(22)}.${'A'.repeat(43)}` });
    const token = await tokenFor(kit);
    await happen(kit);
    expect(await redeem(kit, { token })).toEqual(wrong);
    expect(wrong.value).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('refuses a bad password with all reasons, and the link goes on working', async () => {
    const kit = await peopledKit();
    const token = await tokenFor(kit);
    kit.leaks.set('ada2026', { verdict: 'breached', count: 7 });
    const { value } = await redeem(kit, { token }, 'ada2026');
    expect(value).toMatchObject({ reply: { status: 422 } });
    if (value.outcome === 'answered') expect(value.reply.body).toContain('"breached"');
    expect((await redeem(kit, { token })).value.outcome).toBe('reset');
  });

  it('looks at ten guesses of a code, also when a thousand come at once; the link goes on working', async () => {
    const wide = { limit: 10_000, windowMs: 60_000 };
    const kit = await peopledKit({ limits: { code: { address: wide, account: wide } } });
    const token = await tokenFor(kit);
    const { code } = await mailed(kit);
    await kit.value(Promise.all(Array.from({ length: 1_000 }, () => kit.portcullis.passwordReset.redeem({ identifier: email, code: 'ZZZZ-ZZZZ', password: newPassword, facts }))));
    for (let turn = 0; turn < 10; turn += 1) await redeem(kit, { identifier: email, code: 'ZZZZ-ZZZZ' });
    expect((await redeem(kit, { identifier: email, code })).value.outcome).toBe('answered');
    expect((await redeem(kit, { token })).value.outcome).toBe('reset');
  });

  it('answers a code for nobody as a wrong code for somebody, in the same time', async () => {
    const kit = await peopledKit();
    await forgot(kit);
    await kit.settle();
    const known = await redeem(kit, { identifier: email, code: 'ZZZZ-ZZZZ' });
    expect(await redeem(kit, { identifier: 'nobody@example.com', code: 'ZZZZ-ZZZZ' })).toEqual(known);
    expect(known).toMatchObject({ value: { reply: { status: 400 } }, tookMs: 250 });
  });

  // ASVS 6.3.8, 16.5.2
  it('answers so too where the records are slow or cannot be written, and asks them as often', async () => {
    for (const exhausted of [false, true]) {
      const state = { readOnly: false };
      const calls: string[] = [];
      const plain = makeKit();
      const kit = await peopledKit({
        limits: { code: { account: { limit: 1_000, windowMs: 60_000 }, address: { limit: 1_000, windowMs: 60_000 } } },
        records: {
          ...plain.store,
          read: (key) => (calls.push('read'), plain.store.read(key)),
          compareAndSet: async (change) => {
            calls.push('write');
            if (state.readOnly) throw new Error('read-only');
            return plain.store.compareAndSet(change);
          },
        },
      });
      await forgot(kit);
      await kit.settle();
      for (let turn = 0; exhausted && turn < 10; turn += 1) await redeem(kit, { identifier: email, code: 'ZZZZ-ZZZZ' });
      for (state.readOnly of [false, true]) {
        calls.length = 0;
        const known = [await redeem(kit, { identifier: email, code: 'ZZZZ-ZZZZ' }), ...calls.splice(0)];
        expect([await redeem(kit, { identifier: 'nobody@example.com', code: 'ZZZZ-ZZZZ' }), ...calls]).toEqual(known);
      }
    }
  });

  it.each([
    ['an object', { token: { $ne: null } }],
    ['a token of another kind', { token: 'A'.repeat(43) }],
    ['a key of the prototype', { token: '__proto__.constructor' }],
    ['ten million characters', { token: 'a'.repeat(10_000_000) }],
    ['nothing', {}],
  ])('answers %s as any wrong token', async (_what, proof) => {
    const kit = await peopledKit();
    expect((await redeem(kit, proof)).value).toMatchObject({ reply: { status: 400 } });
  });

  it('stores the token as a digest only', async () => {
    const written: string[] = [];
    const plain = makeKit();
    const kit = await peopledKit({ records: { ...plain.store, compareAndSet: (change) => (written.push(change.key, change.value ?? ''), plain.store.compareAndSet(change)) } });
    const token = await tokenFor(kit);
    const [, secret = 'missing'] = token.split('.');
    const { code } = await mailed(kit);
    expect(written.join('\n')).toContain('user-1');
    for (const text of [secret, code, code.replace('-', ''), email]) expect(written.join('\n')).not.toContain(text);
  });

  // checklist 13; ASVS 2.3.3
  it('never leaves a new password beside a token that still works', async () => {
    for (const verb of ['findById', 'replacePasswordHash', 'setBreachRecheck'] as const) {
      for (const kind of ['fail', 'hang'] as const) {
        const kit = await peopledKit();
        kit.leaks.set(newPassword, { verdict: 'unknown', reason: 'timeout' });
        const token = await tokenFor(kit);
        const before = rowOf(kit).passwordHash;
        kit.table.trouble = { verb, kind };
        const { value } = await redeem(kit, { token });
        kit.table.trouble = undefined;
        const changed = rowOf(kit).passwordHash !== before;
        expect([verb, kind, changed, value.outcome]).toEqual([verb, kind, verb === 'setBreachRecheck', changed ? 'reset' : 'answered']);
        expect((await redeem(kit, { token }, otherPassword)).value.outcome).toBe(changed ? 'answered' : 'reset');
      }
    }
  });
});

function rowOf(kit: Kit) {
  const row = kit.table.rows.get('user-1');
  if (row === undefined) throw new Error('no such user');
  return row;
}
