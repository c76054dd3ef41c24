import { systemClock } from '../kernel/clock.ts';
import { callback, flag, integer, port, readOptions } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import { requireHttps, serviceUrl, userAgent } from './service-options.ts';

export interface RangeServiceOptions {
  /** Where the service is. `/range/` and the prefix are appended. Default `https://api.pwnedpasswords.com`. */
  readonly baseUrl?: string;
  /** Allows an `http:` address: a mirror on this machine, or a test. Default false. */
  readonly dangerouslyAllowHttp?: boolean;
  /** Names your app to the service, which asks for it. Printable ASCII. Default `portcullis`. */
  readonly userAgent?: string;
  /** Connections at most. Default 16. */
  readonly maxConnections?: number;
  /** What the cache may hold, bytes; a range takes about 24,000. Default 16 MiB. */
  readonly cacheMaxBytes?: number;
  /** How long a range is believed, ms. At most (and by default) a day: the corpus grows all the time. */
  readonly cacheTtlMs?: number;
  /** Failures in a row that open the breaker. Default 5. */
  readonly breakerFailures?: number;
  /** How long the breaker stays open before the service is tried again, ms. Default 30,000. */
  readonly breakerOpenMs?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

const dayMs = 24 * 60 * 60 * 1000;

/** The defaults of {@link rangeService}. A day: ranges are cacheable for 31 at the edge, but the corpus is fed continuously. */
export const rangeServiceDefaults = Object.freeze({
  baseUrl: 'https://api.pwnedpasswords.com',
  dangerouslyAllowHttp: false,
  userAgent: 'portcullis',
  maxConnections: 16,
  cacheMaxBytes: 16 * 1024 * 1024,
  cacheTtlMs: dayMs,
  breakerFailures: 5,
  breakerOpenMs: 30_000,
});

/** Parses the options once. Throws ERR_CONFIG. */
export function readRangeServiceOptions(options: RangeServiceOptions) {
  const parsed = readOptions('rangeService', options, {
    baseUrl: serviceUrl(rangeServiceDefaults.baseUrl),
    dangerouslyAllowHttp: flag(rangeServiceDefaults.dangerouslyAllowHttp),
    userAgent: userAgent(rangeServiceDefaults.userAgent),
    maxConnections: integer({ min: 1, max: 256, fallback: rangeServiceDefaults.maxConnections }),
    cacheMaxBytes: integer({ min: 100_000, max: 1024 ** 3, fallback: rangeServiceDefaults.cacheMaxBytes }),
    cacheTtlMs: integer({ min: 1_000, max: dayMs, fallback: rangeServiceDefaults.cacheTtlMs }),
    breakerFailures: integer({ min: 1, max: 1_000, fallback: rangeServiceDefaults.breakerFailures }),
    breakerOpenMs: integer({ min: 100, max: 3_600_000, fallback: rangeServiceDefaults.breakerOpenMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  requireHttps('rangeService', parsed);
  return parsed;
}

export type ParsedRangeServiceOptions = ReturnType<typeof readRangeServiceOptions>;
