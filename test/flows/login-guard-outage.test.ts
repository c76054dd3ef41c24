import { describe, expect, it } from 'vitest';
import { memoryStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { facts, goodPassword, makeKit } from '../support/kit.ts';

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
