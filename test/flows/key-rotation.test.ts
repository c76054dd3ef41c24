import { describe, expect, it } from 'vitest';
import { createKeyRing } from 'portcullis';
import { facts, goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';

const email = 'ada@example.com';
const newPassword = 'lanterns along a frozen canal';
const key = (id: string, seed: number) => ({ id, secret: Uint8Array.from({ length: 32 }, (_, at) => at * seed + 1) });
const [old, young] = [key('old', 7), key('young', 11)];

/** The same app after a restart: its records and its users are there, and perhaps its keys are others. */
function restarted(kit: Kit, keys: readonly ReturnType<typeof key>[]): Kit {
  const { clock, events, mails } = kit;
  const next = makeKit({
    keys: createKeyRing({ keys }),
    accounts: kit.table,
    records: kit.store,
    clock,
    onEvent: (event) => events.push(event),
    mailer: { send: async (mail) => void mails.push(mail) },
  });
  return {
    ...next,
    clock,
    events,
    mails,
    table: kit.table,
    store: kit.store,
    run: (work) => kit.run(work),
    value: (work) => kit.value(work),
    settle: async () => {
      await kit.run(next.portcullis.uniform.drain(20_000));
    },
  };
}

async function forgot(kit: Kit): Promise<{ readonly token: string; readonly code: string }> {
  await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts }));
  await kit.settle();
  const mail = kit.mails.findLast(({ kind }) => kind === 'reset-password');
  if (mail?.kind !== 'reset-password') throw new Error('no link was mailed');
  return { token: mail.link.split('#token=')[1] ?? '', code: mail.code };
}

async function signUp(kit: Kit, password = goodPassword): Promise<{ readonly token: string; readonly code: string }> {
  await kit.value(kit.portcullis.signUp.request({ identifier: email, password, facts }));
  await kit.settle();
  const mail = kit.mails.at(-1);
  if (mail?.kind !== 'confirm-sign-up') throw new Error('no confirmation was mailed');
  return { token: mail.link.split('#token=')[1] ?? '', code: mail.code };
}

function redeem(kit: Kit, proof: { readonly token?: string; readonly identifier?: string; readonly code?: string }) {
  return kit.value(kit.portcullis.passwordReset.redeem({ ...proof, password: newPassword, facts }));
}

function confirm(kit: Kit, proof: { readonly token?: string; readonly identifier?: string; readonly code?: string }) {
  return kit.value(kit.portcullis.signUp.confirm({ ...proof, facts }));
}

// checklist 45; ASVS 11.2.2
describe('what was mailed before a new key came', () => {
  it.each(['token', 'code'] as const)('still resets the password, by its %s, while the old key is on the ring', async (by) => {
    const before = restarted(makeKit(), [old]);
    await before.table.create({ email, passwordHash: await before.value(before.portcullis.hasher.hash(goodPassword)), profile: {} });
    const { token, code } = await forgot(before);
    const after = restarted(before, [young, old]);
    expect(await redeem(after, by === 'token' ? { token } : { identifier: email, code })).toMatchObject({ outcome: 'reset' });
  });

  it.each(['token', 'code'] as const)('still confirms a sign-up, by its %s, while the old key is on the ring', async (by) => {
    const before = restarted(makeKit(), [old]);
    const { token, code } = await signUp(before);
    const after = restarted(before, [young, old]);
    expect(await confirm(after, by === 'token' ? { token } : { identifier: email, code })).toMatchObject({ outcome: 'confirmed' });
  });

  it('opens nothing once the old key has left the ring', async () => {
    const before = restarted(makeKit(), [old]);
    const pending = await signUp(before);
    const after = restarted(before, [young]);
    expect(await confirm(after, { token: pending.token })).toMatchObject({ reply: { status: 400 } });
    expect(await confirm(after, { identifier: email, code: pending.code })).toMatchObject({ reply: { status: 400 } });
  });

  // checklist 58
  it('ends with a newer link, as ever', async () => {
    const before = restarted(makeKit(), [old]);
    await before.table.create({ email, passwordHash: await before.value(before.portcullis.hasher.hash(goodPassword)), profile: {} });
    const first = await forgot(before);
    const after = restarted(before, [young, old]);
    const second = await forgot(after);
    expect(await redeem(after, { token: first.token })).toMatchObject({ reply: { status: 400 } });
    expect(await redeem(after, { identifier: email, code: first.code })).toMatchObject({ reply: { status: 400 } });
    expect(await redeem(after, { token: second.token })).toMatchObject({ outcome: 'reset' });
  });

  it('ends as a sign-up\'s code with a later sign-up, and both count as several', async () => {
    const before = restarted(makeKit(), [old]);
    const first = await signUp(before);
    const after = restarted(before, [young, old]);
    await signUp(after, otherPassword);
    expect(await confirm(after, { identifier: email, code: first.code })).toMatchObject({ reply: { status: 400 } });
    await after.value(after.portcullis.signUp.resend({ identifier: email, facts }));
    await after.settle();
    expect(after.mails.at(-1)).toMatchObject({ kind: 'sign-up-start-again' });
  });
});
