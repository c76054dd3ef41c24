import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CounterRule } from 'portcullis';
import { sqliteStore } from 'portcullis/sqlite';
import { fakeClock } from 'portcullis/testing';
import { freshPath, openStore, spiedConnections } from './sqlite-support.ts';

const hourly = (burst: number): CounterRule => ({ name: 'hourly', intervalMs: 3_600_000 / burst, burst });
const charge = (key: string) => [{ rule: hourly(3), key, cost: 1 }];
const newRecord = (key: string, value = 'v') => ({ key, expectedVersion: 0, value });
const storeError = (message: string): object => ({ name: 'StoreError', code: 'ERR_STORE', message: `sqlite store: ${message}` });
const configError = (message: string): Error => expect.objectContaining({ name: 'ConfigError', code: 'ERR_CONFIG', message }) as Error;

/** A raw connection, as another process has it. */
function rawConnection(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

async function promised<T>(answer: T | Promise<T>): Promise<T> {
  return answer;
}

/** Overwrites the last pages of a file. */
function spoilPages(path: string, count: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(count * 4_096, 0xff), 0, count * 4_096, statSync(path).size - count * 4_096);
  closeSync(file);
}

describe('the file of a sqlite store', () => {
  it('is for its owner alone, as are the files beside it', async () => {
    const path = freshPath();
    const store = openStore(path);
    await store.compareAndSet(newRecord('a:1'));
    await store.take(charge('a'));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
  });

  it('keeps the mode that it has', () => {
    const path = freshPath();
    openStore(path).close();
    chmodSync(path, 0o640);
    openStore(path);
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('is written to the disk with every record, and by the counters without waiting for the disk', () => {
    const connections = spiedConnections();
    openStore(freshPath());
    const pragma = (name: string) => connections.map((connection) => Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
    // 2 is FULL: a sync with each commit. 1 is NORMAL: a sync with each checkpoint.
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('busy_timeout')]).toEqual([['wal', 'wal'], [2, 1], [0, 0]]);
  });

  it('may have been left behind empty', async () => {
    const path = freshPath();
    writeFileSync(path, '');
    expect(await openStore(path).compareAndSet(newRecord('a:1'))).toBe(true);
  });

  it('is one file whatever its path looks like: odd characters, a link, a relative path', async () => {
    const path = join(dirname(freshPath()), 'é ?mode=memory#%41.db');
    const store = openStore(path);
    await store.compareAndSet(newRecord('a:1'));
    expect(existsSync(path)).toBe(true);
    symlinkSync(path, `${path}.link`);
    expect(await openStore(`${path}.link`).read('a:1')).toBeDefined();
  });

  it.each<[unknown, string]>([
    ['', 'sqliteStore.path: expected the path of a file, got a string of 0 characters'],
    [undefined, 'sqliteStore.path: expected the path of a file, got nothing'],
    [{ path: 'x' }, 'sqliteStore.path: expected the path of a file, got a value of type object'],
    ['a\0b', 'sqliteStore.path: expected the path of a file, got a string of 3 characters'],
    [':memory:', 'sqliteStore.path: expected the path of a file; for what may be lost there is memoryStore()'],
    ['file:x.db?mode=memory', 'sqliteStore.path: expected the path of a file; for what may be lost there is memoryStore()'],
    [join(import.meta.dirname, 'no', 'such', 'directory.db'), 'sqliteStore.path: the file cannot be made (ENOENT)'],
  ])('is not %j: ERR_CONFIG', (path, message) => {
    expect(() => sqliteStore(path as string)).toThrow(configError(message));
  });

  it('takes options by name', () => {
    const path = freshPath();
    expect(() => sqliteStore(path, { maxKeys: 7 })).toThrow(configError('sqliteStore.maxKeys: expected a whole number from 8 to 10000000, got 7'));
    expect(() => sqliteStore(path, { lockWait: 7 } as object)).toThrow(configError('sqliteStore.lockWait: unknown option, did you mean "lockWaitMs"?'));
    expect(existsSync(path)).toBe(false);
  });

  it('is refused when it is the database of something else, and left as it was', () => {
    const path = freshPath();
    const app = rawConnection(path);
    app.exec("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('ada')");
    app.close();
    const before = readFileSync(path);
    expect(() => sqliteStore(path)).toThrow(configError('sqliteStore.path: is the database of something else; give the store a file of its own'));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is refused when a newer version wrote it', () => {
    const path = freshPath();
    openStore(path).close();
    const newer = rawConnection(path);
    newer.exec('PRAGMA user_version = 2');
    newer.close();
    expect(() => sqliteStore(path)).toThrow(configError('sqliteStore.path: was written by a newer portcullis (schema 2, this one knows 1)'));
  });

  it('cannot be had where Node was built without SQLite', () => {
    const spy = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    onTestFinished(() => {
      spy.mockRestore();
    });
    const message = `sqliteStore: this build of Node (${process.version}) has no node:sqlite; use an official one, or another store`;
    expect(() => sqliteStore(freshPath())).toThrow(configError(message));
  });

  it('is not touched by the import: node:sqlite is loaded by the first store', () => {
    const source = JSON.stringify(join(import.meta.dirname, '../../src/stores/sqlite/index.ts'));
    const code = `const { sqliteStore } = await import(${source});
      const loaded = () => process.moduleLoadList.some((name) => /sqlite/.test(name));
      const before = loaded();
      sqliteStore(${JSON.stringify(freshPath())}).close();
      console.log(before, loaded());`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(stdout).toBe('false true\n');
  });
});

describe('a sqlite store whose file is broken', () => {
  it.each([
    ['no database at all', (path: string) => { writeFileSync(path, 'a letter to a friend'.repeat(1_000)); }, 'file is not a database'],
    ['a directory', (path: string) => { spawnSync('mkdir', [path]); }, 'unable to open database file'],
  ])('fails with ERR_STORE: %s', (_what, spoil, message) => {
    const path = freshPath();
    spoil(path);
    expect(() => sqliteStore(path)).toThrow(expect.objectContaining(storeError(message)) as Error);
  });

  it('fails with ERR_STORE and never answers from what is left', async () => {
    const path = freshPath();
    const clock = fakeClock();
    const store = openStore(path, { clock });
    for (let index = 0; index < 300; index += 1) {
      await store.compareAndSet(newRecord(`a:${index}`, 'x'.repeat(300)));
      await store.take(charge(`key-${index}`));
    }
    store.close();
    // All but the one that says which tables there are.
    spoilPages(path, statSync(path).size / 4_096 - 1);
    expect(() => openStore(path, { clock })).toThrow(expect.objectContaining(storeError('database disk image is malformed')) as Error);
  });

  it('fails with ERR_STORE where only some pages are broken', async () => {
    const path = freshPath();
    const store = openStore(path);
    for (let index = 0; index < 300; index += 1) await store.compareAndSet(newRecord(`a:${index}`, 'x'.repeat(300)));
    store.close();
    spoilPages(path, 8);
    const next = openStore(path);
    const answers = await Promise.allSettled(Array.from({ length: 300 }, (_, index) => next.read(`a:${index}`)));
    const failed = answers.filter((answer) => answer.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) expect(reason).toMatchObject(storeError('database disk image is malformed'));
    for (const answer of answers) if (answer.status === 'fulfilled') expect(answer.value?.value).toBe('x'.repeat(300));
  });

  it('fails with ERR_STORE where it may only be read', () => {
    const path = freshPath();
    openStore(path).close();
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o444);
    const source = JSON.stringify(join(import.meta.dirname, '../../src/stores/sqlite/index.ts'));
    const code = `const { sqliteStore } = await import(${source});
      ${process.getuid?.() === 0 ? 'process.setuid(65534);' : ''}
      try { sqliteStore(${JSON.stringify(path)}); } catch ({ code, message }) { console.log(code, message); }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(stdout).toMatch(/^ERR_STORE sqlite store: (attempt to write a readonly database|unable to open database file)\n$/);
  });
});

describe('a sqlite store whose disk is full', () => {
  it('refuses with ERR_STORE what it cannot write, keeps what it has, and goes on when there is room', async () => {
    const connections = spiedConnections();
    const store = openStore(freshPath());
    await store.compareAndSet(newRecord('a:kept', 'kept'));
    await store.take(charge('kept'));
    const limit = (pages: number | string): void => {
      for (const connection of connections) connection.exec(`PRAGMA max_page_count = ${pages}`);
    };
    limit(1);
    const long = 'x'.repeat(50_000);
    await expect(store.compareAndSet(newRecord('a:long', long))).rejects.toMatchObject(storeError('database or disk is full'));
    expect(await store.read('a:long')).toBeUndefined();
    expect((await store.read('a:kept'))?.value).toBe('kept');
    const flood = async (): Promise<void> => {
      for (let index = 0; index < 1_000; index += 1) await store.take(charge(`fresh-${index}`));
    };
    await expect(flood()).rejects.toMatchObject(storeError('database or disk is full'));
    expect([await store.take(charge('kept')), await store.take(charge('kept')), await store.take(charge('kept'))].map(({ allowed }) => allowed)).toEqual([true, true, false]);
    limit(1_000_000);
    expect(await store.compareAndSet(newRecord('a:long', long))).toBe(true);
    await flood();
    expect((await store.read('a:long'))?.value).toBe(long);
  });

  it('leaves a sound file with every answered write when the system refuses to let it grow', async () => {
    const path = freshPath();
    const source = JSON.stringify(join(import.meta.dirname, '../../src/stores/sqlite/index.ts'));
    const code = `const { sqliteStore } = await import(${source});
      process.on('SIGXFSZ', () => undefined);
      const store = sqliteStore(${JSON.stringify(path)});
      let answered = 0;
      try {
        for (; answered < 5_000; answered += 1) await store.compareAndSet({ key: 'a:' + answered, expectedVersion: 0, value: 'x'.repeat(1_000) });
      } catch ({ code }) { console.log(answered, code); }
      console.log((await store.read('a:' + (answered - 1))).value.length);`;
    const { stdout } = spawnSync('sh', ['-c', 'ulimit -f 1000; exec "$0" --input-type=module -e "$1"', process.execPath, code], { encoding: 'utf8' });
    expect(stdout).toMatch(/^\d+ ERR_STORE\n1000\n$/);
    const store = openStore(path);
    for (let index = 0; index < Number.parseInt(stdout); index += 1) expect((await store.read(`a:${index}`))?.value.length).toBe(1_000);
    expect(rawConnection(path).prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  });
});

describe('a sqlite store while another process is stuck in a write', () => {
  function setup() {
    const path = freshPath();
    const clock = fakeClock();
    const store = openStore(path, { clock, lockWaitMs: 500 });
    const other = rawConnection(path);
    return { clock, store, other, stick: () => { other.exec('BEGIN IMMEDIATE'); }, letGo: () => { other.exec('ROLLBACK'); } };
  }
  const late = storeError('another process kept the file for longer than 500 ms');

  it('counts it as down after a while, and does not hold up the event loop meanwhile', async () => {
    const { clock, store, stick } = setup();
    stick();
    const startMs = performance.now();
    const answers = Promise.allSettled([promised(store.take(charge('a'))), store.compareAndSet(newRecord('a:1')), (async () => store.giveBack(charge('a')))()]);
    expect(performance.now() - startMs).toBeLessThan(100);
    let done = false;
    void answers.then(() => {
      done = true;
    });
    await clock.advance(499);
    expect(done).toBe(false);
    await clock.advance(10);
    expect(await answers).toMatchObject([{ reason: late }, { reason: late }, { reason: late }]);
  });

  it('still reads, and still refuses who has nothing left', async () => {
    const { store, stick } = setup();
    await store.take([{ ...charge('a')[0], cost: 3 } as never]);
    await store.compareAndSet(newRecord('a:1'));
    stick();
    expect(await store.read('a:1')).toBeDefined();
    expect(await store.compareAndSet(newRecord('a:1'))).toBe(false);
    expect((await store.take(charge('a'))).allowed).toBe(false);
    expect((await store.peek(charge('b'))).allowed).toBe(true);
  });

  it('does in turn what had to wait, by what was asked then', async () => {
    const { clock, store, stick, letGo } = setup();
    stick();
    const charges = charge('a');
    const answers = Promise.all([...Array.from({ length: 5 }, async () => (await store.take(charges)).allowed), store.compareAndSet(newRecord('a:1')), store.compareAndSet(newRecord('a:1'))]);
    charges[0] = { rule: hourly(3), key: 'another', cost: 3 };
    await clock.advance(100);
    letGo();
    // The file is free, and yet who comes now comes last.
    const last = store.take(charge('a'));
    await clock.advance(100);
    expect(await answers).toEqual([true, true, true, false, false, true, false]);
    expect((await last).allowed).toBe(false);
    expect((await store.take(charge('another'))).allowed).toBe(true);
  });

  it('lets 10,000 calls wait and refuses the next at once', async () => {
    const { clock, store, stick } = setup();
    stick();
    const waiting = Promise.allSettled(Array.from({ length: 10_000 }, (_, index) => promised(store.take(charge(`key-${index}`)))));
    expect(() => store.take(charge('one more'))).toThrow(expect.objectContaining(storeError('10000 calls wait for another process already')) as Error);
    await clock.advance(1_000);
    expect((await waiting).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('gives up what waits when it is closed', async () => {
    const { store, stick } = setup();
    stick();
    const answer = store.compareAndSet(newRecord('a:1'));
    store.close();
    await expect(answer).rejects.toMatchObject(storeError('closed'));
  });
});

describe('a closed sqlite store', () => {
  it('fails with ERR_STORE whatever is asked of it, and may be closed again', async () => {
    const clock = fakeClock();
    const store = openStore(freshPath(), { clock });
    let heard = 0;
    store.watch('a:1', () => {
      heard += 1;
    });
    store.close();
    store.close();
    const closed = storeError('closed');
    for (const call of [() => store.take(charge('a')), () => store.peek(charge('a')), () => store.giveBack(charge('a')), () => store.clear(hourly(3), 'a'), () => store.watch('a', () => undefined)]) {
      expect(call).toThrow(expect.objectContaining(closed) as Error);
    }
    await expect(store.read('a:1')).rejects.toMatchObject(closed);
    await expect(store.compareAndSet(newRecord('a:1'))).rejects.toMatchObject(closed);
    await clock.advance(5_000);
    expect(heard).toBe(0);
  });
});
