import { expect, vi } from 'vitest';
import { otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser } from '../support/person.ts';

/** A network that nobody is at home in. */
export const attacker = '203.0.113.66';

/** The monitor is loaded by the first event. */
export async function monitorLoaded({ portcullis }: Kit): Promise<void> {
  await vi.waitFor(() => { expect(portcullis.monitor.snapshot().minutes).not.toEqual([]); });
}

let guesses = 0;

/** Pairs of a leak that are wrong, as slowly as the limits allow: every other name is somebody's. */
export async function stuff(kit: Kit, times: number): Promise<void> {
  for (let each = 0; each < times; each += 1) {
    guesses += 1;
    const identifier = `user${guesses}@example.com`;
    if (guesses % 2 === 0) await kit.plant({ email: identifier, password: 'a password of their own' });
    await kit.value(kit.portcullis.signIn.attempt({ identifier, password: `${otherPassword} ${guesses}`, facts: openBrowser(attacker).facts() }));
    await kit.clock.advance(10_000);
  }
}
