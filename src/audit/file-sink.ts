import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../kernel/clock.ts';
import { errorName } from '../kernel/errors.ts';
import { harmless } from '../kernel/harmless.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { oncePer } from '../kernel/once-per.ts';
import { callback, group, integer, optional, port, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import { sinkName } from '../kernel/sink-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { chainedLines } from './chained-lines.ts';
import type { AuditEntry } from './entry.ts';
import { lockFile, type FileLock } from './file-lock.ts';
import { rotate } from './file-names.ts';
import { plainLines, type LineMaker } from './line-maker.ts';
import { openLogFile, type LogFile } from './log-file.ts';
import type { AuditSink } from './sinks.ts';

export interface FileSinkOptions {
  /** The file, in a directory that exists. One process writes it: give each of several processes a file of its own. */
  readonly path: string;
  /** Names the sink in `audit.sink-failed`. Default `file`. */
  readonly name?: string;
  /** Bytes after which the file is moved to `<path>.000001` and a new one begun. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Files that are kept beside the current one. Default 16; the oldest is removed. */
  readonly maxFiles?: number;
  /** Binds every line to the one before it, so that {@link verifyAuditFiles} finds what was changed, removed or added. Default: none. */
  readonly chain?: AuditChainOptions;
  readonly clock?: Clock;
}

export interface AuditChainOptions {
  /** The codes are made under its purpose `audit`. Keep old keys on the ring for as long as you keep the files. */
  readonly keys: KeyRing;
  /** Keeps the chain's end outside the file, so that a cut is found. Default: nowhere. */
  readonly records?: RecordStore;
  /** Names the end in the store. Default: the path. Files of one path on several hosts need a name each. */
  readonly anchorName?: string;
  /** Entries after which the end is saved. Default 100. */
  readonly anchorEntries?: number;
  /** Ms after which it is saved at the latest. Default 10 s. */
  readonly anchorMs?: number;
  /** Told of `audit.chain-broken` and of `store.failed`. Hand in the log's own: `(event) => log.emit(event)`. Default: nobody. */
  readonly emit?: Emit;
}

/** A sink that holds a file. */
export interface FileSink extends AuditSink {
  write(entry: AuditEntry): Promise<void>;
  /** Lets the file go, after `drain` of the log. The next write opens it again. */
  close(): Promise<void>;
}

/** The defaults of {@link fileSink}. */
export const fileSinkDefaults = Object.freeze({
  name: 'file',
  maxBytes: 64 * 1024 * 1024,
  maxFiles: 16,
  chain: Object.freeze({ anchorEntries: 100, anchorMs: 10_000 }),
});

/** How long a file that somebody moved may still be written to. */
const lookMs = 1_000;
/** A store that is down fails at every save: one event a minute says it. */
const quietMs = 60_000;

/**
 * A sink that appends one JSON text per line to a file of mode 0600, and rotates it by size. Nothing in the file is ever
 * changed. A file that logrotate has moved is opened anew within a second. A full disk or a file that cannot be written
 * rejects: the log tries again, then drops and counts. Throws ERR_CONFIG for a wrong option or a directory that is not there.
 */
export function fileSink(options: FileSinkOptions): FileSink {
  const parsed = parseOptions(options);
  const writer = createFileWriter({ ...parsed, lines: linesFor(parsed) });
  const inTurn = createTurns();
  return Object.freeze({
    name: parsed.name,
    write: (entry) => inTurn(() => writer.write(entry)),
    close: () => inTurn(() => writer.close()),
  } satisfies FileSink);
}

function parseOptions(options: FileSinkOptions) {
  return readOptions('fileSink', options, {
    path: filePath,
    name: sinkName(fileSinkDefaults.name),
    maxBytes: integer({ min: 4096, max: 2 ** 40, fallback: fileSinkDefaults.maxBytes }),
    maxFiles: integer({ min: 1, max: 10_000, fallback: fileSinkDefaults.maxFiles }),
    chain: optional(group({
      keys: port<KeyRing>(['digest', 'digests', 'derive'], undefined, 'createKeyRing()'),
      records: optional(port<RecordStore>(['read', 'compareAndSet', 'watch'])),
      anchorName: optional(text()),
      anchorEntries: integer({ min: 1, max: 1_000_000, fallback: fileSinkDefaults.chain.anchorEntries }),
      anchorMs: integer({ min: 100, max: 3_600_000, fallback: fileSinkDefaults.chain.anchorMs }),
      emit: optional(callback<Emit>()),
    })),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });
}

function linesFor({ chain, path, name, clock }: ReturnType<typeof parseOptions>): LineMaker {
  if (chain === undefined) return plainLines();
  const { anchorName = path, emit, ...anchoring } = chain;
  const tell = harmless(emit);
  const mayTell = oncePer(quietMs, clock);
  return chainedLines({
    ...anchoring,
    anchorName,
    clock,
    random: systemRandom,
    onTrouble(problem) {
      if (mayTell(problem)) tell({ type: 'audit.chain-broken', sink: name, problem });
    },
    onStoreFailure(error) {
      if (mayTell('store')) tell({ type: 'store.failed', store: 'records', error: errorName(error) });
    },
  });
}

interface FileWriterOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly clock: Clock;
  readonly lines: LineMaker;
}

interface FileWriter {
  write(entry: AuditEntry): Promise<void>;
  close(): Promise<void>;
}

function createFileWriter({ path, maxBytes, maxFiles, clock, lines }: FileWriterOptions): FileWriter {
  let lock: FileLock | undefined;
  let file: LogFile | undefined;
  let lookedAtMs = 0;

  async function closeFile(): Promise<void> {
    const closing = file;
    file = undefined;
    await closing?.close();
  }

  async function ready(): Promise<LogFile> {
    lock ??= await lockFile(path, clock);
    await lock.check().catch(async (error: unknown) => {
      lock = undefined;
      lines.forget();
      await closeFile();
      throw error;
    });
    if (file !== undefined && clock.monotonicMs() - lookedAtMs >= lookMs) {
      lookedAtMs = clock.monotonicMs();
      if (await file.isMoved()) await closeFile();
    }
    return (file ??= await openLogFile(path, (sizeBytes) => lines.resume(path, sizeBytes)));
  }

  return {
    async write(entry) {
      let current = await ready();
      let line = lines.make(entry, current);
      if (current.size() > 0 && current.size() + line.length > maxBytes) {
        const unfinished = current.pieces();
        await closeFile();
        await rotate(path, maxFiles);
        current = await ready();
        line = lines.make(entry, current, unfinished);
      }
      await current.append(line);
      lines.written();
    },
    async close() {
      await closeFile();
      await lines.flush();
      lines.forget();
      const released = lock;
      lock = undefined;
      await released?.release();
    },
  };
}

/** One after the other: a write that the log has given up may still be under way. */
function createTurns(): <T>(step: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (step) => {
    const done = last.then(step);
    last = done.catch(() => undefined);
    return done;
  };
}

const filePath: OptionReader<string> = (given, name) => {
  const path = resolve(text()(given, name));
  if (path.includes('\0')) throw wrong(name, 'a path', given);
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory()) throw wrong(name, 'a file in a directory that exists', given);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw wrong(name, 'a regular file', given);
  return path;
};
