// A process of its own with a store on the file that it is told: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { writeSync } from 'node:fs';
import { sqliteStore, type SqliteStore } from '../../src/stores/sqlite/index.ts';
import { raise } from './raise.ts';

export type ChildTask =
  /** Charges one key as often, one charge after the other or all at once, and answers how many passed. */
  | { readonly do: 'take'; readonly path: string; readonly times: number; readonly burst: number; readonly atOnce: boolean }
  /** Reads `contract:sum`, tries to raise it in 25 ways at once, and answers which versions it replaced. */
  | { readonly do: 'raise'; readonly path: string; readonly rounds: number }
  /** Writes until it is killed, and says on stdout what was answered: `record 7` or `counter 7`. */
  | { readonly do: 'storm'; readonly path: string }
  | { readonly do: 'write'; readonly path: string; readonly key: string; readonly value: string }
  /** Watches a key and has nothing else to do. */
  | { readonly do: 'watch'; readonly path: string };

const hourly = { name: 'shared', intervalMs: 3_600_000 };

async function take(store: SqliteStore, { times, burst, atOnce }: ChildTask & { do: 'take' }): Promise<number> {
  const one = async (): Promise<number> => Number((await store.take([{ rule: { ...hourly, burst }, key: 'k', cost: 1 }])).allowed);
  let passed = 0;
  if (atOnce) for (const each of await Promise.all(Array.from({ length: times }, one))) passed += each;
  else for (let turn = 0; turn < times; turn += 1) passed += await one();
  return passed;
}

async function storm(store: SqliteStore): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    await store.take([{ rule: { ...hourly, burst: 1 }, key: `key-${turn}`, cost: 1 }]);
    writeSync(1, `counter ${turn}\n`);
    await store.compareAndSet({ key: `storm:${turn}`, expectedVersion: 0, value: `value ${turn}` });
    writeSync(1, `record ${turn}\n`);
  }
}

async function run(task: ChildTask): Promise<unknown> {
  const store = sqliteStore(task.path);
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.('ready');
  });
  // What keeps the process alive from here on is the store alone.
  process.channel?.unref();
  if (task.do === 'take') return take(store, task);
  if (task.do === 'raise') return raise(store, task.rounds);
  if (task.do === 'storm') return storm(store);
  if (task.do === 'write') return store.compareAndSet({ key: task.key, expectedVersion: (await store.read(task.key))?.version ?? 0, value: task.value });
  store.watch('switch:all', () => undefined);
  return true;
}

process.send?.({ answer: await run(JSON.parse(process.argv[2] ?? '') as ChildTask) });
