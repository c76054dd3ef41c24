import { describe, expect, it } from 'vitest';
import type { RequestFacts, SessionFacts } from 'portcullis';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, type Browser } from '../support/person.ts';

const home = '192.0.2.10';

/** Wrong tries at names that nobody has, until the limit of wherever they come from refuses them. */
async function useUp(kit: Kit, from: RequestFacts, tries: number): Promise<void> {
  const all = Array.from({ length: tries }, (_, each) => kit.portcullis.signIn.attempt({ identifier: `nobody${each}@example.net`, password: 'a wrong one', facts: from }));
  expect((await kit.value(Promise.all(all))).at(-1)).toMatchObject({ reply: { status: 429 } });
}

/** A browser where the proxy tells nobody's address. */
function withoutAddress(browser: Browser): RequestFacts {
  return { ...browser.facts(), address: undefined };
}

// checklist 62; OWASP Device Cookies
describe('a browser that the account knows', () => {
  it('gets in from an address at which others have used up all tries', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    await useUp(kit, openBrowser(home).facts(), 400);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    ada.browser = openBrowser(home);
    expect(await ada.signIn()).toMatchObject({ reply: { status: 429 } });
  });

  it('gets in where no request has an address, and all of them together have used up what they have', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    const flood = useUp(kit, withoutAddress(openBrowser()), 400);
    const [own, fresh] = [ada.browser, openBrowser()].map((browser) => kit.portcullis.signIn.attempt({ identifier: ada.email, password: goodPassword, facts: withoutAddress(browser) }));
    expect(await kit.value(Promise.all([own, fresh, flood]))).toMatchObject([{ outcome: 'signed-in' }, { reply: { status: 429 } }, undefined]);
  });

  it('gives its second factor at an address at which others have used up all tries of codes', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.enrollWholly();
    await kit.clock.advance(30_000);
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    const stranger = openBrowser(home).facts();
    const codes = await kit.value(Promise.all(Array.from({ length: 30 }, () => kit.portcullis.secondFactor.verify({ code: '000000', facts: stranger }))));
    expect(codes.at(-1)).toMatchObject({ reply: { status: 429 } });
    expect(await ada.giveCode()).toMatchObject({ outcome: 'signed-in' });
  });

  it('proves itself anew and changes its password at an address at which others have used up all tries of that', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    const { session } = ada;
    if (session === undefined) throw new Error('expected a session');
    const proof = (owner: SessionFacts, password: string, facts: RequestFacts): Promise<unknown> => kit.value(kit.portcullis.stepUp.verify({ session: owner, password, facts }));
    for (const name of ['mallory', 'mario', 'martha']) {
      const other = await person(kit, `${name}@example.com`);
      await other.signIn();
      for (let each = 0; each < 4; each += 1) await proof(other.session as SessionFacts, 'a wrong one', openBrowser(home).facts());
    }
    expect(await proof(session, goodPassword, openBrowser(home).facts())).toMatchObject({ reply: { status: 429 } });
    expect(await proof(session, goodPassword, ada.browser.facts())).toMatchObject({ outcome: 'stepped-up' });
    expect(await kit.value(kit.portcullis.passwordChange.change({ session, currentPassword: goodPassword, newPassword: otherPassword, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'changed' });
  });

  it('has ten tries an hour of its own, wherever it goes, and is a stranger then', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    const tried = async (each: number): Promise<unknown> => kit.value(kit.portcullis.signIn.attempt({ identifier: ada.email, password: 'a wrong one', facts: { ...ada.browser.facts(), address: `198.51.100.${each}` } }));
    for (let each = 0; each < 15; each += 1) expect(await tried(each)).toMatchObject({ reply: { status: 401 } });
    // Ten of the browser's and five of the name's.
    expect(await tried(15)).toMatchObject({ reply: { status: 429 } });
  });
});

describe('a cookie that is no longer good', () => {
  it('spends what strangers have at that address and that name', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    await kit.value(kit.portcullis.devices.revokeAll(ada.id));
    await useUp(kit, openBrowser(home).facts(), 400);
    expect(await ada.signIn()).toMatchObject({ reply: { status: 429 } });
    const before = kit.derivations.length;
    const elsewhere = { ...ada.browser.facts(), address: '198.51.100.1' };
    const tried = Array.from({ length: 9 }, () => kit.portcullis.signIn.attempt({ identifier: ada.email, password: 'a wrong one', facts: elsewhere }));
    await kit.value(Promise.all(tried));
    expect(kit.derivations.length - before).toBe(5);
  });

  it('gets all of it back for a right password', async () => {
    const kit = makeKit();
    const ada = await person(kit);
    await ada.signIn();
    for (let each = 0; each < 12; each += 1) {
      await kit.value(kit.portcullis.devices.revokeAll(ada.id));
      expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    }
  });
});
