import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createAuditLog, fileSink, fileSinkDefaults, type AuditEntry, type FileSinkOptions } from 'portcullis/audit';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { entriesOf, entryFor, filesOf, freshLog, inProcess, linesOf, logTo, openSink, write } from './file-support.ts';
import { examples, keys } from './support.ts';

describe('the file sink', () => {
  // ASVS 5.0 16.2.4, 16.4.1
  it('appends one line of JSON for each entry, to a file that only its owner reads', async () => {
    const path = freshLog();
    const { log } = logTo(path);
    for (const event of Object.values(examples)) log.emit(event);
    expect(await log.drain(20_000)).toBe(0);
    expect(linesOf(path).map((line) => (JSON.parse(line) as AuditEntry).event)).toEqual(Object.keys(examples));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('goes on at the end of a file that is there, and leaves its mode alone', async () => {
    const path = freshLog();
    await write(path, 3);
    const before = readFileSync(path, 'utf8');
    chmodSync(path, 0o640);
    await write(path, 2);
    expect(readFileSync(path, 'utf8').startsWith(before)).toBe(true);
    expect(linesOf(path)).toHaveLength(5);
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('writes whole lines in order when a thousand come at once', async () => {
    const path = freshLog();
    const sink = openSink(path);
    const entry = await entryFor();
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => sink.write({ ...entry, id: `own-${index}` })));
    expect(entriesOf(path).map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, index) => `own-${index}`));
  });

  it('opens its file anew after it was closed', async () => {
    const path = freshLog();
    const sink = openSink(path);
    await sink.write(await entryFor());
    await sink.close();
    await sink.close();
    await sink.write(await entryFor());
    expect(linesOf(path)).toHaveLength(2);
  });
});

describe('a file that is rotated', () => {
  it('by its size: no file is larger, the oldest goes, and the numbers grow', async () => {
    const path = freshLog();
    await write(path, 200, { maxBytes: 4096, maxFiles: 3 });
    const files = filesOf(path);
    expect(files).toHaveLength(4);
    for (const file of files) expect(statSync(file).size).toBeLessThanOrEqual(4096);
    const accounts = entriesOf(path).map(({ account = '' }) => Number(account.slice(8)));
    expect(accounts.at(-1)).toBe(199);
    expect(accounts).toEqual(Array.from({ length: accounts.length }, (_, index) => 200 - accounts.length + index));
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600, 0o600]);
    const [first = ''] = files;
    await write(path, 20, { maxBytes: 4096, maxFiles: 3 });
    expect(existsSync(first)).toBe(false);
  });

  it('by somebody else: what comes a second later goes to a file of the old name', async () => {
    const path = freshLog();
    const clock = fakeClock();
    const sink = openSink(path, { clock });
    const entry = await entryFor();
    await sink.write({ ...entry, id: 'one' });
    renameSync(path, `${path}.1`);
    await sink.write({ ...entry, id: 'two' });
    await clock.advance(1_000);
    await sink.write({ ...entry, id: 'three' });
    expect(linesOf(`${path}.1`)).toHaveLength(2);
    expect(linesOf(path)).toEqual([JSON.stringify({ ...entry, id: 'three' })]);
  });

  it('by a copy and a cut', async () => {
    const path = freshLog();
    const clock = fakeClock();
    const sink = openSink(path, { clock });
    const entry = await entryFor();
    await sink.write({ ...entry, id: 'one' });
    truncateSync(path, 0);
    await clock.advance(1_000);
    await sink.write({ ...entry, id: 'two' });
    expect(linesOf(path)).toEqual([JSON.stringify({ ...entry, id: 'two' })]);
  });

  // ASVS 5.0 16.4.3
  it('under a load of 50,000 entries: nothing is lost, and memory stays flat', async () => {
    const path = freshLog();
    const { log, sink } = logTo(path, { maxBytes: 1024 * 1024, maxFiles: 100 });
    const grown: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      for (let turn = 0; turn < 500; turn += 1) log.emit({ type: 'sign-in.failed', reason: 'wrong-password', accountId: `account-${round * 500 + turn}` });
      expect(await log.drain(20_000)).toBe(0);
      grown.push(process.memoryUsage().arrayBuffers);
    }
    await sink.close();
    expect(log.dropped()).toEqual({ refused: 0, bySink: { file: 0 } });
    expect(filesOf(path).length).toBeGreaterThan(8);
    let next = 0;
    for (const file of filesOf(path)) for (const line of linesOf(file)) if ((JSON.parse(line) as AuditEntry).account === `account-${next}`) next += 1;
    expect(next).toBe(50_000);
    // 50,000 entries are 12 MB.
    expect(Math.max(...grown.slice(50)) - Math.max(...grown.slice(0, 10))).toBeLessThan(4 * 1024 * 1024);
  });
});

describe('a line that was not finished', () => {
  it('does not spoil the next one', async () => {
    const path = freshLog();
    await write(path, 2);
    appendFileSync(path, '{"time":"2026-01-01T00:00');
    await write(path, 1);
    const lines = linesOf(path);
    expect(lines).toHaveLength(4);
    expect(lines[2]).toBe('{"time":"2026-01-01T00:00');
    expect((JSON.parse(lines[3] ?? '') as AuditEntry).account).toBe('account-0');
  });

  it('is all that SIGKILL in the middle of writing leaves behind', async () => {
    const path = freshLog();
    const source = JSON.stringify(join(import.meta.dirname, '../../src/audit/index.ts'));
    const code = `const { fileSink } = await import(${source});
      const sink = fileSink({ path: ${JSON.stringify(path)} });
      const entry = ${JSON.stringify(await entryFor())};
      for (let turn = 0; ; turn += 1) {
        await sink.write({ ...entry, id: 'turn-' + turn });
        process.stdout.write('turn-' + turn + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.length > 20_000) child.kill('SIGKILL');
    });
    await once(child, 'close');
    // The lock of a dead process is taken over.
    await write(path, 1);
    const answered = said.split('\n').slice(0, -1);
    const ids = linesOf(path).slice(0, -1).flatMap((line) => (line.endsWith('}') ? [(JSON.parse(line) as AuditEntry).id] : []));
    expect(ids.length).toBeGreaterThanOrEqual(answered.length);
    expect(ids.slice(0, answered.length)).toEqual(answered);
    expect((JSON.parse(linesOf(path).at(-1) ?? '') as AuditEntry).account).toBe('account-0');
  });
});

// ASVS 5.0 16.4.3, 16.5.2
describe('a file that cannot be written', () => {
  it('because the disk is full costs entries, counted and told of, and no line is broken by those that follow', async () => {
    const path = freshLog();
    const told = inProcess(path, `
      const alarms = [];
      const clock = fakeClock();
      const log = createAuditLog({ keys, clock, sinks: [fileSink({ path }), (entry) => { if (entry.event === 'audit.sink-failed') alarms.push(entry.details.sink + ' ' + entry.details.error); }] });
      for (let turn = 0; turn < 60; turn += 1) log.emit({ type: 'sign-out.succeeded', accountId: 'account-' + turn });
      for (let turn = 0; turn < 300; turn += 1) {
        await clock.advance(100);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      console.log(JSON.stringify({ alarms, lost: log.dropped().bySink.file > 0 }));
      process.exit(0);`, { limitBlocks: 16 });
    expect(JSON.parse(told)).toEqual({ alarms: ['file Error EFBIG'], lost: true });
    expect(statSync(path).size).toBe(8192);
    await write(path, 1);
    const lines = linesOf(path);
    const broken = lines.filter((line) => !line.endsWith('}'));
    expect(broken).toHaveLength(1);
    expect((JSON.parse(lines.at(-1) ?? '') as AuditEntry).account).toBe('account-0');
  });

  it('because it is read-only rejects, with the code that the alarm tells', async () => {
    const path = freshLog();
    writeFileSync(path, '');
    chmodSync(path, 0o400);
    chmodSync(join(path, '..'), 0o777);
    const told = inProcess(path, `
      const sink = fileSink({ path });
      await sink.write({}).catch(({ code }) => console.log(code));
      await sink.close();`, { asNobody: true });
    expect(told).toBe('EACCES');
    chmodSync(path, 0o600);
    await write(path, 1);
  });

  it('because its directory went away: what is written later arrives when it is back', async () => {
    const path = freshLog();
    const directory = join(path, '..');
    const clock = fakeClock();
    const sink = openSink(path, { clock });
    const entry = await entryFor();
    await sink.write(entry);
    renameSync(directory, `${directory}-away`);
    await clock.advance(1_000);
    await expect(sink.write(entry)).rejects.toMatchObject({ code: expect.stringMatching(/^(ENOENT|ERR_BUSY)$/) as string });
    renameSync(`${directory}-away`, directory);
    await sink.write({ ...entry, id: 'later' });
    expect(entriesOf(path).map(({ id }) => id)).toEqual([entry.id, 'later']);
  });
});

describe('a second writer of one file', () => {
  it('in the same process is refused', async () => {
    const path = freshLog();
    const first = openSink(path);
    await first.write(await entryFor());
    await expect(openSink(path).write(await entryFor())).rejects.toMatchObject({ code: 'ERR_BUSY' });
    await first.close();
    await openSink(path).write(await entryFor());
    expect(linesOf(path)).toHaveLength(2);
  });

  it('is one of fifty that begin at once', async () => {
    const path = freshLog();
    const entry = await entryFor();
    const ended = await Promise.allSettled(Array.from({ length: 50 }, () => openSink(path).write(entry)));
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(ended.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code: string }).code] : []))).toEqual(Array.from({ length: 49 }, () => 'ERR_BUSY'));
    expect(linesOf(path)).toHaveLength(1);
  });

  it('is one of fifty that find the lock of a process that is gone', async () => {
    const path = freshLog();
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: 2 ** 30, thread: 0, host: hostname(), lockId: 'x' }));
    const entry = await entryFor();
    const ended = await Promise.allSettled(Array.from({ length: 50 }, () => openSink(path).write(entry)));
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(linesOf(path)).toHaveLength(1);
  });

  it('waits for a lock that somebody is just writing', async () => {
    const path = freshLog();
    writeFileSync(`${path}.lock`, '');
    await expect(openSink(path).write(await entryFor())).rejects.toMatchObject({ code: 'ERR_BUSY' });
  });

  it('in another process is refused while the first lives', async () => {
    const path = freshLog();
    await openSink(path).write(await entryFor());
    const told = inProcess(path, 'await fileSink({ path }).write({}).catch(({ code }) => console.log(code)); process.exit(0);');
    expect(told).toBe('ERR_BUSY');
    expect(linesOf(path)).toHaveLength(1);
  });

  it('takes over what nobody has cared for in 30 seconds, and the first then refuses', async () => {
    const path = freshLog();
    const clock = fakeClock();
    const first = openSink(path, { clock });
    await first.write(await entryFor());
    const later = fakeClock(clock.nowMs() + 31_000);
    const second = openSink(path, { clock: later });
    await second.write(await entryFor());
    await clock.advance(11_000);
    await expect(first.write(await entryFor())).rejects.toMatchObject({ code: 'ERR_BUSY' });
    expect(linesOf(path)).toHaveLength(2);
  });

  it.each([
    ['is empty', ''],
    ['is no JSON', '{"pid":'],
    ['names a process that is gone', JSON.stringify({ pid: 2 ** 30, thread: 0, host: 'elsewhere', lockId: 'x' })],
  ])('is not kept out by a lock that %s', async (_what, text) => {
    const path = freshLog();
    writeFileSync(`${path}.lock`, text);
    const sink = openSink(path, { clock: fakeClock(Date.UTC(2040, 0, 1)) });
    await sink.write(await entryFor());
    expect(linesOf(path)).toHaveLength(1);
  });
});

describe('the options of the file sink', () => {
  it.each([
    [{}, 'fileSink.path: expected a non-empty string, got nothing'],
    [{ path: '/no-such-directory-9f2c/audit.log' }, 'fileSink.path: expected a file in a directory that exists, got a string of 33 characters'],
    [{ path: '/dev/null' }, 'fileSink.path: expected a regular file, got a string of 9 characters'],
    [{ path: 'audit.log', name: 'a b' }, 'fileSink.name: expected 1 to 64 letters, digits, ".", "_" or "-"'],
    [{ path: 'audit.log', maxBytes: 1 }, 'fileSink.maxBytes: expected a whole number from 4096 to 1099511627776, got 1'],
    [{ path: 'audit.log', maxFiles: 0 }, 'fileSink.maxFiles: expected a whole number from 1 to 10000, got 0'],
    [{ path: 'audit.log', maxFile: 3 }, 'fileSink.maxFile: unknown option, did you mean "maxFiles"?'],
  ])('are refused where they are wrong: %#', (options, message) => {
    expect(() => fileSink(options as FileSinkOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
  });

  it('have the defaults that the documentation names', () => {
    expect(fileSinkDefaults).toEqual({ name: 'file', maxBytes: 67_108_864, maxFiles: 16, chain: { anchorEntries: 100, anchorMs: 10_000 } });
    expect(Object.isFrozen(fileSinkDefaults)).toBe(true);
    const path = freshLog();
    mkdirSync(`${path}.d`);
    expect(() => fileSink({ path: `${path}.d` })).toThrow('fileSink.path: expected a regular file');
    expect(() => createAuditLog({ keys, sinks: [fileSink({ path }), fileSink({ path })] })).toThrow("audit.sinks: expected every sink's name once, got one twice");
  });
});
