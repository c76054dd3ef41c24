import { expect, it } from 'vitest';
import { facts, goodPassword, makeKit, type Kit } from '../support/kit.ts';

const email = 'ada@example.com';

async function signUp(kit: Kit, password: string): Promise<string> {
  await kit.value(kit.portcullis.signUp.request({ identifier: email, password, facts }));
  await kit.settle();
  const mail = kit.mails.at(-1);
  return mail?.kind === 'confirm-sign-up' ? mail.code : '';
}

// checklist 7; ASVS 6.6.2
it('a right code never confirms the sign-up of somebody who came while it was being looked at', async () => {
  const thief = makeKit();
  const { store } = thief;
  const state: { between: (() => Promise<unknown>) | undefined } = { between: undefined };
  const kit = makeKit({
    // A whole sign-up fits into one call.
    stores: { recordDeadlineMs: 60_000 },
    records: {
      ...store,
      compareAndSet: async (change) => {
        const done = await store.compareAndSet(change);
        const { between } = state;
        state.between = undefined;
        await between?.();
        return done;
      },
    },
  });
  const code = await signUp(kit, goodPassword);
  state.between = () => signUp(thief, 'the password of a thief');
  expect(await kit.value(kit.portcullis.signUp.confirm({ identifier: email, code, facts }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  expect(thief.mails).toHaveLength(1);
  expect(kit.table.rows.size).toBe(0);
});
