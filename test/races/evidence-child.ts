// A process of its own with evidence in the server that it is told: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { Redis } from 'ioredis';
import type { EvidenceNews } from '../../src/ports/evidence-store.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { attemptOf } from '../stores/redis-evidence-support.ts';

export interface EvidenceTask {
  readonly port: number;
  readonly prefix: string;
  readonly number: number;
  /** How many attempts it makes from one network at one name, all at once. */
  readonly times: number;
  /** How many networks fail at a name each, afterwards. */
  readonly failures: number;
}

export interface EvidenceTally {
  /** The scores of the network that its attempts saw. */
  readonly seen: readonly number[];
  readonly news: readonly EvidenceNews[];
}

async function run({ port, prefix, number, times, failures }: EvidenceTask): Promise<EvidenceTally> {
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true });
  await client.connect();
  const store = redisStore(client, { prefix });
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.('ready');
  });
  process.channel?.unref();
  const seen = await Promise.all(Array.from({ length: times }, async (_, each) => (await store.reserve(attemptOf('network', 'alice', `word ${number} ${each}`))).source));
  const news = await Promise.all(Array.from({ length: failures }, async (_, each) => {
    const attempt = attemptOf(`network ${number} ${each}`, `name ${number} ${each}`, 'spring');
    return store.settle({ as: 'failed', attempt, charged: (await store.reserve(attempt)).charged });
  }));
  client.disconnect();
  return { seen, news };
}

process.send?.({ answer: await run(JSON.parse(process.argv[2] ?? '') as EvidenceTask) });
