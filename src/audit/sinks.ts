import { ConfigError } from '../kernel/errors.ts';
import { wrong, type OptionReader } from '../kernel/options.ts';
import type { AuditEntry } from './entry.ts';

/** Takes one entry. A throw or a rejection means that it was not kept. */
export type AuditWrite = (entry: AuditEntry) => void | Promise<void>;

/** Where entries go. `name` stands in `audit.sink-failed`: 1 to 64 letters, digits, `.`, `_` or `-`. */
export interface AuditSink {
  readonly name: string;
  write(entry: AuditEntry): void | Promise<void>;
}

/** One sink, or a bare function, which is then called `sink-<its place>`. */
export const sinksOption: OptionReader<readonly AuditSink[]> = (given, name) => {
  if (!Array.isArray(given) || given.length === 0) throw wrong(name, 'an array of at least one sink', given);
  const sinks = given.map((sink, index) => readSink(sink, `${name}[${index}]`, `sink-${index + 1}`));
  if (new Set(sinks.map((sink) => sink.name)).size < sinks.length) throw new ConfigError(`${name}: expected every sink's name once, got one twice`);
  return Object.freeze(sinks);
};

function readSink(given: unknown, at: string, fallbackName: string): AuditSink {
  if (typeof given === 'function') return { name: fallbackName, write: given as AuditWrite };
  const sink = given as Partial<AuditSink> | null | undefined;
  if (typeof sink?.write !== 'function') throw wrong(at, 'a function, or an object with name and write()', given);
  if (!isSinkName(sink.name)) throw new ConfigError(`${at}.name: expected 1 to 64 letters, digits, ".", "_" or "-"`);
  return { name: sink.name, write: (entry) => (sink as AuditSink).write(entry) };
}

/** Whether it may stand in an event. */
export function isSinkName(name: unknown): name is string {
  return typeof name === 'string' && /^[\w.-]{1,64}$/.test(name);
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
