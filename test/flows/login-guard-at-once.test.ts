import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person } from '../support/person.ts';

const wide = { limit: 100_000, windowMs: 60_000 };
const unlimited = { signIn: { address: wide, account: wide, noAddress: wide } };
const hasher = { gate: { maxWaiting: 10_000, maxWaitMs: 60_000 } };
const bad = '198.51.100.7';

/** So many different wrong passwords at one account from one network, all at once. Answers why they failed, and how often. */
async function flood(kit: Kit, identifier: string, times: number): Promise<Readonly<Record<string, number>>> {
  await kit.value(Promise.all(Array.from({ length: times }, (_, each) => kit.portcullis.signIn.attempt({ identifier, password: `${otherPassword} ${each}`, facts: openBrowser(bad).facts() }))));
  const why: Record<string, number> = {};
  for (const event of kit.events) if (event.type === 'sign-in.failed') why[event.reason] = (why[event.reason] ?? 0) + 1;
  return why;
}

// OWASP OAT-007, ASVS 5.0 15.4.2
describe('a thousand sign-ins at one account at the same moment', () => {
  it('have five passwords looked at, by the limit of the account', async () => {
    const kit = makeKit({ hasher });
    const ada = await person(kit);
    expect(await flood(kit, ada.email, 1_000)).toEqual({ 'wrong-password': 5 });
  });

  it('have forty looked at where no limit stands before the guard, and the right one after them is as wrong as they are', async () => {
    const kit = makeKit({ limits: unlimited, hasher });
    const ada = await person(kit);
    const home = ada.browser;
    await ada.signIn();
    expect(await flood(kit, ada.email, 1_000)).toEqual({ 'wrong-password': 40, 'refused-network': 960 });
    ada.browser = openBrowser(bad);
    expect(await ada.signIn(goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.findLast(({ type }) => type === 'sign-in.failed')).toMatchObject({ reason: 'refused-network' });
    await kit.settle();
    expect(kit.mails).toEqual([]);
    // Its owner comes in by the browser that the account knows.
    ada.browser = home;
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  });
});
