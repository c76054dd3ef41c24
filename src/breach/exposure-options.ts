import { systemClock } from '../kernel/clock.ts';
import { flag, integer, port, readOptions, wrong, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import { requireHttps, serviceUrl, userAgent } from './service-options.ts';

export interface ExposureOptions {
  /** Your key: 32 hexadecimal digits. A secret. */
  readonly apiKey: string;
  /** Names your app to the service, which refuses requests without a name. Printable ASCII. */
  readonly userAgent: string;
  /** Where the service is. `/breachedaccount/` and the address are appended. Default `https://haveibeenpwned.com/api/v3`. */
  readonly baseUrl?: string;
  /** Allows an `http:` address: a mirror on this machine, or a test. Default false. */
  readonly dangerouslyAllowHttp?: boolean;
  /** What your key allows. Default 10, the least that the service sells. */
  readonly requestsPerMinute?: number;
  /** How long one request may take once it is sent, ms. Default 10,000. */
  readonly deadlineMs?: number;
  /** Asks for dates, and whether passwords were in a leak: answers become some fifty times as long. Default false. */
  readonly details?: boolean;
  readonly clock?: Clock;
}

/** The defaults of {@link haveIBeenPwnedAccounts}. */
export const exposureDefaults = Object.freeze({
  baseUrl: 'https://haveibeenpwned.com/api/v3',
  dangerouslyAllowHttp: false,
  requestsPerMinute: 10,
  deadlineMs: 10_000,
  details: false,
});

/** The service looks at the form of a key first: so do we, at start, where a line feed at the end of a file is a typical slip. */
const apiKey: OptionReader<string> = (given, name) => {
  if (typeof given !== 'string' || !/^[\da-f]{32}$/i.test(given)) throw wrong(name, '32 hexadecimal digits', given);
  return given;
};

/** Parses the options once. Throws ERR_CONFIG. */
export function readExposureOptions(options: ExposureOptions) {
  const parsed = readOptions('haveIBeenPwnedAccounts', options, {
    apiKey,
    userAgent: userAgent(),
    baseUrl: serviceUrl(exposureDefaults.baseUrl),
    dangerouslyAllowHttp: flag(exposureDefaults.dangerouslyAllowHttp),
    requestsPerMinute: integer({ min: 1, max: 10_000, fallback: exposureDefaults.requestsPerMinute }),
    deadlineMs: integer({ min: 100, max: 60_000, fallback: exposureDefaults.deadlineMs }),
    details: flag(exposureDefaults.details),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });
  requireHttps('haveIBeenPwnedAccounts', parsed);
  return parsed;
}

export type ParsedExposureOptions = ReturnType<typeof readExposureOptions>;
