import { describe, expect, it } from 'vitest';
import { makeKit, type Kit } from '../support/kit.ts';
import { openBrowser, person } from '../support/person.ts';
import { monitorLoaded, stuff } from './attack-support.ts';

// ASVS 5.0 6.3.5
describe('the level of an attack, as the rule by which strangers are asked for more', () => {
  it('asks nobody in peace, every stranger during an attack wherever they come from, and nobody once it has fallen', async () => {
    const kit: Kit = makeKit({ challenge: { strangers: () => kit.portcullis.monitor.level() === 'attack' } });
    const ada = await person(kit);
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    await monitorLoaded(kit);
    const home = ada.browser;
    ada.browser = openBrowser('198.51.100.4');
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });

    await stuff(kit, 12);
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
