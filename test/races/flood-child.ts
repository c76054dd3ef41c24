// A process of its own with a login guard over the server that it is told: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { Redis } from 'ioredis';
import { createLoginGuard } from '../../src/login-guard/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { attacker, guardKeys } from './guard-names.ts';

export interface FloodTask {
  readonly port: number;
  readonly prefix: string;
  readonly number: number;
  /** How many wrong passwords it tries at one account from one network, all at once. */
  readonly times: number;
}

export interface FloodTally {
  /** How many of them were looked at. */
  readonly looked: number;
  /** How many the guard knew nothing about, since the store was late. */
  readonly unknown: number;
}

async function run({ port, prefix, number, times }: FloodTask): Promise<FloodTally> {
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true });
  await client.connect();
  const guard = createLoginGuard({ keys: guardKeys, evidence: redisStore(client, { prefix }), storeDeadlineMs: 10_000 });
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.('ready');
  });
  process.channel?.unref();
  const passes = await Promise.all(Array.from({ length: times }, async (_, each) => {
    const pass = await guard.reserve({ address: attacker, account: 'ann', exists: true, password: `guess ${number} ${each}` });
    await guard.settle(pass.receipt, pass.refused ? 'held' : 'failed');
    return pass;
  }));
  client.disconnect();
  return { looked: passes.filter(({ refused }) => !refused).length, unknown: passes.filter(({ reasons }) => reasons.includes('evidence-unknown')).length };
}

process.send?.({ answer: await run(JSON.parse(process.argv[2] ?? '') as FloodTask) });
