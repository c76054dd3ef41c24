import { createKeyRing, memoryStore, type KeyRing } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { guarded } from './support.ts';

function ringOf(...ids: readonly string[]): KeyRing {
  return createKeyRing({ keys: ids.map((id) => ({ id, secret: Buffer.from(`portcullis rotation test keys ${id}`) })) });
}

const [before, between, after] = [ringOf('k1'), ringOf('k2', 'k1'), ringOf('k2')];

/** Processes of one store, each with its ring. */
function processes() {
  const clock = fakeClock();
  const evidence = memoryStore({ clock });
  return { clock, with: (keys: KeyRing) => guarded({ clock, evidence, keys }) };
}

// ASVS 5.0 11.2.2
describe('a new key in the middle of an attack', () => {
  it('forgives no network: one that is refused stays so, and what comes later is added to what there was', async () => {
    const app = processes();
    const old = app.with(before);
    for (let each = 0; each < 30; each += 1) await old.fail({ account: `user-${each}`, password: `p${each}` });
    const rotated = app.with(between);
    expect(await rotated.enter({ account: 'bob', password: 'right' })).toEqual(['source']);
    for (let each = 30; each < 40; each += 1) await rotated.fail({ account: `user-${each}`, password: `p${each}` });
    expect(await rotated.enter({ account: 'bob', password: 'right' })).toEqual(['refused']);
    expect(await old.enter({ account: 'bob', password: 'right' })).toEqual(['refused']);
  });

  it('forgets no guess at an account, and no password that is sprayed', async () => {
    const app = processes();
    const [old, rotated] = [app.with(before), app.with(between)];
    for (let each = 0; each < 5; each += 1) {
      await old.fail({ address: `192.0.2.${each}`, password: `guess ${each}` });
      await old.fail({ address: `198.51.100.${each}`, account: `old-${each}`, password: 'Winter2026!' });
    }
    for (let each = 5; each < 10; each += 1) {
      await rotated.fail({ address: `192.0.2.${each}`, password: `guess ${each}` });
      await rotated.fail({ address: `198.51.100.${each}`, account: `new-${each}`, password: 'Winter2026!' });
    }
    expect(await rotated.enter({ address: '203.0.113.1', password: 'right' })).toEqual(['account']);
    expect(await rotated.enter({ address: '203.0.113.1', account: 'bob', password: 'Winter2026!' })).toEqual(['sprayed-password']);
    const again = await rotated.guard.reserve({ address: '203.0.113.2', account: 'ann@example.com', exists: true, password: 'guess 4' });
    expect(again.repeated).toBe(true);
  });

  it('gives back in one process what the other has charged', async () => {
    const app = processes();
    const [old, rotated] = [app.with(before), app.with(between)];
    for (let each = 0; each < 20; each += 1) {
      const pass = await old.guard.reserve({ address: '192.0.2.1', account: 'bob', exists: true, password: 'right' });
      await rotated.guard.settle(pass.receipt, 'entered');
    }
    expect(await rotated.enter({ account: 'bob', password: 'right' })).toEqual([]);
  });

  it('counts a thousand attempts at once by old and new processes as one row', async () => {
    const app = processes();
    const both = [app.with(before), app.with(between)] as const;
    const passes = await Promise.all(Array.from({ length: 1_000 }, (_, at) => both[at % 2 === 0 ? 0 : 1].guard.reserve({ address: '192.0.2.1', account: 'ann', exists: true, password: `guess ${at}` })));
    expect(passes.filter(({ refused }) => !refused)).toHaveLength(40);
  });
});

describe('an old key that is taken off the ring', () => {
  it('takes with it what is known of networks and accounts, and leaves what is usual', async () => {
    const app = processes();
    const rotated = app.with(between);
    for (let each = 0; each < 50; each += 1) await rotated.fail({ account: `user-${each}`, password: `p${each}` });
    expect(await rotated.enter({ account: 'bob', password: 'right' })).toEqual(['refused']);
    expect(await app.with(after).enter({ account: 'bob', password: 'right' })).toEqual([]);
  });
});
