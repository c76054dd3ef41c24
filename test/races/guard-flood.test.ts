import { join } from 'node:path';
import { createLoginGuard, loginGuardDefaults } from 'portcullis/login-guard';
import { describe, expect, it } from 'vitest';
import { together } from '../support/children.ts';
import { realRedis } from '../support/servers/redis.ts';
import { clients, freshPrefix, openClient, openStore, redisForFile } from '../stores/redis-support.ts';
import type { FloodTally, FloodTask } from './flood-child.ts';
import { attacker, guardKeys } from './guard-names.ts';

const server = redisForFile();
const { refuseFrom } = loginGuardDefaults;

// OWASP OAT-007, ASVS 5.0 15.4.2
describe.skipIf(!realRedis)('a thousand passwords at one account, at the same moment, by four processes', () => {
  it('are looked at no oftener than one after the other', { timeout: 120_000 }, async () => {
    const prefix = freshPrefix();
    const tasks = Array.from({ length: 4 }, (_, number): FloodTask => ({ port: server().port, prefix, number, times: 250 }));
    const tallies = (await together(join(import.meta.dirname, 'flood-child.ts'), tasks)) as readonly FloodTally[];
    const looked = tallies.reduce((sum, each) => sum + each.looked, 0);
    console.log(`4 processes x 250 passwords at one account from one network: ${looked} of 1,000 were looked at (${tallies.map((each) => each.looked).join(' + ')})`);
    expect(tallies.map(({ unknown }) => unknown)).toEqual([0, 0, 0, 0]);
    // A score fades by the real time of the server: of forty, a millionth in each tenth of a second, so that the forty-first finds a little less than forty.
    expect(looked).toBeGreaterThanOrEqual(refuseFrom);
    expect(looked).toBeLessThanOrEqual(refuseFrom + 1);

    const evidence = openStore(await openClient(clients.ioredis, server()), { prefix });
    const guard = createLoginGuard({ keys: guardKeys, evidence, storeDeadlineMs: 10_000 });
    const right = await guard.reserve({ address: attacker, account: 'ann', exists: true, password: 'right' });
    expect(right).toMatchObject({ refused: true, reasons: expect.arrayContaining(['source']) as unknown });
    // Its owner elsewhere is asked for more, and turned away by nobody.
    const owner = await guard.reserve({ address: '198.51.100.1', account: 'ann', exists: true, password: 'right' });
    expect([owner.refused, owner.after({ familiar: false }).reasons]).toEqual([false, ['account']]);
  });
});
