// A process with a login guard over the server that it is told, which attacks until it is killed: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { Redis } from 'ioredis';
import { createLoginGuard } from '../../src/login-guard/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { attacker, guardKeys } from './guard-names.ts';

export interface GuardTask {
  readonly port: number;
  readonly prefix: string;
}

async function run({ port, prefix }: GuardTask): Promise<never> {
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true });
  await client.connect();
  const guard = createLoginGuard({ keys: guardKeys, evidence: redisStore(client, { prefix }), storeDeadlineMs: 10_000 });
  process.send?.('ready');
  await new Promise((resolve) => {
    process.once('message', resolve);
  });
  for (let each = 0; ; each += 1) {
    const pass = await guard.reserve({ address: attacker, account: `user-${each}`, exists: true, password: `guess ${each}` });
    process.send?.({ refused: pass.refused, reserved: each + 1 });
    await guard.settle(pass.receipt, pass.refused ? 'held' : 'failed');
  }
}

await run(JSON.parse(process.argv[2] ?? '') as GuardTask);
