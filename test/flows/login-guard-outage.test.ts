import { describe, expect, it } from 'vitest';
import { memoryEvidence, memoryStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { facts, goodPassword, makeKit } from '../support/kit.ts';
import { openBrowser, person } from '../support/person.ts';

// ASVS 5.0 16.5.2
describe('right passwords of strangers while what is known of passwords cannot be read', () => {
  it('count against nobody: whoever tried again and again is let in once they are back', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    let away = false;
    const down = (): never => { throw new Error('down'); };
    const kit = makeKit({ clock, limits: { mode: 'observe' }, records: { ...store, read: (key) => (away && key.startsWith('password') ? down() : store.read(key)) } });
    for (let each = 0; each < 30; each += 1) await kit.plant({ email: `user${each}@example.com`, password: goodPassword });
    const attempt = (each: number) => kit.value(kit.portcullis.signIn.attempt({ identifier: `user${each}@example.com`, password: goodPassword, facts }));
    away = true;
    for (let each = 0; each < 30; each += 1) expect(await attempt(each)).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    away = false;
    await clock.advance(5_000);
    expect(await attempt(0)).toMatchObject({ outcome: 'signed-in' });
  });
});

describe('right passwords of strangers who could not be asked for more', () => {
  // ASVS 5.0 16.5.2
  it.each<[string, string]>([
    ['a second factor, since what waits for it cannot be kept', 'pending-sign-in'],
  ])('with %s, count against nobody either', async (_what, kind) => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    let away = false;
    const down = (): never => { throw new Error('down'); };
    const kit = makeKit({
      clock,
      limits: { mode: 'observe' },
      records: { ...store, compareAndSet: (change) => (away && change.key.startsWith(kind) ? down() : store.compareAndSet(change)) },
    });
    const ada = await person(kit);
    await ada.enrollWholly();
    away = true;
    for (let each = 0; each < 12; each += 1) {
      ada.browser = openBrowser('198.51.100.7');
      expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
      await kit.settle();
      await clock.advance(1_000);
    }
    away = false;
    await clock.advance(10_000);
    expect(kit.events.filter(({ type }) => type === 'login-guard.decided')).toEqual([]);
  });

  it('are given back once, where a mailer fails at a mail that has arrived, and its link has been opened', async () => {
    const settled: string[] = [];
    const evidence = memoryEvidence();
    const arrived: string[] = [];
    let fail = (_error: Error): void => undefined;
    const kit = makeKit({
      challenge: { strangers: 'mail' },
      evidence: { shared: false, reserve: (attempt) => evidence.reserve(attempt), settle: (outcome) => (settled.push(outcome.as), evidence.settle(outcome)) },
      mailer: { send: (mail) => new Promise((_sent, reject) => { arrived.push('link' in mail ? mail.link : ''); fail = reject; }) },
    });
    const ada = await person(kit);
    await ada.signIn();
    await kit.clock.advance(100);
    const token = arrived[0]?.split('#token=')[1];
    expect(await kit.value(kit.portcullis.challenge.confirm({ token, facts: ada.browser.facts() }))).toMatchObject({ outcome: 'signed-in' });
    fail(new Error('timeout'));
    await kit.settle();
    expect(settled).toEqual(['held', 'entered']);
  });
});
