import { describe, expect, it } from 'vitest';
import { cookieShape } from '../support/cookies.ts';
import type { RequestFacts } from 'portcullis';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf } from '../support/person.ts';

const email = 'ada@example.com';

function signIn(kit: Kit, password: string, browser = openBrowser(), name: unknown = email) {
  return kit.value(kit.portcullis.signIn.attempt({ identifier: name, password, facts: browser.facts() })).then((result) => browser.keep(result));
}

describe('a mailed link for browsers that an account does not know', () => {
  const options = { challenge: { strangers: 'mail' } } as const;

  it('is what a right password gets, in the words and the time of a wrong one', async () => {
    const kit = makeKit(options);
    await person(kit, email);
    const right = await kit.run(kit.portcullis.signIn.attempt({ identifier: email, password: goodPassword, facts: openBrowser().facts() }));
    const wrong = await kit.run(kit.portcullis.signIn.attempt({ identifier: email, password: otherPassword, facts: openBrowser('192.0.2.11').facts() }));
    const nobody = await kit.run(kit.portcullis.signIn.attempt({ identifier: 'nobody@example.com', password: goodPassword, facts: openBrowser('192.0.2.12').facts() }));
    const seen = [right, wrong, nobody].map(({ value, tookMs }) => {
      if (value.outcome !== 'answered') throw new Error('expected an answer');
      return { reply: value.reply, cookies: (value.setCookies ?? []).map(cookieShape), tookMs };
    });
    expect(seen[0]?.cookies).toHaveLength(1);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    await kit.settle();
    expect(kit.mails).toMatchObject([{ kind: 'challenge', to: email, purpose: 'sign-in' }]);
  });

  it('lets in whoever opens it in the browser that asked, once, and that browser is known from then on', async () => {
    const kit = makeKit(options);
    const ada = await person(kit, email);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in', accountId: ada.id, session: { stage: 'full' } });
    expect(Object.keys(ada.session?.proofs ?? {})).toEqual(['password', 'mailed-link']);
    expect(await ada.openLink()).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
  });

  it('opens nothing in another browser, after ten minutes, or once the password is another one', async () => {
    const kit = makeKit(options);
    const ada = await person(kit, email);
    await ada.signIn();
    await kit.settle();
    const token = tokenOf(kit, 'challenge');
    const confirm = (facts: RequestFacts) => kit.value(kit.portcullis.challenge.confirm({ token, facts }));
    expect(await confirm(openBrowser().facts())).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    kit.table.rows.set(ada.id, { ...kit.table.rows.get(ada.id) as never as Kit['table']['rows'] extends Map<string, infer R> ? R : never, passwordHash: '$argon2id$another' });
    expect(await confirm(ada.browser.facts())).toMatchObject({ outcome: 'answered' });
    expect(kit.events.at(-1)).toMatchObject({ type: 'challenge.failed', reason: 'changed-meanwhile' });
    const other = makeKit(options);
    const bo = await person(other, email);
    await bo.signIn();
    await other.settle();
    await other.clock.advance(10 * 60_000);
    expect(await bo.openLink()).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
  });

  it('is mailed five times an hour at most, whatever the answer says', async () => {
    const kit = makeKit({ ...options, limits: { signIn: { account: { limit: 100, windowMs: 60_000 }, address: { limit: 100, windowMs: 60_000 } } } });
    await person(kit, email);
    for (let turn = 0; turn < 8; turn += 1) await signIn(kit, goodPassword);
    await kit.settle();
    expect(kit.mails.filter(({ kind }) => kind === 'challenge')).toHaveLength(5);
  });

  it('never satisfies a policy: it is no second factor', async () => {
    const kit = makeKit(options);
    const ada = await person(kit, email);
    await kit.value(kit.portcullis.mfa.require({ scope: { kind: 'app' }, graceMs: 0, by: 'admin-1' }));
    await kit.clock.advance(1);
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in', session: { stage: 'enroll' } });
    expect(await kit.value(kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() }))).toMatchObject({ verdict: 'enroll' });
  });
});

describe('"this was not me"', () => {
  it('ends the challenge, every session and every known browser, and the password opens nothing any more', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    await ada.signIn();
    await ada.openLink();
    const thief = openBrowser('198.51.100.3');
    await signIn(kit, goodPassword, thief);
    await kit.settle();
    const told = await kit.value(kit.portcullis.challenge.disown({ token: tokenOf(kit, 'challenge', 'disownLink'), facts: openBrowser().facts() }));
    expect(told).toMatchObject({ outcome: 'disowned', accountId: ada.id, revoke: 'all-sessions' });
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'reset-password', because: 'disowned', to: email });
    // From the owner's own browser, too: whoever has the password may sit there.
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    expect(kit.events.findLast(({ type }) => type === 'sign-in.failed')).toMatchObject({ reason: 'disowned-password' });
    expect(await kit.value(kit.portcullis.challenge.confirm({ token: tokenOf(kit, 'challenge'), facts: thief.facts() }))).toMatchObject({ outcome: 'answered', reply: { status: 400 } });
    const reset = await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: otherPassword, facts: openBrowser().facts() }));
    expect(reset).toMatchObject({ outcome: 'reset' });
    expect(await ada.signIn(otherPassword)).toMatchObject({ outcome: 'answered' });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in' });
  });
});

describe("the app's own challenge", () => {
  it('is asked before an account is looked for, and its refusal is the same for everybody', async () => {
    const asked: unknown[] = [];
    const kit = makeKit({ challenge: { own: ({ response }) => { asked.push(response); return response === 'solved'; } } });
    await person(kit, email);
    const attempt = (identifier: string, challenge?: unknown) => kit.value(kit.portcullis.signIn.attempt({ identifier, password: goodPassword, challenge, facts: openBrowser().facts() }));
    expect(await attempt(email)).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
    expect(await attempt('nobody@example.com')).toEqual(await attempt(email, 'unsolved'));
    expect(kit.table.calls.filter((verb) => verb === 'findByIdentifier')).toEqual([]);
    expect(await attempt(email, 'solved')).toMatchObject({ outcome: 'signed-in' });
    expect(asked).toEqual([undefined, undefined, 'unsolved', 'solved']);
  });

  // ASVS 5.0 16.5.3
  it.each([
    ['throws', () => { throw new Error('captcha down: secret'); }],
    ['rejects', async () => Promise.reject(new Error('captcha down: secret'))],
    ['never answers', async () => new Promise<boolean>(() => undefined)],
    ['answers nonsense', () => 'yes' as never],
  ])('lets nobody in when it %s', async (_name, own) => {
    const kit = makeKit({ challenge: { own } });
    await person(kit, email);
    expect(await signIn(kit, goodPassword)).toMatchObject({ outcome: 'answered', reply: { status: 403 } });
  });
});
