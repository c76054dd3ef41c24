import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianPackages, postgresPrograms } from '../../scripts/debian.ts';
import { realPostgres, startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { until } from '../support/servers/watched.ts';

async function answered(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}

describe.skipIf(!realPostgres)('the PostgreSQL servers of the tests', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('answer, and keep what was committed over SIGKILL', async () => {
    await server.ask('CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)');
    await server.kill();
    await expect(server.ask('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect(await server.ask('SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await server.restart();
    expect(await server.ask('SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('end with the process that started them, also when that is killed', async () => {
    const code = `import { startPostgres } from './test/support/servers/postgres.ts'; console.log((await startPostgres()).port); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(said);
    await answered(port);
    child.kill('SIGKILL');
    await until('the server is gone', () => answered(port).then(() => false, () => true));
  });
});

describe('the Debian package of PostgreSQL', () => {
  it('is asked for, and its folder of programs is found whatever its version', () => {
    expect(debianPackages.map(({ name }) => name)).toContain('postgresql');
    expect(postgresPrograms('/nowhere')).toBeUndefined();
  });
});
