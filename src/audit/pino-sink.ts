import { port } from '../kernel/options.ts';
import type { AuditLevel } from './catalogue.ts';
import type { AuditSink } from './sinks.ts';

type Log = (fields: object, message: string) => void;

/** What is needed of a pino logger; other loggers of that form will do. */
export interface PinoLogger {
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
}

/** Not `fatal`: for pino and those who watch it, that is the end of a process. */
const methods = { info: 'info', warn: 'warn', critical: 'error' } as const satisfies Readonly<Record<AuditLevel, keyof PinoLogger>>;

/**
 * A sink that logs each entry with a logger of pino's form, under `audit`, since pino has a `time` and a `level` of its own.
 * The logger's redaction and its level apply: entries below it are not logged. Throws ERR_CONFIG for what is no logger.
 */
export function pinoSink(logger: PinoLogger, name = 'pino'): AuditSink {
  const target = port<PinoLogger>(['info', 'warn', 'error'])(logger, 'pinoSink.logger');
  return Object.freeze({
    name,
    write(entry) {
      target[methods[entry.level]]({ audit: entry }, entry.event);
    },
  } satisfies AuditSink);
}
