import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { realRedis, startRedis, startRedisCluster, type RedisServerOptions } from '../support/servers/redis.ts';
import { until } from '../support/servers/watched.ts';

async function started(options: RedisServerOptions = {}) {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

describe('the Redis servers of the tests', () => {
  it('answer, and are gone when they are stopped', async () => {
    const server = await started();
    expect(await server.ask('SET', 'a', '1')).toBe('OK');
    await server.stop();
    await expect(server.ask('GET', 'a')).rejects.toThrow();
  });

  it('make a cluster of three', async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    expect(String(await cluster.nodes[0]?.ask('CLUSTER', 'INFO'))).toContain('cluster_state:ok');
  });
});

describe.skipIf(!realRedis)('a real Redis server of the tests', () => {
  it('forgets all in a restart, or nothing with a log', async () => {
    for (const [appendOnly, left] of [[false, null], [true, '1']] as const) {
      const server = await started({ appendOnly });
      await server.ask('SET', 'a', '1');
      await server.restart();
      expect(await server.ask('GET', 'a')).toBe(left);
    }
  });

  it('can be frozen', async () => {
    const server = await started();
    server.freeze();
    const late = server.ask('PING');
    expect(await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 100, 'late'))])).toBe('late');
    server.thaw();
    expect(await late).toBe('PONG');
  });

  it('copies another one', async () => {
    const master = await started();
    await master.ask('SET', 'a', '1');
    const replica = await started({ replicaOf: master });
    expect(await replica.ask('GET', 'a')).toBe('1');
  });

  it('moves a slot of a cluster', async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    const [first, , last] = cluster.nodes;
    if (first === undefined || last === undefined) throw new Error('no cluster');
    // `hello` is in slot 866, which is one of the first node.
    expect(await first.ask('SET', 'hello', '1')).toBe('OK');
    await cluster.moveSlot(866, last);
    expect(await last.ask('GET', 'hello')).toBe('1');
    await expect(first.ask('GET', 'hello')).rejects.toThrow('MOVED');
  });

  it('ends with the process that started it, also by SIGKILL, and leaves no folder', async () => {
    const script = `import { startRedis } from ${JSON.stringify(join(import.meta.dirname, '../support/servers/redis.ts'))};
      const { port, folder } = await startRedis();
      console.log(JSON.stringify({ port, folder }));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const { port, folder } = JSON.parse(String(((await once(child.stdout, 'data')) as [Buffer])[0])) as { readonly port: number; readonly folder: string };
    expect(existsSync(folder)).toBe(true);
    child.kill('SIGKILL');
    await until('the folder is gone', () => !existsSync(folder));
    const socket = connect(port, '127.0.0.1');
    expect(((await once(socket, 'error')) as [NodeJS.ErrnoException])[0].code).toBe('ECONNREFUSED');
  });
});
