// A process of its own with a store in the server that it is told: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { Redis } from 'ioredis';
import { redisStore, type RedisStore } from '../../src/stores/redis/index.ts';
import { raise } from './raise.ts';

export type ChildTask = { readonly port: number; readonly prefix: string } & (
  /** Charges one key as often, all at once, and answers how many passed. */
  | { readonly do: 'take'; readonly times: number; readonly burst: number }
  /** Reads `contract:sum`, tries to raise it in 25 ways at once, and answers which versions it replaced. */
  | { readonly do: 'raise'; readonly rounds: number }
  /** Watches a key and has nothing else to do, once its client is gone. */
  | { readonly do: 'watch' }
);

async function take(store: RedisStore, times: number, burst: number): Promise<number> {
  const charges = [{ rule: { name: 'shared', intervalMs: 3_600_000, burst }, key: 'k', cost: 1 }, { rule: { name: 'wide', intervalMs: 3_600_000, burst: 1_000_000 }, key: 'k', cost: 1 }];
  const passed = await Promise.all(Array.from({ length: times }, async () => Number((await store.take(charges)).allowed)));
  return passed.reduce((sum, each) => sum + each, 0);
}

async function run(task: ChildTask): Promise<unknown> {
  const client = new Redis(task.port, '127.0.0.1', { lazyConnect: true });
  await client.connect();
  const store = redisStore(client, { prefix: task.prefix });
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.('ready');
  });
  process.channel?.unref();
  if (task.do === 'watch') store.watch('switch:all', () => undefined);
  const answer = task.do === 'take' ? await take(store, task.times, task.burst) : task.do === 'raise' ? await raise(store, task.rounds) : true;
  client.disconnect();
  return answer;
}

process.send?.({ answer: await run(JSON.parse(process.argv[2] ?? '') as ChildTask) });
