import { describe, expect, it } from 'vitest';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, type Browser } from '../support/person.ts';

const email = 'ada@example.com';
const dayMs = 86_400_000;

function signIn(kit: Kit, browser: Browser, password = goodPassword) {
  return kit.value(kit.portcullis.signIn.attempt({ identifier: email, password, facts: { ...browser.facts(), userAgent: 'Firefox on Debian' } }));
}

async function told(kit: Kit) {
  await kit.settle();
  return kit.mails.filter(({ kind }) => kind === 'unusual-sign-in');
}

// ASVS 5.0 6.3.5
describe('the owner of an account', () => {
  it('is told of a sign-in from a browser that is new, and of none from one that is known', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await ada.signIn();
    expect(await told(kit)).toEqual([]);
    expect(await signIn(kit, openBrowser('198.51.100.7'))).toMatchObject({ outcome: 'signed-in' });
    expect(await told(kit)).toMatchObject([{ to: email, because: 'new-browser', browser: 'Firefox on Debian', atMs: expect.any(Number) as number }]);
    expect(kit.events.filter(({ type }) => type === 'sign-in.unusual')).toMatchObject([{ because: 'new-browser', accountId: ada.id }]);
  });

  it('is not told of the first browser of all, nor of one that a mailed link has let in', async () => {
    const kit = makeKit({ challenge: { strangers: 'mail' } });
    const ada = await person(kit, email);
    for (let turn = 0; turn < 2; turn += 1) {
      ada.browser = openBrowser();
      await ada.signIn();
      expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in' });
    }
    expect(await told(kit)).toEqual([]);
  });

  it('is told of a right password after five wrong ones in a row, and not after four', async () => {
    const kit = makeKit();
    await person(kit, email);
    for (const failures of [4, 5]) {
      for (let turn = 0; turn < failures; turn += 1) {
        await signIn(kit, openBrowser(`198.51.100.${turn}`), otherPassword);
        await kit.clock.advance(10 * 60_000);
      }
      expect(await signIn(kit, openBrowser('192.0.2.1'))).toMatchObject({ outcome: 'signed-in' });
      expect((await told(kit)).filter((mail) => mail.kind === 'unusual-sign-in' && mail.because === 'after-failures')).toHaveLength(failures === 5 ? 1 : 0);
      // The next one comes from a browser that is new and says so: forget the browsers.
      for (const { id } of await kit.portcullis.devices.list('user-1')) await kit.portcullis.devices.remove({ accountId: 'user-1', deviceId: id });
    }
  });

  it('is told of a sign-in after a long time', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    await kit.clock.advance(89 * dayMs);
    await ada.signIn();
    expect(await told(kit)).toEqual([]);
    await kit.clock.advance(90 * dayMs);
    await ada.signIn();
    expect(await told(kit)).toMatchObject([{ because: 'after-a-long-time' }]);
  });

  it('is told of wrong passwords by nobody, and twice a day at most of right ones', async () => {
    const kit = makeKit();
    const ada = await person(kit, email);
    await ada.signIn();
    for (let turn = 0; turn < 5; turn += 1) await signIn(kit, openBrowser(`198.51.100.${turn}`), otherPassword);
    expect(await told(kit)).toEqual([]);
    await kit.clock.advance(3_600_000);
    for (let turn = 0; turn < 5; turn += 1) await signIn(kit, openBrowser(`198.51.100.${turn}`));
    expect(await told(kit)).toHaveLength(2);
  });
});
