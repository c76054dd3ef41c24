import { ConfigError } from '../kernel/errors.ts';
import { integer, wrong, type OptionReader } from '../kernel/options.ts';
import { isSinkName } from '../kernel/sink-name.ts';
import type { AuditEntry } from './entry.ts';

/** Takes one entry. A throw or a rejection means that it was not kept. */
export type AuditWrite = (entry: AuditEntry) => void | Promise<void>;

/** Where entries go. `name` stands in `audit.sink-failed`: 1 to 64 letters, digits, `.`, `_` or `-`. */
export interface AuditSink {
  readonly name: string;
  write(entry: AuditEntry): void | Promise<void>;
  /** Takes several entries in one step, all or none. What waits is then handed over together, `maxBatch` at most. */
  writeAll?(entries: readonly AuditEntry[]): void | Promise<void>;
  /** Default 100. */
  readonly maxBatch?: number;
}

/** A sink as the log uses it: entries come in batches, of one where it takes no more. */
export interface BatchSink {
  readonly name: string;
  readonly maxBatch: number;
  write(entries: readonly AuditEntry[]): void | Promise<void>;
}

const defaultBatch = 100;

/** One sink, or a bare function, which is then called `sink-<its place>`. */
export const sinksOption: OptionReader<readonly BatchSink[]> = (given, name) => {
  if (!Array.isArray(given) || given.length === 0) throw wrong(name, 'an array of at least one sink', given);
  const sinks = given.map((sink, index) => readSink(sink, `${name}[${index}]`, `sink-${index + 1}`));
  if (new Set(sinks.map((sink) => sink.name)).size < sinks.length) throw new ConfigError(`${name}: expected every sink's name once, got one twice`);
  return Object.freeze(sinks);
};

function readSink(given: unknown, at: string, fallbackName: string): BatchSink {
  if (typeof given === 'function') return oneByOne(fallbackName, given as AuditWrite);
  const sink = given as Partial<AuditSink> | null | undefined;
  if (typeof sink?.write !== 'function') throw wrong(at, 'a function, or an object with name and write()', given);
  if (!isSinkName(sink.name)) throw new ConfigError(`${at}.name: expected 1 to 64 letters, digits, ".", "_" or "-"`);
  if (typeof sink.writeAll !== 'function') return oneByOne(sink.name, (entry) => (sink as AuditSink).write(entry));
  const maxBatch = integer({ min: 1, max: 10_000, fallback: defaultBatch })(sink.maxBatch, `${at}.maxBatch`);
  return { name: sink.name, maxBatch, write: (entries) => (sink as Required<AuditSink>).writeAll(entries) };
}

function oneByOne(name: string, write: AuditWrite): BatchSink {
  return { name, maxBatch: 1, write: ([entry]) => entry && write(entry) };
}

/**
 * A sink that writes one JSON text per line, waiting for the stream each time, so that a slow stream never piles up more
 * than the log's own buffer. It listens to the stream's `error` event: the failed write tells the log, and the process
 * does not die of a full disk. `name` is for two of them in one log.
 */
export function jsonLinesSink(stream: NodeJS.WritableStream, name = 'json-lines'): AuditSink {
  stream.on('error', () => undefined);
  return Object.freeze({
    name,
    write: (entry) =>
      new Promise((resolve, reject) => {
        stream.write(`${JSON.stringify(entry)}\n`, (error) => {
          if (error instanceof Error) reject(error);
          else resolve();
        });
      }),
  } satisfies AuditSink);
}
