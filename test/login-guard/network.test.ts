import { describe, expect, it } from 'vitest';
import { guarded } from './support.ts';

const hourMs = 3_600_000;

describe('a network from which strangers fail', () => {
  // OWASP OAT-008
  it('is asked for more than a right password from a score of 8, and no password of it is looked at from 40', async () => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 7; each += 1) await fail({ account: `user-${each}@example.com`, password: `p${each}` });
    expect(await enter({ account: 'bob@example.com' })).toEqual([]);
    await fail({ account: 'user-7@example.com', password: 'p7' });
    expect(await enter({ account: 'bob@example.com' })).toEqual(['source']);
    for (let each = 8; each < 40; each += 1) await fail({ account: `user-${each}@example.com`, password: `p${each}` });
    expect(await enter({ account: 'bob@example.com' })).toEqual(['refused']);
    expect(await enter({ account: 'bob@example.com', address: '192.0.2.2' })).toEqual([]);
  });

  it('is forgiven by time: half of it in 12 hours', async () => {
    const { clock, fail, enter } = guarded();
    for (let each = 0; each < 12; each += 1) await fail({ account: `user-${each}@example.com`, password: `p${each}` });
    expect(await enter()).toEqual(['source']);
    clock.setWallMs(clock.nowMs() + 24 * hourMs);
    expect(await enter()).toEqual([]);
  });

  // ASVS 5.0 6.3.8
  it.each([['an account', true], ['nobody', false]])('counts the same wrong password again at %s as every other: the score tells nobody who has an account', async (_whose, exists) => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 7; each += 1) await fail({ exists });
    expect(await enter({ account: 'bob@example.com' })).toEqual([]);
    await fail({ exists });
    expect(await enter({ account: 'bob@example.com' })).toEqual(['source']);
  });

  it('is an IPv6 /64, and an IPv4 address however it is written', async () => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 8; each += 1) await fail({ address: `2001:db8:1:1::${each}`, account: `user-${each}@example.com`, password: `p${each}` });
    expect(await enter({ address: '2001:db8:1:1:ffff::1', account: 'bob@example.com' })).toEqual(['source']);
    expect(await enter({ address: '2001:db8:1:2::1', account: 'bob@example.com' })).toEqual([]);
    for (let each = 0; each < 8; each += 1) await fail({ address: '::ffff:192.0.2.9', account: `other-${each}@example.com`, password: `q${each}` });
    expect(await enter({ address: '192.0.2.9', account: 'bob@example.com' })).toEqual(['source']);
  });

  it('gets back what its owners\' sign-ins were counted, and nothing for own accounts', async () => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 1_000; each += 1) expect(await enter({ account: 'bob@example.com', password: 'right' })).toEqual([]);
    for (let each = 0; each < 8; each += 1) {
      await fail({ account: `user-${each}@example.com`, password: `p${each}` });
      await enter({ account: `own-${each}@example.com`, password: `own${each}` });
    }
    expect(await enter({ account: 'bob@example.com' })).toEqual(['source']);
  });
});
