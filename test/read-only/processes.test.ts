import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReadOnlyMode, type ReadOnlyMode, type ReadOnlySwitch } from 'portcullis/read-only';
import { freshPath, openStore, spiedConnections } from '../stores/sqlite-support.ts';
import { order, recordKey } from './setup.ts';

async function modeOn(path: string): Promise<ReadOnlyMode> {
  const mode = createReadOnlyMode({ records: openStore(path) });
  onTestFinished(() => {
    mode.close();
  });
  expect(await mode.ready()).toBe(true);
  return mode;
}

function startProcess(path: string, job: 'watch' | 'order'): ChildProcess {
  const child = fork(join(import.meta.dirname, 'follower-process.ts'), [path, job], { execArgv: ['--no-warnings'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function heard(child: ChildProcess): Promise<{ readonly level: string; readonly atMs: number }> {
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(15_000) })) as [{ readonly level: string; readonly atMs: number }];
  return message;
}

describe('two processes on one file', () => {
  it('see the switch within a second, on and off', async () => {
    const path = freshPath();
    const mode = await modeOn(path);
    const child = startProcess(path, 'watch');
    expect(await heard(child)).toMatchObject({ level: 'off' });
    for (const level of ['writes', 'off', 'all'] as const) {
      const seen = heard(child);
      if (level === 'off') await mode.lift({ by: 'x' });
      else await mode.set({ ...order, level });
      const writtenMs = Date.now();
      const { level: found, atMs } = await seen;
      expect(found).toBe(level);
      expect(atMs - writtenMs).toBeLessThan(1_000);
    }
  });

  it('lose no order that was answered when one of them is killed, and none is half', async () => {
    const path = freshPath();
    const mode = await modeOn(path);
    for (let round = 0; round < 4; round += 1) {
      const child = startProcess(path, 'order');
      let said = '';
      child.stdout?.on('data', (chunk) => {
        said += String(chunk);
        if (said.split('\n').length > 20 + 7 * round) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      const last = Number(said.trim().split('\n').at(-1));
      expect(last).toBeGreaterThan(10);
      const turns = new Map((await mode.status()).map(({ scope, reason }: ReadOnlySwitch) => [scope.kind === 'user' ? scope.id : '', Number(reason.slice(5))]));
      // The last that was answered is there, or one of the same scope after it.
      expect(turns.get(`user-${last % 100}`)).toBeGreaterThanOrEqual(last);
      await mode.set({ ...order, scope: { kind: 'user', id: 'after' } });
    }
  });

  it('keep no process alive', async () => {
    const script = `
      const { createReadOnlyMode } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/read-only/index.ts'))});
      const { sqliteStore } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/stores/sqlite/index.ts'))});
      const mode = createReadOnlyMode({ records: sqliteStore(${JSON.stringify(freshPath())}) });
      await mode.ready();
      console.log('ends');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], { timeout: 15_000 });
    expect(stdout).toBe('ends\n');
  });
});

describe('a file that cannot be written', () => {
  it.each([
    ['the disk is full', 'PRAGMA max_page_count = 1', 'sqlite store: database or disk is full'],
    ['it may only be read', 'PRAGMA query_only = 1', 'sqlite store: attempt to write a readonly database'],
  ])('because %s: a clear error, and the switches that were', async (_why, pragma, message) => {
    const connections = spiedConnections();
    const path = freshPath();
    const mode = await modeOn(path);
    await mode.set(order);
    for (const connection of connections) connection.exec(pragma);
    // Small orders may find room in a full file; these do not.
    const given = await Promise.allSettled(Array.from({ length: 100 }, async (_, at) => mode.set({ ...order, level: 'all', scope: { kind: 'user', id: `user-${at}` }, reason: 'x'.repeat(500) })));
    const refused = given.filter((each) => each.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ERR_STORE', message });
    const kept = await mode.status();
    expect(kept).toHaveLength(1 + given.length - refused.length);
    expect(mode.known()).toEqual({ state: 'current', switches: kept });
    expect([mode.check({ method: 'POST' }).allowed, mode.check({ method: 'GET', accountId: 'user-99' }).allowed]).toEqual([false, true]);
    expect((await modeOn(path)).known()).toEqual({ state: 'current', switches: kept });
  });
});

describe('a row that something else has changed', () => {
  // ASVS 16.5.3
  it('is no "off": what was known holds, and whoever starts refuses writes', async () => {
    const path = freshPath();
    const mode = await modeOn(path);
    await mode.set({ ...order, level: 'all' });
    const database = new DatabaseSync(path);
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as { readonly name: string }[];
    let changed = 0;
    for (const { name } of tables) {
      const columns = database.prepare(`select name from pragma_table_info(?)`).all(name) as { readonly name: string }[];
      if (!columns.some((column) => column.name === 'value') || !columns.some((column) => column.name === 'key')) continue;
      changed += Number(database.prepare(`update ${name} set value = '{"off":true}' where key = ?`).run(recordKey).changes);
    }
    database.close();
    expect(changed).toBe(1);
    const fresh = createReadOnlyMode({ records: openStore(path) });
    onTestFinished(() => {
      fresh.close();
    });
    expect(await fresh.ready(700)).toBe(false);
    expect([mode.check({ method: 'GET' }).allowed, fresh.check({ method: 'POST' }).allowed, fresh.known().state]).toEqual([false, false, 'unknown']);
    await expect(fresh.status()).rejects.toMatchObject({ code: 'ERR_STORE' });
  });
});
