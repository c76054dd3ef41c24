import { chmodSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryStore, type SecurityEvent } from 'portcullis';
import { purgeAuditFiles, verifyAuditFiles, type PurgeAuditFilesOptions } from 'portcullis/audit';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { entryFor, filesOf, freshLog, inProcess, openSink } from './file-support.ts';
import { keys } from './support.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);

/** One entry an hour for ten days, in small files, with its chain's end in a store. */
async function tenDays() {
  const path = freshLog();
  const records = memoryStore();
  const sink = openSink(path, { maxBytes: 8192, maxFiles: 1_000, chain: { keys, records } });
  const entry = await entryFor();
  for (let hour = 0; hour < 240; hour += 1) await sink.write({ ...entry, time: new Date(startMs + hour * 3_600_000).toISOString() });
  await sink.close();
  return { path, records, clock: fakeClock(startMs + 10 * dayMs) };
}

const timesOf = (file: string): readonly number[] => readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => Date.parse((JSON.parse(line) as { time: string }).time));

// ASVS 5.0 14.2.7
describe('purging the files of a log', () => {
  it('removes those whose last entry is too old, and no other', async () => {
    const { path, clock } = await tenDays();
    const before = filesOf(path);
    const events: SecurityEvent[] = [];
    const { removed, lastTime } = await purgeAuditFiles({ path, olderThanMs: 4 * dayMs, clock, emit: (event) => void events.push(event) });
    expect(removed.length).toBeGreaterThan(2);
    expect(filesOf(path)).toEqual(before.slice(removed.length));
    expect(removed).toEqual(before.slice(0, removed.length));
    const limitMs = startMs + 6 * dayMs;
    expect(Date.parse(lastTime ?? '')).toBeLessThan(limitMs);
    expect(timesOf(filesOf(path)[0] ?? '').at(-1)).toBeGreaterThanOrEqual(limitMs);
    expect(events).toEqual([{ type: 'audit.purged', files: removed.length, lastTime }]);
  });

  it('leaves a chain that verifies, and says where it begins', async () => {
    const { path, clock, records } = await tenDays();
    await purgeAuditFiles({ path, olderThanMs: 4 * dayMs, clock });
    const found = await verifyAuditFiles({ keys, path, records });
    expect(found).toMatchObject({ ok: true, anchor: 'reached', lastSeq: 240 });
    expect(found.firstSeq).toBeGreaterThan(1);
  });

  it('never removes the current file, nor what is none of the log', async () => {
    const { path, clock } = await tenDays();
    const others = ['audit.log.lock', 'audit.log.old', 'audit.logs', 'other.log.000001'].map((name) => join(path, '..', name));
    for (const other of others) writeFileSync(other, '');
    await purgeAuditFiles({ path, olderThanMs: 1, clock: fakeClock(startMs + 1_000 * dayMs) });
    expect(filesOf(path).filter((file) => !others.includes(file))).toEqual([path]);
    for (const other of others) expect(existsSync(other)).toBe(true);
    expect(await purgeAuditFiles({ path, olderThanMs: 1, clock })).toEqual({ removed: [], lastTime: undefined });
  });

  it('goes by the last write of a file that has no entry', async () => {
    const path = freshLog();
    writeFileSync(`${path}.000001`, 'nonsense\n');
    utimesSync(`${path}.000001`, startMs / 1000, startMs / 1000);
    expect((await purgeAuditFiles({ path, olderThanMs: 2 * dayMs, clock: fakeClock(startMs + dayMs) })).removed).toEqual([]);
    expect((await purgeAuditFiles({ path, olderThanMs: 2 * dayMs, clock: fakeClock(startMs + 3 * dayMs) })).removed).toEqual([`${path}.000001`]);
  });

  it('removes nothing where it cannot be told', async () => {
    const { path, clock } = await tenDays();
    const before = filesOf(path);
    await expect(purgeAuditFiles({ path, olderThanMs: dayMs, clock, emit() { throw new Error('down'); } })).rejects.toThrow('down');
    expect(filesOf(path)).toEqual(before);
  });

  it('rejects where the directory may not be written', async () => {
    const { path } = await tenDays();
    const directory = join(path, '..');
    for (const file of filesOf(path)) chmodSync(file, 0o644);
    chmodSync(directory, 0o555);
    const source = JSON.stringify(join(import.meta.dirname, '../../src/audit/purge.ts'));
    const told = inProcess(path, `const { purgeAuditFiles } = await import(${source});
      await purgeAuditFiles({ path, olderThanMs: 1, clock: fakeClock(${startMs + 100 * dayMs}) }).catch(({ code }) => console.log(code));`, { asNobody: true });
    chmodSync(directory, 0o755);
    expect(told).toBe('EACCES');
  });

  it.each([
    [{ olderThanMs: 1 }, 'purgeAuditFiles.path: expected a non-empty string, got nothing'],
    [{ path: 'a' }, 'purgeAuditFiles.olderThanMs: expected a whole number from 1 to 9007199254740991, got nothing'],
    [{ path: 'a', olderThanMs: 0 }, 'purgeAuditFiles.olderThanMs: expected a whole number from 1 to 9007199254740991, got 0'],
    [{ path: 'a', olderThan: 1 }, 'purgeAuditFiles.olderThan: unknown option, did you mean "olderThanMs"?'],
  ])('refuses options that are wrong: %#', async (options, message) => {
    await expect(purgeAuditFiles(options as unknown as PurgeAuditFilesOptions)).rejects.toMatchObject({ code: 'ERR_CONFIG', message });
  });
});
