import { describe, expect, it } from 'vitest';
import { makeKit, type Kit } from '../support/kit.ts';
import { person, type Person } from '../support/person.ts';

const minute = 60_000;
/** Each change is told at the address: so many in a row, and then one each six minutes. */
const most = 10;

async function enrolled(kit: Kit): Promise<Person> {
  const ada = await person(kit);
  await ada.enrollWholly();
  await kit.settle();
  kit.mails.length = 0;
  return ada;
}

type Outcome = Awaited<ReturnType<Kit['portcullis']['factors']['reissueCodes']>> | Awaited<ReturnType<Kit['portcullis']['factors']['suspend']>>;

interface Doings {
  readonly codes: () => Promise<Outcome>;
  readonly setState: (verb: 'suspend' | 'restore') => Promise<Outcome>;
}

async function doingsOf(kit: Kit, ada: Person): Promise<Doings> {
  const { factors } = kit.portcullis;
  const seen = await kit.value(factors.list({ session: ada.session, facts: ada.browser.facts() }));
  const factorId = seen.outcome === 'overview' ? seen.totp[0]?.id : undefined;
  /** The session is kept as a flow hands it back. */
  async function kept<R extends Outcome>(work: Promise<R>): Promise<R> {
    const result = await kit.value(work);
    if ('session' in result) ada.session = result.session;
    return result;
  }
  return {
    codes: () => kept(factors.reissueCodes({ session: ada.session, facts: ada.browser.facts() })),
    setState: (verb) => kept(factors[verb]({ session: ada.session, factorId, facts: ada.browser.facts() })),
  };
}

async function told(kit: Kit): Promise<number> {
  await kit.settle();
  return kit.mails.filter(({ kind }) => kind === 'second-factor-changed').length;
}

const tooMany = { outcome: 'answered', reply: { status: 429, headers: { 'Retry-After': '900' } } };

// SP 800-63B-4 section 4.6: each change is told. So there are few of them, or whoever sits in a session fills the owner's mailbox.
describe('changes of the factors of one account', () => {
  it('are ten in a row, each told, and then one each six minutes', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const { codes } = await doingsOf(kit, ada);
    for (let turn = 0; turn < most; turn += 1) expect(await codes()).toMatchObject({ outcome: 'codes' });
    for (let turn = most; turn < 40; turn += 1) expect(await codes()).toMatchObject({ outcome: 'answered', reply: { status: 429 } });
    expect(await told(kit)).toBe(most);
    await kit.clock.advance(6 * minute);
    expect(await codes()).toMatchObject({ outcome: 'codes' });
    expect(await codes()).toMatchObject({ outcome: 'answered', reply: { status: 429 } });
    expect(await told(kit)).toBe(most + 1);
  });

  it('leave the codes that are there where they are too many', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const { codes } = await doingsOf(kit, ada);
    let last: readonly string[] = [];
    for (let turn = 0; turn < most + 5; turn += 1) {
      const result = await codes();
      if (result.outcome === 'codes') last = result.recoveryCodes;
    }
    await ada.signIn();
    ada.browser.jar.clear();
    await ada.signIn();
    expect(await ada.giveCode(last[0])).toMatchObject({ outcome: 'signed-in' });
  });

  it('share one budget, whatever is changed', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const { codes, setState } = await doingsOf(kit, ada);
    for (let turn = 0; turn < most; turn += 1) expect(await setState(turn % 2 === 0 ? 'suspend' : 'restore')).toMatchObject({ outcome: 'changed' });
    expect([await setState('suspend'), await codes()]).toMatchObject([{ reply: { status: 429 } }, { reply: { status: 429 } }]);
    expect(await told(kit)).toBe(most);
    expect(kit.events.findLast(({ type }) => type === 'limiter.refused')).toMatchObject({ limiter: 'factor-change', rule: 'account', accountId: ada.id });
  });

  it('cost nothing where nothing was changed', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    for (let turn = 0; turn < 2 * most; turn += 1) {
      expect(await kit.value(kit.portcullis.factors.remove({ session: ada.session, factorId: 'none', facts: ada.browser.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 409 } });
    }
    const { codes } = await doingsOf(kit, ada);
    expect(await codes()).toMatchObject({ outcome: 'codes' });
  });

  it('are of that account and of no other', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const { codes } = await doingsOf(kit, ada);
    for (let turn = 0; turn < most + 1; turn += 1) await codes();
    expect(await codes()).toMatchObject(tooMany);
    const bo = await person(kit, 'bo@example.com');
    await bo.enrollWholly();
    expect(await (await doingsOf(kit, bo)).codes()).toMatchObject({ outcome: 'codes' });
  });

  it('are no more where fifty are asked for at once', async () => {
    const kit = makeKit();
    const ada = await enrolled(kit);
    const asked = Array.from({ length: 50 }, () => kit.portcullis.factors.reissueCodes({ session: ada.session, facts: ada.browser.facts() }));
    await kit.value(Promise.all(asked));
    expect(await told(kit)).toBeLessThanOrEqual(most);
  });

  it('have the rate that the app names', async () => {
    const kit = makeKit({ limits: { factorChange: { account: { limit: 1, windowMs: minute } } } });
    const ada = await enrolled(kit);
    const { codes } = await doingsOf(kit, ada);
    expect([await codes(), await codes()]).toMatchObject([{ outcome: 'codes' }, { reply: { status: 429 } }]);
  });
});
