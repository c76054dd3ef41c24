// A process with a login guard over the server that it is told, which attacks until it is killed: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { Redis } from 'ioredis';
import { createKeyRing } from '../../src/kernel/keys.ts';
import { createLoginGuard } from '../../src/login-guard/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';

export interface GuardTask {
  readonly port: number;
  readonly prefix: string;
}

export const guardKeys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('portcullis test key, 32 bytes ok') }] });
export const attacker = '192.0.2.1';

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

// Also imported for its names.
if (process.argv[2]?.startsWith('{') === true && process.send !== undefined) await run(JSON.parse(process.argv[2]) as GuardTask);
