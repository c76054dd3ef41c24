import { retryAfterMs } from '../kernel/retry-after.ts';
import type { ExposureVerdict } from '../ports/exposure-source.ts';
import type { AnswerHeaders, AnswerReader } from './exchange.ts';
import { readBreaches, unknownExposure } from './exposure-verdict.ts';

/** One answer of the service, read. */
export interface ExposureAnswer {
  readonly verdict: ExposureVerdict;
  /** Whether it is worth asking again. */
  readonly again: boolean;
  /** Whether it says that the service is not well, or not ours: whoever asks on should do so more slowly. */
  readonly trouble: boolean;
  /** How long the service wants to be left alone, ms. */
  readonly holdMs?: number;
}

/** The details of one leak take about 1,500 bytes; nobody is in 700 of them. */
const maxBodyBytes = 1024 * 1024;
/** What the service counts in: a 429 that does not say how long is over then. */
const minuteMs = 60_000;
/** The service asks for seconds. Whatever asks for more is believed so far. */
const maxHoldMs = 5 * minuteMs;
/** The service's words for what was in a leak, of which these are passwords. */
const passwordClasses: ReadonlySet<unknown> = new Set(['Passwords', 'Historical passwords']);

/** Reads one answer of `GET /breachedaccount/{address}`. Only what it says of leaks is kept; whatever else it holds is told to nobody. */
export function exposureReader(nowMs: () => number): AnswerReader<ExposureAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isFound = false;
  let isPage = false;

  return {
    begin(status, headers) {
      isFound = status === 200;
      isPage = /\bhtml\b/i.test(String(headers['content-type'] ?? ''));
      return isFound || status === 404 ? undefined : refusal(status, headers, nowMs());
    },
    feed(chunk) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) return troubled('too-large');
      chunks.push(chunk);
      return undefined;
    },
    finish() {
      if (isFound) return found(Buffer.concat(chunks).toString('utf8'));
      // A web server that knows no such page is not a service that knows no such address.
      return isPage && bytes > 0 ? troubled('not-the-service') : { verdict: { verdict: 'clean' }, again: false, trouble: false };
    },
    failed: (reason) => ({ ...troubled(reason), again: true }),
  };
}

function troubled(reason: string): ExposureAnswer {
  return { verdict: unknownExposure(reason), again: false, trouble: true };
}

function refusal(status: number, headers: AnswerHeaders, nowMs: number): ExposureAnswer {
  const askedMs = retryAfterMs(headers['retry-after'], nowMs);
  const holdMs = askedMs === undefined ? undefined : Math.min(askedMs, maxHoldMs);
  switch (status) {
    case 400: return { verdict: unknownExposure('invalid-input'), again: false, trouble: false };
    case 401: return troubled('key-refused');
    case 403: return troubled('forbidden');
    case 429: return { verdict: unknownExposure('rate-limited'), again: true, trouble: false, holdMs: holdMs ?? minuteMs };
    default: return { ...troubled('bad-status'), again: status >= 500, ...(holdMs !== undefined && { holdMs }) };
  }
}

function found(body: string): ExposureAnswer {
  const breaches = readBreaches(jsonOf(body), ({ Name, BreachDate, DataClasses }) => ({ name: Name, dateMs: dayOf(BreachDate), exposesPasswords: hasPasswords(DataClasses) }));
  return breaches === undefined ? troubled('not-a-breach-list') : { verdict: { verdict: 'exposed', breaches }, again: false, trouble: false };
}

/** Without the parser's error: its message quotes the text. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `2013-10-04` as the beginning of that day; NaN for no date. */
function dayOf(given: unknown): number {
  return typeof given === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(given) ? Date.parse(`${given}T00:00:00Z`) : NaN;
}

function hasPasswords(given: unknown): boolean | undefined {
  return Array.isArray(given) ? given.some((word) => passwordClasses.has(word)) : undefined;
}
