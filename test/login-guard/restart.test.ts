import { memoryStore, type EvidenceStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { clients, openClient, openStore, freshPrefix, redisForFile } from '../stores/redis-support.ts';
import { guarded, type Guarded } from './support.ts';

const minuteMs = 60_000;

/** Patient: how long an answer takes is no matter here. */
const storeDeadlineMs = 10_000;

const inMemory = (clock: ReturnType<typeof fakeClock>): Guarded => guarded({ clock, evidence: memoryStore({ clock }) });

/** An attack from one network, at one account and with one password at many names. */
async function attack({ fail }: Guarded): Promise<void> {
  for (let each = 0; each < 45; each += 1) await fail({ account: `user-${each}`, password: `p${each}` });
  for (let each = 0; each < 12; each += 1) {
    await fail({ address: `198.51.100.${each}`, password: `guess ${each}` });
    await fail({ address: `203.0.113.${each}`, account: `name-${each}`, password: 'Winter2026!' });
  }
}

/** What is asked of a network that attacks, at an account that is attacked, and for a password that is sprayed. */
async function known({ enter }: Guarded): Promise<readonly (readonly string[])[]> {
  return [
    await enter({ account: 'bob', password: 'right' }),
    await enter({ address: '233.252.0.1', password: 'right' }),
    await enter({ address: '233.252.0.2', account: 'bob', password: 'Winter2026!' }),
  ];
}

const all = [['refused'], ['account'], ['sprayed-password']];
const none = [[], [], []];

describe('a process that is started again in the middle of an attack', () => {
  it('in memory knows nothing of what was: a refused network has 40 attempts, the first 8 of them not asked for more', async () => {
    const clock = fakeClock();
    const before = inMemory(clock);
    await attack(before);
    expect(await known(before)).toEqual(all);
    const after = inMemory(clock);
    expect(await known(after)).toEqual(none);
    const passes = await Promise.all(Array.from({ length: 60 }, (_, each) => after.guard.reserve({ address: '192.0.2.1', account: `again-${each}`, exists: false, password: `q${each}` })));
    expect(passes.findIndex(({ reasons }) => reasons.includes('source'))).toBe(8);
    expect(passes.findIndex(({ refused }) => refused)).toBe(40);
  });

  it('in memory learns anew what is usual: a surge is told, and asks nobody for more', async () => {
    const clock = fakeClock();
    const surge = async (world: Guarded): Promise<readonly string[]> => {
      for (let each = 0; each < 30; each += 1) {
        await world.fail({ address: `198.51.100.${each}`, account: `account-${each}`, password: `guess ${each}` });
        clock.setWallMs(clock.nowMs() + minuteMs);
      }
      return world.enter({ address: '203.0.113.7', account: 'bob', password: 'right' });
    };
    const before = inMemory(clock);
    for (let each = 0; each < 4 * 288; each += 1) {
      await before.guard.known({ address: '192.0.2.1' });
      clock.setWallMs(clock.nowMs() + 5 * minuteMs);
    }
    expect(await surge(before)).toEqual(['surge']);
    const after = inMemory(clock);
    expect(await surge(after)).toEqual([]);
    expect(after.events).toContainEqual(expect.objectContaining({ type: 'login-guard.surge', state: 'began' }));
  });

  it('in memory gives back for a receipt of before what was charged then, and no more', async () => {
    const clock = fakeClock();
    const before = inMemory(clock);
    const pass = await before.guard.reserve({ address: '192.0.2.1', account: 'ann', exists: true, password: 'right' });
    const after = inMemory(clock);
    for (let each = 0; each < 8; each += 1) await after.fail({ account: `user-${each}`, password: `p${each}` });
    await after.guard.settle(pass.receipt, 'entered');
    expect(await after.enter({ account: 'bob', password: 'right' })).toEqual([]);
    await after.fail({ account: 'user-8', password: 'p8' });
    expect(await after.enter({ account: 'bob', password: 'right' })).toEqual(['source']);
  });
});

describe('a process that is started again over Redis', () => {
  const server = redisForFile();

  async function processOver(prefix: string): Promise<Guarded> {
    const store = openStore(await openClient(clients.ioredis, server()), { prefix });
    const evidence: EvidenceStore = { shared: true, reserve: (attempt) => store.reserve(attempt), settle: (outcome) => store.settle(outcome) };
    return guarded({ evidence, storeDeadlineMs });
  }

  it('has forgotten nothing: from its first attempt on it decides as the one before would have', async () => {
    const prefix = freshPrefix();
    await attack(await processOver(prefix));
    expect(await known(await processOver(prefix))).toEqual(all);
    expect(await known(await processOver(freshPrefix()))).toEqual(none);
  });

  // ASVS 5.0 15.4.2
  it('counts what the one before had reserved and never settled', async () => {
    const prefix = freshPrefix();
    const before = await processOver(prefix);
    await Promise.all(Array.from({ length: 50 }, (_, each) => before.guard.reserve({ address: '192.0.2.1', account: 'ann@example.com', exists: true, password: `guess ${each}` })));
    const after = await processOver(prefix);
    expect(await after.enter({ account: 'bob', password: 'right' })).toEqual(['refused']);
    expect(await after.enter({ address: '233.252.0.1', password: 'right' })).toEqual(['account']);
  });

  it('settles what the one before had reserved', async () => {
    const prefix = freshPrefix();
    const before = await processOver(prefix);
    const passes = await Promise.all(Array.from({ length: 20 }, (_, each) => before.guard.reserve({ address: '192.0.2.1', account: `owner-${each}`, exists: true, password: 'right' })));
    const after = await processOver(prefix);
    for (const { receipt } of passes) await after.guard.settle(JSON.parse(JSON.stringify(receipt)) as typeof receipt, 'entered');
    expect(await after.enter({ account: 'bob', password: 'right' })).toEqual([]);
  });
});
