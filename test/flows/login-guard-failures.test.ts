import { describe, expect, it } from 'vitest';
import { BusyError, memoryEvidence } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { goodPassword, makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person } from '../support/person.ts';

const wide = { limit: 100_000, windowMs: 60_000 };
const rules = { address: wide, account: wide, noAddress: wide };
const limits = { signIn: rules, signUp: rules, mail: rules, code: rules };
const surges = ({ events }: Kit): readonly string[] => events.flatMap((event) => (event.type === 'login-guard.surge' ? [`${event.test} ${event.state}`] : []));

function attempt(kit: Kit, identifier: string, password: string, address: string) {
  return kit.value(kit.portcullis.signIn.attempt({ identifier, password, facts: openBrowser(address).facts() }));
}

/** What may follow a failure at a name, from the same network, without anybody coming in. */
const aftermaths = {
  'a sign-up whose password is not good enough': ({ portcullis }: Kit, identifier: string, address: string) => portcullis.signUp.request({ identifier, password: 'short', facts: openBrowser(address).facts() }),
  'a sign-up': ({ portcullis }: Kit, identifier: string, address: string) => portcullis.signUp.request({ identifier, password: goodPassword, facts: openBrowser(address).facts() }),
  'a request for a link to a new password': ({ portcullis }: Kit, identifier: string, address: string) => portcullis.passwordReset.request({ identifier, facts: openBrowser(address).facts() }),
} as const;

// OWASP OAT-008, ASVS 5.0 6.3.8
describe('failures from as many networks as attempts', () => {
  it.each(Object.keys(aftermaths) as (keyof typeof aftermaths)[])('are seen alike, whoever has the name, where each is followed by %s', async (what) => {
    for (const name of ['ada@example.com', 'nobody@example.com']) {
      const kit = makeKit({ limits });
      await person(kit);
      for (let each = 0; each < 20; each += 1) {
        const address = `198.51.${each}.7`;
        await attempt(kit, name, `${otherPassword} ${each}`, address);
        await kit.value(aftermaths[what](kit, name, address));
        await kit.settle();
      }
      expect(surges(kit)).toContain('fast began');
    }
  });

  it.each([['the machine is too busy for the second try', new BusyError('full', 1_000)], ['the second try breaks', new Error('broken')]])('are seen also where %s', async (_what, error) => {
    let failing = false;
    const kit = makeKit({
      limits,
      hasher: { engine: { name: 'swift', derive: async ({ tagBytes, salt }) => {
        if (failing) throw error;
        return Buffer.alloc(tagBytes, salt[0]);
      } } },
    });
    for (let each = 0; each < 20; each += 1) {
      const who = ['nobody@example.com', `${otherPassword} ${each}`, `198.51.${each}.7`] as const;
      failing = false;
      expect(await attempt(kit, ...who)).toMatchObject({ reply: { status: 401 } });
      failing = true;
      expect(await attempt(kit, ...who)).toMatchObject({ reply: { status: 503 } });
    }
    expect(surges(kit)).toContain('fast began');
  });

  it('are none where each of their owners comes in a moment later', async () => {
    const clock = fakeClock();
    const kit = makeKit({ limits, clock, evidence: memoryEvidence({ clock }) });
    for (let each = 0; each < 40; each += 1) {
      const email = `user${each}@example.com`;
      await kit.plant({ email, password: goodPassword });
      expect(await attempt(kit, email, otherPassword, `198.51.${each}.7`)).toMatchObject({ reply: { status: 401 } });
      await clock.advance(10_000);
      expect(await attempt(kit, email, goodPassword, `198.51.${each}.7`)).toMatchObject({ outcome: 'signed-in' });
    }
    expect(surges(kit)).toEqual([]);
  });
});
