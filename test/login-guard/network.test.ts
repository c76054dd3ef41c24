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

  it('counts a name that is nobody\'s double, and the same wrong password again not at all', async () => {
    const { fail, enter } = guarded();
    for (let each = 0; each < 4; each += 1) await fail({ account: `nobody-${each}@example.com`, exists: false, password: `p${each}` });
    expect(await enter({ account: 'bob@example.com' })).toEqual(['source']);
    for (let each = 0; each < 300; each += 1) await fail({ address: '192.0.2.2', password: 'from an old mail client' });
    expect(await enter({ address: '192.0.2.2' })).toEqual([]);
  });

  // SP 800-63B-4 3.1.1.2
  it('calls a password by one name in whatever form it is typed', async () => {
    const { fail, enter } = guarded();
    // A kelvin sign, an angstrom sign and a Greek question mark are hashed as what they stand for.
    for (let each = 0; each < 3; each += 1) for (const password of ['K\u00c5;spring', '\u212a\u212b\u037espring']) await fail({ address: `192.0.2.${each}`, account: `${password}-${each}@example.com`, password });
    expect(await enter({ address: '198.51.100.1', password: 'K\u00c5;spring' })).toEqual(['sprayed-password']);
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
