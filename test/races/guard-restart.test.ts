import { once } from 'node:events';
import { join } from 'node:path';
import { createLoginGuard } from 'portcullis/login-guard';
import { describe, expect, it } from 'vitest';
import { startChild, type Child } from '../support/children.ts';
import { realRedis } from '../support/servers/redis.ts';
import { clients, freshPrefix, openClient, openStore, redisForFile } from '../stores/redis-support.ts';
import { attacker, guardKeys } from './guard-names.ts';

const server = redisForFile();

/** Kills it in the middle, between a reservation and its settlement. Answers how many were reserved by then. */
async function killedAfter({ child, go }: Child, atLeast: number): Promise<number> {
  go();
  for (;;) {
    const [{ reserved }] = (await once(child, 'message')) as [{ readonly reserved: number }];
    if (reserved < atLeast) continue;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return reserved;
  }
}

// ASVS 5.0 15.4.2
describe.skipIf(!realRedis)('a process that is killed in the middle of an attack', () => {
  it.each([[20, 'asks for more'], [45, 'refuses']])('after %i attempts: the next process %s from its first one on', { timeout: 120_000 }, async (times) => {
    const prefix = freshPrefix();
    const reserved = await killedAfter(await startChild(join(import.meta.dirname, 'guard-child.ts'), { port: server().port, prefix }), times);
    expect(reserved).toBeGreaterThanOrEqual(times);
    const evidence = openStore(await openClient(clients.ioredis, server()), { prefix });
    const guard = createLoginGuard({ keys: guardKeys, evidence, storeDeadlineMs: 10_000 });
    const { refused, reasons } = await guard.reserve({ address: attacker, account: 'bob', exists: true, password: 'right' });
    expect(reasons).toEqual(['source']);
    // The one that was to die early may have made more attempts before it did.
    if (times > 40) expect(refused).toBe(true);
    const elsewhere = await guard.reserve({ address: '198.51.100.1', account: 'carol', exists: true, password: 'right' });
    expect(elsewhere.reasons).toEqual([]);
  });
});
