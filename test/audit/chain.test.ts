import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { createKeyRing, memoryStore, type RecordStore, type SecurityEvent } from 'portcullis';
import { createAuditLog, fileSink, verifyAuditFiles, type AuditProblemKind, type AuditVerification, type FileSinkOptions, type VerifyAuditFilesOptions } from 'portcullis/audit';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { openStore, freshPath } from '../stores/sqlite-support.ts';
import { entryFor, filesOf, freshLog, inProcess, linesOf, logTo, openSink, whileTimePasses, write } from './file-support.ts';
import { keys } from './support.ts';

const chain = { keys };

async function verify(path: string, more: Partial<VerifyAuditFilesOptions> = {}): Promise<AuditVerification> {
  return verifyAuditFiles({ keys, path, ...more });
}

async function kindsOf(path: string, more: Partial<VerifyAuditFilesOptions> = {}): Promise<readonly AuditProblemKind[]> {
  return (await verify(path, more)).problems.map(({ kind }) => kind);
}

function rewrite(path: string, change: (lines: string[]) => readonly string[]): void {
  writeFileSync(path, change([...linesOf(path)]).map((line) => `${line}\n`).join(''));
}

/** The lines of a chain of 20, made once: a test changes a copy. */
async function twentyLines(): Promise<readonly string[]> {
  const path = freshLog();
  await write(path, 20, { chain });
  return linesOf(path);
}

// ASVS 5.0 16.4.2
describe('a chained log', () => {
  it('is sound as it was written, over restarts and rotations', async () => {
    const path = freshLog();
    for (const times of [1, 30, 7]) await write(path, times, { chain, maxBytes: 4096, maxFiles: 100 });
    const found = await verify(path);
    expect(found).toMatchObject({ ok: true, entries: 38, torn: 0, firstSeq: 1, lastSeq: 38, anchor: 'unknown', problems: [], problemCount: 0 });
    expect(found.files).toEqual(filesOf(path));
    expect(found.files.length).toBeGreaterThan(4);
  });

  it('is sound in files of many thousand lines', async () => {
    const path = freshLog();
    const { log, sink } = logTo(path, { chain, maxBytes: 512 * 1024, maxFiles: 100 });
    for (let round = 0; round < 10; round += 1) {
      for (let turn = 0; turn < 500; turn += 1) log.emit({ type: 'sign-in.failed', reason: 'wrong-password', accountId: 'ж'.repeat(turn % 250) });
      expect(await log.drain(20_000)).toBe(0);
    }
    await sink.close();
    const found = await verify(path);
    expect(found).toMatchObject({ ok: true, entries: 5_000, firstSeq: 1, lastSeq: 5_000 });
    expect(found.files.length).toBeGreaterThan(4);
  });

  it('is sound while it is written', async () => {
    const path = freshLog();
    const records = memoryStore();
    const sink = openSink(path, { chain: { keys, records, anchorEntries: 1 }, maxBytes: 16_384, maxFiles: 1_000 });
    const entry = await entryFor();
    const state = { going: true };
    const writing = (async () => {
      let written = 0;
      while (state.going) {
        await sink.write(entry);
        written += 1;
      }
      return written;
    })();
    for (let turn = 0; turn < 20; turn += 1) {
      const found = await verify(path, { records });
      // A line may be half there.
      expect(found.problems.filter(({ kind }) => kind !== 'truncated')).toEqual([]);
      expect(['reached', 'absent']).toContain(found.anchor);
    }
    state.going = false;
    const written = await writing;
    await sink.close();
    expect(await verify(path, { records })).toMatchObject({ ok: true, entries: written });
  });

  it('is sound after its oldest files were removed, and says where it begins', async () => {
    const path = freshLog();
    await write(path, 60, { chain, maxBytes: 4096, maxFiles: 2 });
    const found = await verify(path);
    expect(found).toMatchObject({ ok: true, lastSeq: 60 });
    expect(found.firstSeq).toBeGreaterThan(1);
    expect(found.entries).toBe(60 - (found.firstSeq ?? 0) + 1);
  });

  it.each(['.1', '-20260101'])('is sound after logrotate moved a file to %s, also while the app was down', async (suffix) => {
    const path = freshLog();
    const clock = fakeClock();
    const sink = openSink(path, { chain, clock });
    const entry = await entryFor();
    await sink.write(entry);
    renameSync(path, `${path}${suffix}`);
    await clock.advance(1_000);
    await sink.write(entry);
    await sink.close();
    renameSync(path, `${path}.0`);
    await openSink(path, { chain }).write(entry);
    expect(await verify(path)).toMatchObject({ ok: true, entries: 3, lastSeq: 3, files: [`${path}${suffix}`, `${path}.0`, path] });
  });

  it('is sound after a copy and a cut', async () => {
    const path = freshLog();
    const clock = fakeClock();
    const sink = openSink(path, { chain, clock });
    await sink.write(await entryFor());
    writeFileSync(`${path}.1`, readFileSync(path));
    truncateSync(path, 0);
    await clock.advance(1_000);
    await sink.write(await entryFor());
    expect(await verify(path)).toMatchObject({ ok: true, entries: 2 });
  });

  it('keeps the entries as they are', async () => {
    const path = freshLog();
    const entry = await entryFor({ type: 'sign-in.failed', reason: 'wrong-password', accountId: '"}\n{"chain":{}}\u2028' });
    await openSink(path, { chain }).write(entry);
    const { chain: link, ...rest } = JSON.parse(linesOf(path)[0] ?? '') as Record<string, unknown>;
    expect(rest).toEqual(entry);
    expect(link).toEqual({ id: expect.stringMatching(/^[\w-]{12}$/) as string, seq: 1, key: 'k1', prev: '', first: true, mac: expect.stringMatching(/^[\w-]{43}$/) as string });
    expect((await verify(path)).ok).toBe(true);
  });

  it('is verified with an old key of the ring, and not without it', async () => {
    const path = freshLog();
    await write(path, 2, { chain });
    const old = { id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') };
    const next = { id: 'k2', secret: Buffer.from('another-key-another-key-another-') };
    await write(path, 2, { chain: { keys: createKeyRing({ keys: [next, old] }) } });
    expect(await verify(path, { keys: createKeyRing({ keys: [next, old] }) })).toMatchObject({ ok: true, entries: 4 });
    expect(await kindsOf(path, { keys: createKeyRing({ keys: [next] }) })).toEqual(['unknown-key', 'unknown-key']);
  });

  it('cannot be made by whoever has no key', async () => {
    const path = freshLog();
    const stranger = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('another-key-another-key-another-') }] });
    await write(path, 3, { chain: { keys: stranger } });
    expect(await kindsOf(path)).toEqual(['edited', 'edited', 'edited']);
  });

  it('that begins in a file with other lines says that those are not in it', async () => {
    const path = freshLog();
    await write(path, 2);
    await write(path, 2, { chain });
    expect(await verify(path)).toMatchObject({ ok: false, entries: 2, problems: [{ file: path, line: 1, kind: 'unchained' }, { file: path, line: 2, kind: 'unchained' }] });
  });
});

// ASVS 5.0 16.4.2
describe('what was done to a chained log is found', () => {
  it.each<[string, (lines: string[]) => readonly string[], readonly AuditProblemKind[]]>([
    ['an edited line', (lines) => lines.with(7, (lines[7] ?? '').replace('account-7', 'account-8')), ['edited']],
    ['a line whose code was copied from another', (lines) => lines.with(7, (lines[7] ?? '').replace(/"mac":".*"/, /"mac":".*"/.exec(lines[8] ?? '')?.[0] ?? '')), ['edited']],
    ['a removed line', (lines) => lines.toSpliced(7, 1), ['missing']],
    ['a removed first line', (lines) => lines.slice(1), ['missing']],
    ['two lines that changed places', (lines) => lines.with(7, lines[8] ?? '').with(8, lines[7] ?? ''), ['missing', 'reordered']],
    ['a line that is there twice', (lines) => lines.toSpliced(9, 0, lines[7] ?? ''), ['reordered']],
    ['a line that was put in', (lines) => lines.toSpliced(9, 0, (lines[7] ?? '').replace('account-7', 'account-8')), ['edited']],
    ['an entry without a place in the chain', (lines) => lines.toSpliced(9, 0, (lines[7] ?? '').replace(/,"chain":.*/, '}')), ['unchained']],
    ['text that is no entry', (lines) => lines.toSpliced(9, 0, 'nothing'), ['malformed']],
    ['JSON that is no entry', (lines) => lines.toSpliced(9, 0, '{"event":"sign-in.succeeded"}'), ['malformed']],
    ['a line that was made unreadable', (lines) => lines.with(7, 'x'), ['malformed']],
    ['a space more', (lines) => lines.with(7, (lines[7] ?? '').replace('{', '{ ')), ['edited']],
    ['a carriage return', (lines) => lines.with(7, `${lines[7] ?? ''}\r`), ['edited']],
    ['an empty line', (lines) => lines.toSpliced(9, 0, ''), ['malformed']],
    ['the end of a last line cut off', (lines) => lines.with(-1, (lines.at(-1) ?? '').slice(0, 100)), ['malformed']],
  ])('%s', async (_what, change, kinds) => {
    const path = freshLog();
    await write(path, 20, { chain });
    rewrite(path, change);
    expect(await kindsOf(path)).toEqual(kinds);
  });

  it('lines of another log of the same keys', async () => {
    const [path, other] = [freshLog(), freshLog()];
    await write(path, 5, { chain });
    await write(other, 5, { chain });
    rewrite(path, (lines) => lines.toSpliced(3, 0, linesOf(other)[3] ?? ''));
    expect(await kindsOf(path)).toEqual(['reordered']);
    rewrite(path, () => linesOf(other).slice(2));
    expect(await kindsOf(path)).toEqual(['missing']);
  });

  it('a file that was taken out from between two others', async () => {
    const path = freshLog();
    await write(path, 40, { chain, maxBytes: 4096, maxFiles: 100 });
    const [, second = '', third = ''] = filesOf(path);
    rmSync(second);
    expect((await verify(path)).problems).toEqual([{ file: third, line: 1, kind: 'missing' }]);
  });

  it('each change, wherever it is and whatever it is', async () => {
    const lines = await twentyLines();
    const path = freshLog();
    const place = fc.nat({ max: 19 });
    const changed = fc.oneof(
      fc.tuple(place, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, where, by]) => {
        // Any byte of a line becomes another one.
        const bytes = Buffer.from(lines[at] ?? '');
        bytes[where % bytes.length] = (bytes[where % bytes.length] ?? 0) ^ by;
        return lines.map((line, index) => (index === at ? bytes.toString('latin1') : line));
      }),
      fc.tuple(fc.nat({ max: 18 }), fc.integer({ min: 1, max: 19 })).map(([at, many]) => lines.toSpliced(at, Math.min(many, 19 - at))),
      fc.tuple(place, place).filter(([one, other]) => one !== other).map(([one, other]) => lines.toSpliced(one, 1).toSpliced(other, 0, lines[one] ?? '')),
      fc.tuple(place, place).map(([from, to]) => lines.toSpliced(to, 0, lines[from] ?? '')),
      fc.tuple(place, fc.string({ unit: fc.constantFrom('a', '"', '{', '}', '\\', ' '), maxLength: 20 })).map(([at, text]) => lines.toSpliced(at, 0, text)),
    );
    await fc.assert(fc.asyncProperty(changed, async (tampered) => {
      writeFileSync(path, tampered.map((line) => `${line}\n`).join(''), 'latin1');
      const { ok, problems } = await verify(path);
      expect(ok).toBe(false);
      expect(problems.length).toBeGreaterThan(0);
    }), { numRuns: 300 });
  });

  it('and told of up to a limit, the others counted', async () => {
    const path = freshLog();
    await write(path, 2, { chain });
    appendFileSync(path, 'nothing\n'.repeat(1_000));
    const found = await verify(path, { maxProblems: 3 });
    expect(found.problems).toEqual([3, 4, 5].map((line) => ({ file: path, line, kind: 'malformed' })));
    expect(found.problemCount).toBe(1_000);
  });

  it('in lines of 10 MB, without keeping them in memory', async () => {
    const path = freshLog();
    await write(path, 2, { chain });
    truncateSync(path, 100_000_000);
    appendFileSync(path, '\n');
    const before = process.memoryUsage().arrayBuffers;
    await write(path, 1, { chain });
    expect(await kindsOf(path)).toEqual(['malformed', 'missing']);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000);
  });
});

describe('a chain and a process that dies', () => {
  it('goes on behind an unfinished line, which is no problem: the next line knows of it', async () => {
    const path = freshLog();
    await write(path, 3, { chain });
    truncateSync(path, statSync(path).size - 100);
    expect((await verify(path)).problems).toEqual([{ file: path, line: 3, kind: 'truncated' }]);
    await write(path, 2, { chain });
    expect(await verify(path)).toMatchObject({ ok: true, entries: 4, torn: 1, lastSeq: 4 });
    rewrite(path, (lines) => lines.toSpliced(2, 0, '{"another'));
    expect(await kindsOf(path)).toEqual(['malformed']);
  });

  it('is sound after SIGKILL in the middle of writing and a restart, time and again', async () => {
    const path = freshLog();
    const source = JSON.stringify(join(import.meta.dirname, '../../src/audit/index.ts'));
    const kernel = JSON.stringify(join(import.meta.dirname, '../../src/kernel/keys.ts'));
    const code = `const { fileSink } = await import(${source});
      const { createKeyRing } = await import(${kernel});
      const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });
      const sink = fileSink({ path: ${JSON.stringify(path)}, chain: { keys }, maxBytes: 8192, maxFiles: 10000 });
      const entry = ${JSON.stringify(await entryFor())};
      for (;;) {
        await sink.write(entry);
        process.stdout.write('.');
      }`;
    let answered = 0;
    for (const enough of [1, 20, 333]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = 0;
      child.stdout.on('data', (dots: Buffer) => {
        said += dots.length;
        if (said >= enough) child.kill('SIGKILL');
      });
      await once(child, 'close');
      answered += said;
    }
    await write(path, 1, { chain });
    const found = await verify(path);
    expect(found).toMatchObject({ ok: true, problems: [] });
    expect(found.entries).toBeGreaterThan(answered);
  });

  it('goes on in the file of its first line, which was unfinished', async () => {
    const path = freshLog();
    writeFileSync(path, '{"time":');
    await write(path, 2, { chain });
    expect(await verify(path)).toMatchObject({ ok: true, entries: 2, torn: 1 });
  });

  it('goes on behind a whole line that only lacks its end of line', async () => {
    const path = freshLog();
    await write(path, 2, { chain });
    truncateSync(path, statSync(path).size - 1);
    await write(path, 1, { chain });
    expect(await verify(path)).toMatchObject({ ok: true, entries: 3, torn: 0 });
  });

  it('goes on behind its last genuine line where somebody has written nonsense', async () => {
    const path = freshLog();
    await write(path, 2, { chain });
    appendFileSync(path, '{"event":"sign-in.succeeded"}\n');
    await write(path, 1, { chain });
    expect(await verify(path)).toMatchObject({ entries: 3, lastSeq: 3, problems: [{ line: 3, kind: 'malformed' }] });
  });

  it('is sound after a disk that was full, with the lines that did not fit marked', async () => {
    const path = freshLog();
    const told = inProcess(path, `
      const sink = fileSink({ path, chain: { keys } });
      const entry = ${JSON.stringify(await entryFor())};
      let failed = 0;
      for (let turn = 0; turn < 60; turn += 1) await sink.write(entry).catch(() => { failed += 1; });
      console.log(failed > 10);
      process.exit(0);`, { limitBlocks: 16 });
    expect(told).toBe('true');
    await write(path, 3, { chain });
    const found = await verify(path);
    expect(found).toMatchObject({ ok: true, torn: 1, problems: [] });
    expect(found.lastSeq).toBe(found.entries);
  });
});

describe.each<[string, () => RecordStore]>([
  ['memory', () => memoryStore()],
  ['sqlite', () => openStore(freshPath())],
])('a chain whose end lies in the record store: %s', (_name, makeStore) => {
  function anchored(records: RecordStore, events: SecurityEvent[] = [], more: Partial<FileSinkOptions['chain']> = {}): Partial<FileSinkOptions> {
    return { chain: { keys, records, emit: (event) => void events.push(event), ...more } };
  }

  it('is found to be cut, whatever was cut off', async () => {
    const records = makeStore();
    const path = freshLog();
    await write(path, 20, anchored(records));
    expect(await verify(path, { records })).toMatchObject({ ok: true, anchor: 'reached' });
    const lines = linesOf(path);
    for (let kept = 0; kept < 20; kept += 1) {
      rewrite(path, () => lines.slice(0, kept));
      expect(await verify(path, { records })).toMatchObject({ ok: false, anchor: 'passed-over', problems: [{ file: path, line: kept, kind: 'truncated' }] });
    }
    rewrite(path, () => lines);
    expect((await verify(path, { records })).ok).toBe(true);
  });

  it('shows the gap for ever when it goes on after a cut, and tells at once', async () => {
    const records = makeStore();
    const path = freshLog();
    await write(path, 10, anchored(records));
    rewrite(path, (lines) => lines.slice(0, 6));
    const events: SecurityEvent[] = [];
    await write(path, 3, anchored(records, events));
    expect(events).toEqual([{ type: 'audit.chain-broken', sink: 'file', problem: 'truncated' }]);
    expect(await verify(path, { records })).toMatchObject({ ok: false, anchor: 'reached', lastSeq: 13, problems: [{ line: 7, kind: 'missing' }] });
  });

  it('shows that the whole log was removed while the app was down', async () => {
    const records = makeStore();
    const path = freshLog();
    await write(path, 10, anchored(records));
    rmSync(path);
    const events: SecurityEvent[] = [];
    await write(path, 1, anchored(records, events));
    expect(events).toHaveLength(1);
    expect(await verify(path, { records })).toMatchObject({ firstSeq: 11 });
  });

  it('is saved after so many entries, and after a while', async () => {
    const records = makeStore();
    const path = freshLog();
    const clock = fakeClock();
    const sink = openSink(path, { clock, chain: { keys, records, anchorEntries: 5, anchorMs: 10_000 } });
    const entry = await entryFor();
    await sink.write(entry);
    expect((await verify(path, { records })).anchor).toBe('absent');
    await clock.advance(10_000);
    expect((await verify(path, { records })).anchor).toBe('reached');
    for (let turn = 0; turn < 5; turn += 1) await sink.write(entry);
    await clock.advance(0);
    rewrite(path, (lines) => lines.slice(0, 5));
    expect(await kindsOf(path, { records })).toEqual(['truncated']);
  });

  it('that somebody without the key has written anew is called forged, and left as it is', async () => {
    const records = makeStore();
    const path = freshLog();
    await write(path, 10, anchored(records));
    const stranger = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('another-key-another-key-another-') }] });
    const other = freshLog();
    await write(other, 1, { chain: { keys: stranger, records, anchorName: 'other' } });
    const events: SecurityEvent[] = [];
    await write(path, 1, { chain: { keys, records, anchorName: 'other', emit: (event) => void events.push(event) } });
    expect(events.map((event) => 'problem' in event && event.problem)).toEqual(['anchor-forged', 'anchor-ahead']);
    expect(await verify(path, { records, anchorName: 'other' })).toMatchObject({ ok: false, anchor: 'forged' });
  });

  it('is found by its name when the files were moved elsewhere', async () => {
    const records = makeStore();
    const path = freshLog();
    await write(path, 30, { ...anchored(records, [], { anchorName: 'shop' }), maxBytes: 4096 });
    const paths = filesOf(path).toReversed();
    expect(await verifyAuditFiles({ keys, paths, records, anchorName: 'shop' })).toMatchObject({ ok: true, entries: 30, anchor: 'reached' });
    await expect(verifyAuditFiles({ keys, paths, records })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });
});

describe('a chain that was cut', () => {
  it('tells a cut in the log itself, where that is what it is given', async () => {
    const path = freshLog();
    const records = memoryStore();
    await write(path, 10, { chain: { keys, records } });
    rewrite(path, (lines) => lines.slice(0, 3));
    const sink = openSink(path, { chain: { keys, records, emit: (event) => { log.emit(event); } } });
    const log = createAuditLog({ keys, sinks: [sink] });
    log.emit({ type: 'sign-out.succeeded' });
    await log.drain(10_000);
    await log.drain(10_000);
    expect(linesOf(path).map((line) => (JSON.parse(line) as { event: string }).event)).toContain('audit.chain-broken');
  });
});

describe('a record store that does not answer', () => {
  const broken = (behave: () => Promise<never>): RecordStore => ({ durable: true, read: behave, compareAndSet: behave, watch: () => () => undefined });
  const down = (): Promise<never> => Promise.reject(new Error('down'));

  it.each([
    ['rejects', down],
    ['throws', () => { throw new Error('down'); }],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('because it %s holds up no entry, and is told of', async (_what, behave) => {
    const path = freshLog();
    const clock = fakeClock();
    const events: SecurityEvent[] = [];
    const sink = fileSink({ path, clock, chain: { keys, records: broken(behave), anchorEntries: 1, emit: (event) => void events.push(event) } });
    await whileTimePasses(clock, sink.write(await entryFor()));
    expect(linesOf(path)).toHaveLength(1);
    await whileTimePasses(clock, sink.close());
    expect(events).toEqual([expect.objectContaining({ type: 'store.failed', store: 'records' })]);
    expect((await verify(path)).ok).toBe(true);
  });

  it('at a start after a cut does not let the cut be forgotten: the end that it knows is not written over', async () => {
    const store = memoryStore();
    const path = freshLog();
    await write(path, 10, { chain: { keys, records: store } });
    rewrite(path, (lines) => lines.slice(0, 3));
    let up = false;
    const records: RecordStore = { ...store, read: (key) => (up ? store.read(key) : down()) };
    const events: SecurityEvent[] = [];
    const sink = openSink(path, { chain: { keys, records, emit: (event) => void events.push(event) } });
    const entry = await entryFor();
    await sink.write(entry);
    up = true;
    for (let turn = 0; turn < 20; turn += 1) await sink.write(entry);
    await sink.close();
    expect(events).toContainEqual({ type: 'audit.chain-broken', sink: 'file', problem: 'anchor-ahead' });
    expect(await verify(path, { records: store })).toMatchObject({ ok: false, anchor: 'passed-over' });
  });

  it.each<[string, object]>([
    ['a number', { durable: true, read: async () => 7, compareAndSet: async () => true, watch: () => () => undefined }],
    ['corrupt JSON', { durable: true, read: async () => ({ value: '{"seq":', version: 1 }), compareAndSet: async () => true, watch: () => () => undefined }],
    ['a count instead of a yes', { durable: true, read: async () => undefined, compareAndSet: async () => 1, watch: () => () => undefined }],
  ])('or answers %s: the log goes on and says so', async (_what, records) => {
    const path = freshLog();
    const events: SecurityEvent[] = [];
    await write(path, 3, { chain: { keys, records: records as unknown as RecordStore, emit: (event) => void events.push(event) } });
    expect(linesOf(path)).toHaveLength(3);
    expect(events).toEqual([expect.objectContaining({ type: 'store.failed', store: 'records' })]);
  });
});

describe('verifying', () => {
  it.each([
    [{ path: 'a' }, 'verifyAuditFiles.keys: expected what createKeyRing() makes, got nothing'],
    [{ keys }, 'verifyAuditFiles: expected path or paths'],
    [{ keys, path: 'a', paths: ['b'] }, 'verifyAuditFiles: expected path or paths'],
    [{ keys, path: 'a', maxProblems: 0 }, 'verifyAuditFiles.maxProblems: expected a whole number from 1 to 100000, got 0'],
  ])('refuses options that are wrong: %#', async (options, message) => {
    await expect(verifyAuditFiles(options as VerifyAuditFilesOptions)).rejects.toMatchObject({ code: 'ERR_CONFIG', message });
  });

  it('rejects for a file that is not there', async () => {
    await expect(verifyAuditFiles({ keys, paths: [freshLog()] })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
