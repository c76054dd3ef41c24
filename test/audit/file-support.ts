import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createAuditLog, fileSink, type AuditEntry, type AuditLog, type FileSink, type FileSinkOptions } from 'portcullis/audit';
import type { SecurityEvent } from 'portcullis';
import type { FakeClock } from 'portcullis/testing';
import { keys } from './support.ts';

/** The path of a log that does not exist yet, in a directory of its own that is gone after the test. */
export function freshLog(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-audit-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return join(directory, 'audit.log');
}

/** A file sink that is closed after the test. */
export function openSink(path: string, options: Partial<FileSinkOptions> = {}): FileSink {
  const sink = fileSink({ path, ...options });
  onTestFinished(() => sink.close());
  return sink;
}

/** A log with one file, on the machine's clock. */
export function logTo(path: string, options: Partial<FileSinkOptions> = {}): { readonly log: AuditLog; readonly sink: FileSink; readonly warnings: string[] } {
  const sink = openSink(path, options);
  const warnings: string[] = [];
  return { log: createAuditLog({ keys, sinks: [sink], warn: (warning) => warnings.push(warning) }), sink, warnings };
}

/** An entry that a sink may be given by hand. */
export async function entryFor(event: SecurityEvent = { type: 'sign-out.succeeded' }): Promise<AuditEntry> {
  const entries: AuditEntry[] = [];
  const log = createAuditLog({ keys, sinks: [(entry: AuditEntry) => void entries.push(entry)] });
  log.emit(event);
  await log.drain(10_000);
  return entries[0] as AuditEntry;
}

export async function write(path: string, times: number, options: Partial<FileSinkOptions> = {}): Promise<void> {
  const { log, sink } = logTo(path, options);
  for (let time = 0; time < times; time += 1) log.emit({ type: 'sign-in.failed', reason: 'wrong-password', accountId: `account-${time}`, address: `203.0.113.${time % 250}` });
  const left = await log.drain(20_000);
  if (left > 0 || (log.dropped().bySink['file'] ?? 0) > 0) throw new Error(`${left} left`);
  await sink.close();
}

/** Waits for something that takes time of the clock and time of the disk. */
export async function whileTimePasses<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  const state = { done: false };
  const ended = work.finally(() => { state.done = true; });
  while (!state.done) await clock.advance(100);
  return ended;
}

export const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

/** The names of the log's files but its lock, oldest first, the current one last. */
export function filesOf(path: string): readonly string[] {
  const directory = join(path, '..');
  return readdirSync(directory).filter((name) => !name.endsWith('.lock')).sort((one, other) => (one === 'audit.log' ? 1 : other === 'audit.log' ? -1 : one.localeCompare(other))).map((name) => join(directory, name));
}

export const entriesOf = (path: string): readonly AuditEntry[] => filesOf(path).flatMap(linesOf).map((line) => JSON.parse(line) as AuditEntry);

/** Runs code in a process of its own, which has `createAuditLog`, `fileSink`, `fakeClock`, `keys` and `path`; answers what it prints. `limitBlocks`: the largest file, in 512 bytes. */
export function inProcess(path: string, code: string, { limitBlocks, asNobody = false }: { readonly limitBlocks?: number; readonly asNobody?: boolean } = {}): string {
  const source = JSON.stringify(join(import.meta.dirname, '../../src/audit/index.ts'));
  const kernel = JSON.stringify(join(import.meta.dirname, '../../src/kernel/keys.ts'));
  const clock = JSON.stringify(join(import.meta.dirname, '../../src/testing/fake-clock.ts'));
  const program = `const { createAuditLog, fileSink } = await import(${source});
    const { createKeyRing } = await import(${kernel});
    const { fakeClock } = await import(${clock});
    const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });
    const path = ${JSON.stringify(path)};
    process.on('SIGXFSZ', () => undefined);
    ${asNobody && process.getuid?.() === 0 ? 'process.setuid(65534);' : ''}
    ${code}`;
  const shell = limitBlocks === undefined ? 'exec "$0" --input-type=module -e "$1"' : `ulimit -f ${limitBlocks}; exec "$0" --input-type=module -e "$1"`;
  const { stdout, stderr, signal } = spawnSync('sh', ['-c', shell, process.execPath, program], { encoding: 'utf8' });
  return `${stdout}${stderr}${signal ?? ''}`.trim();
}
