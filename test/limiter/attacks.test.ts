import { describe, expect, it } from 'vitest';
import { minuteMs, setup } from './setup.ts';

// ASVS 6.3.1
describe('attempts within the documented budget, by kind of attack', () => {
  it('stops guessing at one account from ever new addresses at the account limit', async () => {
    const { limiter } = setup();
    let passed = 0;
    for (let index = 0; index < 2_000; index += 1) if ((await limiter.take({ address: `10.${index >> 8}.${index & 255}.1`, account: 'ann' })).ok) passed += 1;
    expect(passed).toBe(5);
  });

  it('stops one try on each of many accounts from one address at the address limit', async () => {
    const { limiter } = setup();
    let passed = 0;
    for (let index = 0; index < 2_000; index += 1) if ((await limiter.take({ address: '10.0.0.1', account: `user-${index}` })).ok) passed += 1;
    expect(passed).toBe(10);
  });

  it('lets patience gain no more than the sustained rate: ten a minute and one in a minute', async () => {
    const { limiter, clock } = setup();
    let [byAddress, byAccount] = [0, 0];
    for (let second = 0; second < 3_600; second += 1) {
      if ((await limiter.take({ address: '10.0.0.1' })).ok) byAddress += 1;
      if ((await limiter.take({ account: 'ann' })).ok) byAccount += 1;
      await clock.advance(1_000);
    }
    expect(byAddress).toBeLessThanOrEqual(10 + 600);
    expect(byAccount).toBeLessThanOrEqual(5 + 60);
    expect(byAddress).toBeGreaterThanOrEqual(600);
    expect(byAccount).toBeGreaterThanOrEqual(60);
  });

  it('keeps address and account apart: who is blocked by one is free by the other', async () => {
    const { limiter } = setup();
    for (let turn = 0; turn < 20; turn += 1) await limiter.take({ account: 'ann' });
    expect((await limiter.take({ address: '10.0.0.1', account: 'bob' })).ok).toBe(true);
    for (let turn = 0; turn < 20; turn += 1) await limiter.take({ address: '10.0.0.2' });
    expect((await limiter.take({ address: '10.0.0.3', account: 'bob' })).ok).toBe(true);
  });

  it('lets an owner who signs in rightly all day meet no limit, in five parallel sessions', async () => {
    const { limiter, clock } = setup();
    for (let turn = 0; turn < 200; turn += 1) {
      const decisions = await Promise.all(Array.from({ length: 5 }, () => limiter.take({ address: '10.0.0.1', account: 'ann' })));
      for (const decision of decisions) {
        expect(decision.ok).toBe(true);
        if (decision.ok) await limiter.refund(decision);
      }
      await clock.advance(minuteMs / 60);
    }
  });
});
