import { describe, expect, it } from 'vitest';
import type { Alarm } from 'portcullis/detect';
import { makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, tokenOf, type Browser, type Person } from '../support/person.ts';
import { monitorLoaded } from './attack-support.ts';

const office = '203.0.113.40';
const minuteMs = 60_000;

async function company(people: number) {
  const told: Alarm[] = [];
  const kit = makeKit({ detect: { onAlarm: (alarm) => void told.push(alarm) } });
  const staff: Person[] = [];
  for (let each = 0; each < people; each += 1) staff.push(await person(kit, `user${each}@example.com`));
  return { kit, told, staff };
}

/** Somebody at a new machine of the office types the password of before. */
async function mistype(kit: Kit, { email }: Person): Promise<Browser> {
  const browser = openBrowser(office);
  expect(browser.keep(await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password: `the one of ${email} last year`, facts: browser.facts() })))).toMatchObject({ outcome: 'answered' });
  await monitorLoaded(kit);
  return browser;
}

// OAT-008
describe('an office with new machines', () => {
  it('is no attack where each mistypes once and then gives a second factor', async () => {
    const { kit, told, staff } = await company(9);
    for (const each of staff) {
      await each.enrollWholly();
      each.browser = await mistype(kit, each);
      expect(await each.signIn()).toMatchObject({ outcome: 'second-factor' });
      expect(await each.giveCode()).toMatchObject({ outcome: 'signed-in' });
      await kit.clock.advance(minuteMs);
    }
    expect(told.map(({ summary, level }) => [level, summary])).toEqual([]);
    await kit.portcullis.close();
  });

  it('is no attack where each mistypes once and then chooses another password by mail', async () => {
    const { kit, told, staff } = await company(9);
    for (const { email, ...rest } of staff) {
      const browser = await mistype(kit, { ...rest, email });
      await kit.value(kit.portcullis.passwordReset.request({ identifier: email, facts: browser.facts() }));
      await kit.settle();
      expect(await kit.value(kit.portcullis.passwordReset.redeem({ token: tokenOf(kit, 'reset-password'), password: `${otherPassword} of ${email}`, facts: browser.facts() }))).toMatchObject({ outcome: 'reset' });
      await kit.clock.advance(minuteMs);
    }
    expect(told.map(({ summary, level }) => [level, summary])).toEqual([]);
    await kit.portcullis.close();
  });

  it('is one where eight mistype and nobody comes in', async () => {
    const { kit, told, staff } = await company(9);
    for (const each of staff) {
      await mistype(kit, each);
      await kit.clock.advance(minuteMs);
    }
    expect(told.map(({ kind }) => kind)).toContain('stuffing');
    await kit.portcullis.close();
  });
});
