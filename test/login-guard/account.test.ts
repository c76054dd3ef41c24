import { describe, expect, it } from 'vitest';
import { guarded } from './support.ts';

describe('an account at which strangers guess', () => {
  // OWASP OAT-007
  it('is asked for more than a right password from 10 different wrong ones, from anywhere', async () => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 9; each += 1) await fail({ address: `192.0.2.${each}`, password: `guess ${each}` });
    expect(await enter({ address: '198.51.100.1', password: 'right' })).toEqual([]);
    await fail({ address: '192.0.2.99', password: 'guess 9' });
    expect(await enter({ address: '198.51.100.1', password: 'right' })).toEqual(['account']);
    expect(await enter({ address: '198.51.100.1', account: 'bob@example.com', password: 'right' })).toEqual([]);
  });

  it('is not by what a refused network sends: nobody looks at it, whether it is right or wrong', async () => {
    const { guard, fail, enter } = guarded();
    for (let each = 0; each < 40; each += 1) await fail({ address: '203.0.113.1', account: `user-${each}@example.com`, password: `guess ${each}` });
    for (const as of ['held', 'failed', 'entered'] as const) {
      for (let each = 0; each < 30; each += 1) {
        const { refused, receipt } = await guard.reserve({ address: '203.0.113.1', account: 'ann@example.com', exists: true, password: `${as} ${each}` });
        expect(refused).toBe(true);
        await guard.settle(receipt, as);
      }
    }
    expect(await enter({ address: '198.51.100.1', password: 'right' })).toEqual([]);
    expect(await enter({ address: '203.0.113.1', account: 'bob@example.com', password: 'right' })).toEqual(['refused']);
  });

  it('is not when nobody has that name', async () => {
    const { guard, fail } = guarded();
    for (let each = 0; each < 20; each += 1) await fail({ address: `192.0.2.${each}`, exists: false, password: `guess ${each}` });
    const pass = await guard.reserve({ address: '198.51.100.1', account: 'ann@example.com', exists: true, password: 'right' });
    expect(pass.after({ familiar: false }).reasons).toEqual([]);
  });
});

describe('a password that fails at many names', () => {
  // OWASP OAT-007, spraying
  it('is not enough even where it is right, and counts no more than another', async () => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 6; each += 1) await fail({ address: `192.0.2.${each}`, account: `user-${each}@example.com`, password: 'Winter2026!' });
    expect(await enter({ address: '198.51.100.1', account: 'bob@example.com', password: 'Winter2026!' })).toEqual(['sprayed-password']);
    expect(await enter({ address: '198.51.100.2', account: 'bob@example.com', password: 'another one' })).toEqual([]);
    for (const account of ['carol', 'dave', 'erin', 'fay', 'gil', 'hal', 'ida']) await fail({ address: '198.51.100.3', account: `${account}@example.com`, password: 'Winter2026!' });
    expect(await enter({ address: '198.51.100.3', account: 'bob@example.com', password: 'another one' })).toEqual([]);
    await fail({ address: '198.51.100.3', account: 'jo@example.com', password: 'Winter2026!' });
    expect(await enter({ address: '198.51.100.3', account: 'bob@example.com', password: 'another one' })).toEqual(['source']);
  });

  it('is forgotten with the day', async () => {
    const { clock, fail, enter } = guarded();
    for (let each = 0; each < 6; each += 1) await fail({ address: `192.0.2.${each}`, account: `user-${each}@example.com`, password: 'Winter2026!' });
    clock.setWallMs((Math.floor(clock.nowMs() / 86_400_000) + 1) * 86_400_000);
    expect(await enter({ address: '198.51.100.1', account: 'bob@example.com', password: 'Winter2026!' })).toEqual([]);
  });
});
