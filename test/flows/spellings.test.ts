import { describe, expect, it } from 'vitest';
import { answerShape } from '../support/cookies.ts';
import { facts, goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';

const email = 'ada@example.com';
const spellings = ['áda', 'àda', 'âda', 'ãda', 'äda', 'åda', 'ąda', 'adá', 'adà', 'adâ'].map((name) => `${name}@example.com`);

/** A table whose collation ignores accents, as that of many databases does unless told otherwise. */
async function kitWithLooseTable(): Promise<Kit> {
  const planted = makeKit();
  await planted.plant({ email, password: goodPassword });
  const { table } = planted;
  const kit = makeKit({ accounts: { ...table, findByIdentifier: (name) => table.findByIdentifier(name.normalize('NFD').replaceAll(/\p{M}/gu, '')) } });
  return { ...kit, table };
}

function attempt(kit: Kit, identifier: string, password: string, address: string) {
  return kit.run(kit.portcullis.signIn.attempt({ identifier, password, facts: { ...facts, address } }));
}

// checklist 25; ASVS 6.3.1
describe('a table that finds one account under several spellings', () => {
  it('gives nobody five guesses for each of them: the sixth is not compared, and is answered as for nobody', async () => {
    const kit = await kitWithLooseTable();
    for (const [turn, spelling] of spellings.slice(0, 5).entries()) await attempt(kit, spelling, 'wrong', `198.51.100.${turn}`);
    const sixth = await attempt(kit, spellings[5] ?? '', goodPassword, '198.51.100.99');
    const nobody = await attempt(kit, 'nobody@example.com', goodPassword, '198.51.100.98');
    expect({ ...sixth, value: answerShape(sixth.value) }).toEqual({ ...nobody, value: answerShape(nobody.value) });
    expect(kit.derivations).toHaveLength(7);
    expect(kit.events).toContainEqual(expect.objectContaining({ type: 'limiter.refused', limiter: 'sign-in', accountId: 'user-1' }));
  });

  it('counts no right passwords, whatever the spelling', async () => {
    const kit = await kitWithLooseTable();
    for (const spelling of [...spellings, ...spellings]) expect((await attempt(kit, spelling, goodPassword, '198.51.100.1')).value.outcome).toBe('signed-in');
  });

  it('fills nobody\'s mailbox by them', async () => {
    const kit = await kitWithLooseTable();
    for (const [turn, identifier] of spellings.entries()) {
      const from = { ...facts, address: `198.51.100.${turn}` };
      expect((await kit.value(kit.portcullis.passwordReset.request({ identifier, facts: from }))).reply.status).toBe(202);
      expect((await kit.value(kit.portcullis.signUp.request({ identifier, password: otherPassword, facts: from }))).reply.status).toBe(202);
      await kit.settle();
    }
    expect(kit.mails.filter(({ kind }) => kind === 'reset-password')).toHaveLength(3);
    expect(kit.mails.filter(({ kind }) => kind === 'sign-up-existing-account')).toHaveLength(3);
  });

  it('lets nobody stop an account by a name that is made like its key', async () => {
    const kit = await kitWithLooseTable();
    for (let turn = 0; turn < 6; turn += 1) await attempt(kit, 'user-1', 'wrong', `198.51.100.${turn}`);
    expect((await attempt(kit, email, goodPassword, '198.51.100.99')).value.outcome).toBe('signed-in');
  });
});
