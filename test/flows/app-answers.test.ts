import { describe, expect, it } from 'vitest';
import { answerShape } from '../support/cookies.ts';
import type { Accounts } from 'portcullis';
import { facts, fullSession, goodPassword, type Kit, makeKit, otherPassword } from '../support/kit.ts';

const email = 'ada@example.com';

/** A table written without a type checker: its verbs answer as many libraries for databases do. */
async function kitWith(own: Readonly<Record<string, (...given: never[]) => unknown>>): Promise<Kit> {
  const planted = makeKit();
  await planted.plant({ email, password: goodPassword });
  const { table } = planted;
  const kit = makeKit({ accounts: { ...table, ...own } as unknown as Accounts });
  return { ...kit, table };
}

function attempt(kit: Kit, identifier: string, password: string) {
  return kit.run(kit.portcullis.signIn.attempt({ identifier, password, facts }));
}

describe('a user table that answers as libraries for databases do', () => {
  // ASVS 6.3.8
  it('may say null for nobody: an unknown name is answered as a wrong password, and may sign up', async () => {
    const { table } = await kitWith({});
    const kit = await kitWith({ findByIdentifier: async (name: string) => (await table.findByIdentifier(name)) ?? null });
    const nobody = await attempt(kit, 'nobody@example.com', otherPassword);
    const wrong = await attempt(kit, email, otherPassword);
    expect({ ...nobody, value: answerShape(nobody.value) }).toEqual({ ...wrong, value: answerShape(wrong.value) });
    await kit.value(kit.portcullis.signUp.request({ identifier: 'nobody@example.com', password: goodPassword, facts }));
    await kit.value(kit.portcullis.signUp.resend({ identifier: 'nobody@example.com', facts }));
    await kit.value(kit.portcullis.passwordReset.request({ identifier: 'nobody@example.com', facts }));
    await kit.settle();
    expect(kit.mails.map(({ kind }) => kind)).toEqual(['confirm-sign-up', 'confirm-sign-up']);
    expect(kit.events.filter(({ type }) => type === 'deferred.failed')).toEqual([]);
  });

  it('may say null for a password that is not there, and for an address that is taken', async () => {
    const { table } = await kitWith({});
    const kit = await kitWith({
      findByIdentifier: async (name: string) => ({ ...(await table.findByIdentifier(name)), passwordHash: null }),
      create: () => null,
    });
    expect((await attempt(kit, email, goodPassword)).value).toMatchObject({ reply: { status: 401 } });
    const free = await kitWith({ create: () => null });
    await free.value(free.portcullis.signUp.request({ identifier: 'new@example.com', password: goodPassword, facts }));
    await free.settle();
    const [mail] = free.mails;
    const token = mail?.kind === 'confirm-sign-up' ? mail.link.split('#token=')[1] : undefined;
    expect(await free.value(free.portcullis.signUp.confirm({ token, facts }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('may answer at once, without a promise', async () => {
    const { table } = await kitWith({});
    const [row] = table.rows.values();
    const kit = await kitWith({ findByIdentifier: (name: string) => (name === email ? row : undefined), findById: (id: unknown) => (id === 'user-1' ? row : undefined) });
    expect((await attempt(kit, email, goodPassword)).value).toMatchObject({ outcome: 'signed-in', accountId: 'user-1' });
    expect((await attempt(kit, 'nobody@example.com', goodPassword)).value).toMatchObject({ reply: { status: 401 } });
  });

  it('may count its accounts: an id that is a number is that number as text, for every flow', async () => {
    const { table } = await kitWith({});
    const [row] = table.rows.values();
    const numbered = (found: boolean) => (found && row ? { ...row, id: 7 } : undefined);
    const kit = await kitWith({ findByIdentifier: (name: string) => numbered(name === email), findById: (id: unknown) => numbered(id === '7'), replacePasswordHash: () => true, create: () => 8 });
    expect((await attempt(kit, email, goodPassword)).value).toMatchObject({ outcome: 'signed-in', accountId: '7' });
    expect(await kit.value(kit.portcullis.passwordChange.change({ session: fullSession('7', kit.clock.nowMs(), 'password'), currentPassword: goodPassword, newPassword: otherPassword, facts }))).toMatchObject({ outcome: 'changed' });
    await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts }));
    await kit.value(kit.portcullis.signUp.request({ identifier: 'new@example.com', password: goodPassword, facts }));
    await kit.settle();
    expect(kit.mails.map(({ kind }) => kind)).toEqual(['password-changed', 'reset-password', 'confirm-sign-up']);
    const confirm = kit.mails[2];
    const token = confirm?.kind === 'confirm-sign-up' ? confirm.link.split('#token=')[1] : undefined;
    expect(await kit.value(kit.portcullis.signUp.confirm({ token, facts }))).toMatchObject({ outcome: 'confirmed', accountId: '8' });
  });

  it('must give every account an id: without one, nobody is let in, and the developer is told why', async () => {
    const told: unknown[] = [];
    const { table } = await kitWith({});
    const [row] = table.rows.values();
    for (const id of [undefined, null, '', { hex: '7' }]) {
      const kit = makeKit({ accounts: { ...table, findByIdentifier: async () => ({ ...row, id }) } as unknown as Accounts, reportError: (error) => told.push(error) });
      expect((await attempt(kit, email, goodPassword)).value).toMatchObject({ reply: { status: 503 } });
    }
    expect(told).toEqual(Array(4).fill(expect.objectContaining({ code: 'ERR_STORE', message: 'accounts: expected the id of an account as text or a number' })));
  });

  it('must say whether it has replaced a hash: what is neither true nor false is no yes', async () => {
    const kit = await kitWith({ replacePasswordHash: async () => ({ changes: 0 }) });
    const { value } = await kit.run(kit.portcullis.passwordChange.change({ session: fullSession('user-1', kit.clock.nowMs(), 'password'), currentPassword: goodPassword, newPassword: otherPassword, facts }));
    expect(value).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    expect(kit.events).toContainEqual(expect.objectContaining({ type: 'store.failed', store: 'accounts' }));
  });
});

describe('the hooks of the app', () => {
  it('are told why a mail did not leave', async () => {
    const told: unknown[] = [];
    const kit = makeKit({ mailer: { send: () => Promise.reject(new Error('SMTP is down')) }, reportError: (error) => told.push(error) });
    await kit.plant({ email, password: goodPassword });
    expect(await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts }))).toMatchObject({ reply: { status: 202 } });
    await kit.settle();
    expect(told).toEqual([expect.objectContaining({ message: 'SMTP is down' })]);
    expect(kit.events).toContainEqual(expect.objectContaining({ type: 'deferred.failed' }));
  });

  it('may be asynchronous and fail: no sign-in and no process ends by it', async () => {
    const loose: unknown[] = [];
    const note = (error: unknown) => loose.push(error);
    process.on('unhandledRejection', note);
    try {
      const fails = (): unknown => Promise.reject(new Error('metrics are down'));
      const kit = makeKit({ onEvent: fails, reportError: fails });
      await kit.plant({ email, password: goodPassword });
      expect((await attempt(kit, email, goodPassword)).value.outcome).toBe('signed-in');
      kit.table.trouble = { verb: 'findByIdentifier', kind: 'fail' };
      expect((await attempt(kit, email, goodPassword)).value).toMatchObject({ reply: { status: 503 } });
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(loose).toEqual([]);
  });
});
