import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { postgresPrograms } from '../../../scripts/debian.ts';
import { hasDebian } from '../debian.ts';
import { freePort, spawnWatched, until, type Watched } from './watched.ts';

const run = promisify(execFile);

/**
 * Whether servers are real ones: for `describe.skipIf(!realPostgres)` where a test kills them or needs several connections.
 * Else they are PGlite, in this process. TEST_POSTGRES_ENGINE=pglite asks for that; PORTCULLIS_NO_SKIP=1 never takes it.
 */
export const realPostgres = process.env['PORTCULLIS_NO_SKIP'] === '1' || (process.env['TEST_POSTGRES_ENGINE'] !== 'pglite' && hasDebian('postgresql'));

export interface PostgresServer {
  readonly port: number;
  /** Of the database `postgres`, as its superuser. */
  readonly url: string;
  /** Sends statements over a connection of its own and answers the rows of the last one. */
  ask(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** SIGKILL. Port and folder stay reserved for `start`. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port and with what its folder holds. */
  start(): Promise<void>;
  /** Shuts it down as an operator does, which ends every connection, and starts it again. */
  restart(): Promise<void>;
  /** Ends it for good. May be called twice. */
  stop(): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1, with a folder of its own. Nothing of it outlives this process. */
export async function startPostgres(): Promise<PostgresServer> {
  return realPostgres ? startReal() : startPglite();
}

const settings = [
  // Nothing of a killed server is left in /dev/shm.
  '-c', 'dynamic_shared_memory_type=mmap', '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1',
  '-c', 'max_connections=120', '-c', 'shared_buffers=16MB', '-c', 'autovacuum=off', '-c', 'logging_collector=off',
];

async function startReal(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-postgres-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const asOwner = await ownerOf(folder);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let running: Watched | undefined;

  async function start(): Promise<void> {
    const [program = '', ...args] = asOwner('postgres', ['-D', data, '-p', String(port), ...settings]);
    // What a killed server leaves behind is in the way for a moment.
    for (let triesLeft = 20; ; triesLeft -= 1) {
      const started = await spawnWatched(program, args, folder);
      running = started;
      await until('postgres answers or ends', async () => !started.alive() || (await answers(url)));
      if (started.alive()) return;
      await started.end();
      if (triesLeft === 0) throw new Error('postgres ended at its start');
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
  }
  async function end(how: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const ending = running;
    running = undefined;
    if (ending === undefined) return;
    if (how === 'SIGINT' && ending.alive()) {
      ending.signal('SIGINT');
      await until('postgres is shut down', () => !ending.alive());
    }
    await ending.end();
  }
  async function stop(): Promise<void> {
    await end('SIGINT').catch(() => end('SIGKILL'));
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    const [program = '', ...args] = asOwner('initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']);
    await run(program, args, { cwd: folder });
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    url,
    ask: (sql) => ask(url, sql),
    kill: () => end('SIGKILL'),
    start,
    async restart() {
      await end('SIGINT');
      await start();
    },
    stop,
  };
}

/** The command line of one of the server's programs. It refuses to run as root, so that Debian's own user for it does. */
async function ownerOf(folder: string): Promise<(program: string, args: readonly string[]) => readonly string[]> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('there is no PostgreSQL here: apt-get install postgresql');
  if (process.getuid?.() !== 0) return (program, args) => [join(programs, program), ...args];
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (which) => Number((await run('id', [which, 'postgres'])).stdout)));
  chownSync(folder, uid ?? 0, gid ?? 0);
  return (program, args) => ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', join(programs, program), ...args];
}

async function answers(url: string): Promise<boolean> {
  return ask(url, 'SELECT 1').then(() => true, () => false);
}

async function ask(connectionString: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const results = (await client.query(sql)) as unknown as pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[];
    return [results].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function startPglite(): Promise<PostgresServer> {
  const [{ PGlite }, { PGLiteSocketServer }] = await Promise.all([import('@electric-sql/pglite'), import('@electric-sql/pglite-socket')]);
  const db = await PGlite.create();
  const port = await freePort();
  const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 100 });
  await server.start();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let stopped = false;
  return {
    port,
    url,
    ask: (sql) => ask(url, sql),
    kill: refuse,
    start: refuse,
    restart: refuse,
    async stop() {
      if (stopped) return;
      stopped = true;
      await server.stop();
      await db.close();
    },
  };
}

const refuse = (): never => {
  throw new Error('PGlite cannot do this: use describe.skipIf(!realPostgres)');
};
