// A process of its own with a store on the database that it is told: `fork(this, [JSON.stringify(task)])`. Speaks over IPC.
import { writeSync } from 'node:fs';
import pg from 'pg';
import { postgresStore, type PostgresStore } from '../../src/stores/postgres/index.ts';
import { raise } from './raise.ts';

interface Place {
  readonly url: string;
  readonly table: string;
}

export type ChildTask = Place & (
  | { readonly do: 'migrate' }
  /** Reads `contract:sum`, tries to raise it in 25 ways at once, and answers which versions it replaced. */
  | { readonly do: 'raise'; readonly rounds: number }
  /** Removes the record as it is told, and answers whether it was the one. */
  | { readonly do: 'spend'; readonly key: string; readonly version: number }
  /** Writes until it is killed, and says on stdout what was answered: `7`. */
  | { readonly do: 'storm' }
  | { readonly do: 'write'; readonly key: string; readonly value: string }
  /** Watches a key and has nothing else to do. */
  | { readonly do: 'watch' });

async function storm(store: PostgresStore): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    // The server is killed, too.
    const kept = await store.compareAndSet({ key: `storm:${turn}`, expectedVersion: 0, value: `value ${turn}` }).catch(() => false);
    if (kept) writeSync(1, `${turn}\n`);
  }
}

async function run(task: ChildTask): Promise<unknown> {
  const pool = new pg.Pool({ connectionString: task.url, max: 8, connectionTimeoutMillis: 5_000, query_timeout: 5_000, idleTimeoutMillis: 200 });
  const store = postgresStore(pool, { table: task.table });
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.('ready');
  });
  // What keeps the process alive from here on are the store and the pool alone.
  process.channel?.unref();
  switch (task.do) {
    case 'migrate':
      return store.migrate().then(() => true);
    case 'raise':
      return raise(store, task.rounds);
    case 'spend':
      return store.compareAndSet({ key: task.key, expectedVersion: task.version, value: null });
    case 'storm':
      return storm(store);
    case 'write':
      return store.compareAndSet({ key: task.key, expectedVersion: (await store.read(task.key))?.version ?? 0, value: task.value });
    case 'watch':
      await new Promise<void>((resolve) => {
        store.watch('switch:all', resolve);
      });
      return true;
  }
}

process.send?.({ answer: await run(JSON.parse(process.argv[2] ?? '') as ChildTask) });
