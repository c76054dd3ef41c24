import { describe, expect, it, vi } from 'vitest';
import { makeKit, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person } from '../support/person.ts';

const attacker = '203.0.113.66';

/** Pairs of a leak that are wrong, as slowly as the limits allow: every other name is somebody's. */
async function stuff(kit: Kit): Promise<void> {
  for (let each = 0; each < 12; each += 1) {
    if (each % 2 === 0) await kit.plant({ email: `user${each}@example.com`, password: 'a password of their own' });
    await kit.value(kit.portcullis.signIn.attempt({ identifier: `user${each}@example.com`, password: `${otherPassword} ${each}`, facts: openBrowser(attacker).facts() }));
    await kit.clock.advance(10_000);
  }
}

// ASVS 5.0 6.3.5
describe('the level of an attack, as the rule by which strangers are asked for more', () => {
  it('asks nobody in peace, every stranger during an attack wherever they come from, and nobody once it has fallen', async () => {
    const kit: Kit = makeKit({ challenge: { strangers: () => kit.portcullis.monitor.level() === 'attack' } });
    const ada = await person(kit);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    // The monitor is loaded by the first event.
    await vi.waitFor(() => { expect(kit.portcullis.monitor.snapshot().minutes).not.toEqual([]); });
    const home = ada.browser;
    ada.browser = openBrowser('198.51.100.4');
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });

    await stuff(kit);
    expect(kit.portcullis.monitor.level()).toBe('attack');
    ada.browser = openBrowser('198.51.100.5');
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 401 } });
    await kit.settle();
    expect(kit.mails.at(-1)).toMatchObject({ kind: 'challenge', to: ada.email });
    ada.browser = home;
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });

    await kit.clock.advance(16 * 60_000);
    expect(kit.portcullis.monitor.level()).toBe('elevated');
    ada.browser = openBrowser('198.51.100.6');
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    await kit.portcullis.close();
  });
});
