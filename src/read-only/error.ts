import { PortcullisError } from '../kernel/errors.ts';
import type { ReadOnlyStrictness } from './types.ts';

/** What may be told to whoever asked. `reason` and `untilMs` are absent where the process has never reached the store. */
export interface ReadOnlyFacts {
  readonly level: ReadOnlyStrictness;
  readonly reason?: string;
  readonly untilMs?: number;
  readonly retryAfterMs: number;
}

/**
 * An operation was refused because the app is read-only. Answer 503 with `retryAfterMs` (RFC 9110 section 15.6.4); `status` is
 * what Express and Fastify answer by themselves. Who switched it on is not part of it.
 */
export class ReadOnlyError extends PortcullisError {
  readonly status = 503;
  readonly level: ReadOnlyStrictness;
  readonly reason: string | undefined;
  readonly untilMs: number | undefined;
  readonly retryAfterMs: number;

  constructor(message: string, { level, reason, untilMs, retryAfterMs }: ReadOnlyFacts) {
    super('ERR_READ_ONLY', message);
    this.level = level;
    this.reason = reason;
    this.untilMs = untilMs;
    this.retryAfterMs = retryAfterMs;
  }
}
