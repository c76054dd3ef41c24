import { describe, expect, it } from 'vitest';
import { answerShape } from '../support/cookies.ts';
import { goodPassword, makeKit, otherPassword, overwriteRecord, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Browser, type Person } from '../support/person.ts';

const email = 'ada@example.com';
const day = 24 * 3_600_000;

function attempt(kit: Kit, password: string, browser: Browser = openBrowser(), identifier = email) {
  return kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: browser.facts() }));
}

/** Wrong passwords from strangers, spread so widely that no rate stops them. */
async function guess(kit: Kit, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    await attempt(kit, otherPassword, openBrowser(`198.51.${Math.floor(turn / 250)}.${turn % 250}`));
    await kit.clock.advance(10 * 60_000);
  }
}

async function withKnownBrowser(kit: Kit): Promise<Person> {
  const ada = await person(kit, email);
  expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  return ada;
}

describe('wrong passwords in a row', () => {
  // SP 800-63B-4 section 3.2.2
  it('close the door for strangers after fifty, the right password included, and stay closed for a year', async () => {
    const kit = makeKit();
    await person(kit, email);
    await guess(kit, 49);
    // Long enough for the login guard to have forgotten them.
    await kit.clock.advance(7 * day);
    expect(await attempt(kit, goodPassword)).toMatchObject({ outcome: 'signed-in' });
    await guess(kit, 50);
    expect(kit.events.filter(({ type }) => type === 'password.closed-to-strangers')).toHaveLength(1);
    await kit.clock.advance(365 * day);
    const closed = await attempt(kit, goodPassword);
    expect(closed).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(answerShape(closed)).toEqual(answerShape(await attempt(kit, otherPassword, openBrowser('192.0.2.77'))));
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'reset-password', because: 'too-many-failures', to: email });
  });

  it('count among a thousand at once, where no rate stops them: what is right comes too late', async () => {
    const kit = makeKit({ limits: { mode: 'observe' }, hasher: { gate: { maxWaiting: 1_000, maxWaitMs: 60_000 } } });
    await person(kit, email);
    const guesses = Array.from({ length: 300 }, (_, at) => kit.portcullis.signIn.attempt({ identifier: email, password: `guess ${at}`, facts: openBrowser(`198.51.100.${at % 250}`).facts() }));
    const right = kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: openBrowser().facts() });
    expect(await kit.value(right)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    await kit.value(Promise.all(guesses));
    expect(kit.events.filter(({ type }) => type === 'password.closed-to-strangers')).toHaveLength(1);
  });

  it('never close it for a browser that the account knows, whose own guesses are counted apart', async () => {
    const kit = makeKit();
    const ada = await withKnownBrowser(kit);
    await guess(kit, 60);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    // Nor does her sign-in open it for them again.
    expect(await attempt(kit, goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });

  // Device Cookies
  it('in a burst turn strangers away and not the known browser, which has a budget of its own', async () => {
    const kit = makeKit();
    const ada = await withKnownBrowser(kit);
    for (let turn = 0; turn < 8; turn += 1) await attempt(kit, otherPassword, openBrowser(`198.51.100.${turn}`));
    expect(await attempt(kit, goodPassword, openBrowser('198.51.100.200'))).toMatchObject({ outcome: 'answered', reply: { status: 429 } });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  });

  it('from a known browser use its budget up, and then it is a stranger', async () => {
    const kit = makeKit();
    const ada = await withKnownBrowser(kit);
    const answers: number[] = [];
    for (let turn = 0; turn < 17; turn += 1) {
      const result = await ada.signIn(otherPassword);
      answers.push(result.outcome === 'answered' ? result.reply.status : 200);
      await kit.clock.advance(6_000);
    }
    // Ten of its own, five of a stranger's, and no more.
    expect(answers.filter((status) => status === 401)).toHaveLength(15);
    expect(answers.slice(-2)).toEqual([429, 429]);
  });

  it('are forgotten once the mailed link behind a right one is opened, and not before', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await guess(kit, 45);
    // The login guard has forgotten them, and the link is asked for whatever it knows.
    await kit.clock.advance(7 * day);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    await guess(kit, 4);
    await kit.clock.advance(7 * day);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in' });
    await guess(kit, 49);
    expect(kit.events.filter(({ type }) => type === 'password.closed-to-strangers')).toEqual([]);
    await guess(kit, 1);
    expect(kit.events.filter(({ type }) => type === 'password.closed-to-strangers')).toHaveLength(1);
  });

  it('begin anew with a new password', async () => {
    const kit = makeKit();
    await person(kit, email);
    await guess(kit, 50);
    await attempt(kit, goodPassword);
    await kit.settle();
    expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'reset' });
    expect(await attempt(kit, otherPassword)).toMatchObject({ outcome: 'signed-in' });
  });

  it('cost the record store as much for nobody as for somebody', async () => {
    const kit = makeKit();
    await person(kit, email);
    const calls: string[] = [];
    const watched = makeKit({ records: { durable: false, watch: (key, changed) => kit.store.watch(key, changed), read: (key) => { calls.push('read'); return kit.store.read(key); }, compareAndSet: (change) => { calls.push('write'); return kit.store.compareAndSet(change); } } });
    await watched.plant({ email, password: goodPassword });
    const callsOf = async (identifier: string): Promise<readonly string[]> => {
      calls.length = 0;
      await attempt(watched, otherPassword, openBrowser(), identifier);
      return [...calls];
    };
    // The first of all makes a record that the whole app has one of.
    await callsOf('first@example.com');
    const [somebody, nobody] = [await callsOf(email), await callsOf('nobody@example.com')];
    expect(somebody.length).toBeGreaterThan(1);
    expect(nobody).toEqual(somebody);
  });
});

describe('a record of a password that was never written as one', () => {
  const lies = ['{}', '[]', '[{"disowned":true}]', '{"tag":7,"count":{},"disowned":true}', '{"tag":"x","count":{},"disowned":"false"}', '{"tag":"x","count":null,"disowned":false}', '{"tag":"x","disowned":false}'];

  it.each(lies)('opens nothing, not even what its owner has disowned (%s)', async (value) => {
    const kit = makeKit();
    const ada = await withKnownBrowser(kit);
    await ada.enroll();
    await kit.settle();
    expect(await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'disowned' });
    await overwriteRecord(kit, 'password', ada.id, () => value);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    expect(await attempt(kit, goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    expect(kit.events.findLast(({ type }) => type === 'request.failed')).toMatchObject({ error: 'StoreError ERR_STORE' });
  });

  it('does not keep its owner from saying that it was somebody else', async () => {
    const kit = makeKit();
    const ada = await withKnownBrowser(kit);
    await ada.enroll();
    await kit.settle();
    await overwriteRecord(kit, 'password', ada.id, () => '{}');
    expect(await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }))).toMatchObject({ outcome: 'disowned' });
    expect(await attempt(kit, goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });

  it('counts what cannot be true as failures, and opens nothing either', async () => {
    const kit = makeKit();
    const ada = await withKnownBrowser(kit);
    await attempt(kit, otherPassword);
    await overwriteRecord(kit, 'password', ada.id, (written) => JSON.stringify({ ...(JSON.parse(written) as object), count: [] }));
    expect(await attempt(kit, goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
  });
});
