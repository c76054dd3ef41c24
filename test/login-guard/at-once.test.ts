import { describe, expect, it } from 'vitest';
import { loginGuardDefaults } from 'portcullis/login-guard';
import { guarded, type Guarded } from './support.ts';

const { refuseFrom, stepUpFrom, accountFrom } = loginGuardDefaults;

/** Different wrong passwords at one account from one network, all at once. Answers how many were looked at. */
async function flood({ guard }: Guarded, times: number): Promise<number> {
  const passes = await Promise.all(Array.from({ length: times }, async (_, each) => {
    const pass = await guard.reserve({ address: '192.0.2.1', account: 'ann', exists: true, password: `guess ${each}` });
    await guard.settle(pass.receipt, pass.refused ? 'held' : 'failed');
    return pass;
  }));
  return passes.filter(({ refused }) => !refused).length;
}

// OWASP OAT-007, ASVS 5.0 15.4.2
describe('a thousand passwords at one account at the same moment', () => {
  it('are looked at forty times, as often as one after the other, and the right one is not among those after them', async () => {
    const world = guarded();
    expect(await flood(world, 1_000)).toBe(refuseFrom);
    expect(refuseFrom).toBe(40);
    expect(await world.enter({ address: '192.0.2.1', account: 'ann', password: 'right' })).toEqual(['refused']);
    // What was not looked at was no guess: its owner elsewhere is asked for more because of the forty.
    expect(await world.enter({ address: '198.51.100.1', account: 'ann', password: 'right' })).toEqual(['account']);
  });

  it('hold no right one among them that is enough alone, once as many have been tried as are enough to be asked for more', async () => {
    for (const before of [Math.min(stepUpFrom, accountFrom), refuseFrom - 1]) {
      const { guard } = guarded();
      const passes = await Promise.all(Array.from({ length: 1_000 }, (_, each) => guard.reserve({ address: '192.0.2.1', account: 'ann', exists: true, password: each === before ? 'right' : `guess ${each}` })));
      expect(passes[before]?.refused).toBe(false);
      expect(passes[before]?.after({ familiar: false })).toMatchObject({ stepUp: true });
    }
  });
});
