import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import { integer, port, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { AuditEntry } from './entry.ts';
import { lockFile, type FileLock } from './file-lock.ts';
import { rotate } from './file-names.ts';
import { plainLines, type LineMaker } from './line-maker.ts';
import { openLogFile, type LogFile } from './log-file.ts';
import { isSinkName, type AuditSink } from './sinks.ts';

export interface FileSinkOptions {
  /** The file, in a directory that exists. One process writes it: give each of several processes a file of its own. */
  readonly path: string;
  /** Names the sink in `audit.sink-failed`. Default `file`. */
  readonly name?: string;
  /** Bytes after which the file is moved to `<path>.000001` and a new one begun. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Files that are kept beside the current one. Default 16; the oldest is removed. */
  readonly maxFiles?: number;
  readonly clock?: Clock;
}

/** A sink that holds a file. */
export interface FileSink extends AuditSink {
  /** Lets the file go, after `drain` of the log. The next write opens it again. */
  close(): Promise<void>;
}

/** The defaults of {@link fileSink}. */
export const fileSinkDefaults = Object.freeze({ name: 'file', maxBytes: 64 * 1024 * 1024, maxFiles: 16 });

/** How long a file that somebody moved may still be written to. */
const lookMs = 1_000;

/**
 * A sink that appends one JSON text per line to a file of mode 0600, and rotates it by size. Nothing in the file is ever
 * changed. A file that logrotate has moved is opened anew within a second. A full disk or a file that cannot be written
 * rejects: the log tries again, then drops and counts. Throws ERR_CONFIG for a wrong option or a directory that is not there.
 */
export function fileSink(options: FileSinkOptions): FileSink {
  const parsed = readOptions('fileSink', options, {
    path: filePath,
    name: sinkName,
    maxBytes: integer({ min: 4096, max: 2 ** 40, fallback: fileSinkDefaults.maxBytes }),
    maxFiles: integer({ min: 1, max: 10_000, fallback: fileSinkDefaults.maxFiles }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });
  const writer = createFileWriter({ ...parsed, lines: plainLines() });
  const inTurn = createTurns();
  return Object.freeze({
    name: parsed.name,
    write: (entry) => inTurn(() => writer.write(entry)),
    close: () => inTurn(() => writer.close()),
  } satisfies FileSink);
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

const sinkName: OptionReader<string> = (given, name) => {
  const value = text(fileSinkDefaults.name)(given, name);
  if (!isSinkName(value)) throw new ConfigError(`${name}: expected 1 to 64 letters, digits, ".", "_" or "-"`);
  return value;
};
