import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild, together } from '../support/children.ts';
import type { ChildTask } from './redis-child.ts';
import { clients, freshPrefix, openClient, openStore, redisForFile } from './redis-support.ts';

const server = redisForFile();

const file = join(import.meta.dirname, 'redis-child.ts');
const startAll = (tasks: readonly ChildTask[]) => together(file, tasks);

describe('several processes with a store in one server', () => {
  it('let exactly the limit through when four of them hammer one key', { timeout: 60_000 }, async () => {
    const place = { port: server().port, prefix: freshPrefix() };
    const answers = (await startAll(Array.from({ length: 4 }, () => ({ ...place, do: 'take', times: 1_000, burst: 700 })))) as number[];
    console.log(`4 processes x 1,000 charges against a limit of 700: ${answers.join(' + ')} passed`);
    expect(answers.reduce((sum, each) => sum + each, 0)).toBe(700);
    const wide = { name: 'wide', intervalMs: 3_600_000, burst: 1_000_000 };
    const { aheadMs } = await openStore(await openClient(clients.ioredis, server()), { prefix: place.prefix }).peek([{ rule: wide, key: 'k', cost: 1 }]);
    expect(Math.round((aheadMs[0] ?? 0) / wide.intervalMs)).toBe(700);
  });

  // ASVS 15.4.2
  it('replace each version of a record once, when 4 processes try in 25 ways at once', { timeout: 60_000 }, async () => {
    const place = { port: server().port, prefix: freshPrefix() };
    const replaced = (await startAll(Array.from({ length: 4 }, () => ({ ...place, do: 'raise', rounds: 30 })))).flat() as number[];
    expect(new Set(replaced).size).toBe(replaced.length);
    expect(replaced.length).toBeGreaterThan(0);
    const store = openStore(await openClient(clients.ioredis, server()), { prefix: place.prefix });
    expect((await store.read('contract:sum'))?.value).toBe(String(replaced.length));
  });

  it('may end while they watch: a watcher keeps no process alive', { timeout: 60_000 }, async () => {
    const { child, go, answer } = await startChild(file, { port: server().port, prefix: freshPrefix(), do: 'watch' } satisfies ChildTask);
    const [answered, exited] = [answer(), once(child, 'exit')];
    go();
    expect(await answered).toBe(true);
    expect(await exited).toEqual([0, null]);
  });
});
