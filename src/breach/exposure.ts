import type { ExposureSource } from '../ports/exposure-source.ts';
import { createExchange } from './exchange.ts';
import { exposureReader, type ExposureAnswer } from './exposure-answer.ts';
import { readExposureOptions, type ExposureOptions, type ParsedExposureOptions } from './exposure-options.ts';
import { createPace, type Pace } from './exposure-pace.ts';
import { readAddress, unknownExposure } from './exposure-verdict.ts';
import { createSender } from './pool.ts';
import { pathUnder } from './service-options.ts';

/** Requests under way at once: more than 500 a minute need more than one. */
export const exposurePlaces = 8;
/** Twice as long as that is waited for at 10 a minute is no report any more but a line in front of a form. */
const maxWaiting = 100;
const maxTries = 3;
/** The service advises to stay a little under the rate, since requests do not arrive as evenly as they are sent. */
const slack = 1.05;
const connectTimeoutMs = 5_000;
/** Backstop: a request is aborted at its deadline, which is at most this. */
const idleTimeoutMs = 60_000;
const firstBackoffMs = 1_000;
const maxBackoffMs = 60_000;

/**
 * Asks Have I Been Pwned whether an address is in a leak. For reports and for finding whom to contain, NEVER ON A REQUEST: an answer
 * takes as long as the line of your key is. THE WHOLE ADDRESS LEAVES THE PROCESS, to the service, over TLS; neither it nor the key is
 * logged, kept, or in an error.
 *
 * All who ask with one source wait in one line, which goes as fast as the key allows; 100 may wait, the next is `overloaded`. A 429
 * stops the line for as long as the service says, 5 minutes at most; other trouble stops it for 1 s, then 2, 4, up to 60. What may
 * succeed the next time is asked three times in all. `check` never rejects. Why it is `unknown`: `invalid-input`, `key-refused`
 * (401), `forbidden` (403: the service blocks you, or wants another user agent), `rate-limited` (429), `bad-status`, `too-large`
 * (1 MiB), `not-a-breach-list`, `not-the-service` (a 404 that is a web page), `unreachable`, `timeout`, `cut-off`, `overloaded`,
 * `aborted`.
 *
 * Throws: ERR_CONFIG here, for a wrong option.
 * Source: the API v3 of haveibeenpwned.com, `breachedaccount`; RFC 9110 10.2.3; ASVS 5.0 13.1.3, 13.2.4, 16.5.2.
 */
export function haveIBeenPwnedAccounts(options: ExposureOptions): ExposureSource {
  const parsed = readExposureOptions(options);
  const { clock, requestsPerMinute } = parsed;
  const pace = createPace({ intervalMs: Math.ceil((60_000 / requestsPerMinute) * slack), places: exposurePlaces, maxWaiting, clock });
  const ask = createAsker(parsed, pace.leave);
  const slowDown = backoff(pace, clock);

  return Object.freeze({
    name: 'have-i-been-pwned',
    async check({ email, signal }) {
      const address = readAddress(email);
      if (address === undefined) return unknownExposure('invalid-input');
      for (let tries = 1; ; tries += 1) {
        const turn = await pace.enter({ signal, first: tries > 1 });
        if (turn !== 'go') return unknownExposure(turn);
        const beganMs = clock.monotonicMs();
        const answer = await ask(address, signal);
        if (answer === undefined) return unknownExposure('aborted');
        slowDown(answer, beganMs);
        if (!answer.again || tries === maxTries) return answer.verdict;
      }
    },
  } satisfies ExposureSource);
}

/** Asks for one address, within the deadline. Undefined when the signal was quicker. Never rejects. `over`: the connection is free. */
function createAsker({ baseUrl, apiKey, userAgent, details, deadlineMs, clock }: ParsedExposureOptions, over: () => void) {
  const path = pathUnder(baseUrl, 'breachedaccount/');
  const query = details ? '?truncateResponse=false' : '';
  const headers = ['hibp-api-key', apiKey, 'user-agent', userAgent, 'accept', 'application/json'];
  const send = createSender({ origin: baseUrl.origin, connections: exposurePlaces, connectTimeoutMs, idleTimeoutMs });

  return async function ask(address: string, signal: AbortSignal | undefined): Promise<ExposureAnswer | undefined> {
    // Between the turn and this line it may have happened, and the address must not leave any more.
    if (isAborted(signal)) {
      over();
      return undefined;
    }
    const exchange = createExchange(exposureReader(() => clock.nowMs()), over);
    const cancelDeadline = clock.after(deadlineMs, exchange.abort);
    signal?.addEventListener('abort', exchange.abort, { once: true });
    send({ path: path + encodeURIComponent(address) + query, headers }, exchange);
    const answer = await exchange.answer;
    cancelDeadline();
    signal?.removeEventListener('abort', exchange.abort);
    return isAborted(signal) ? undefined : answer;
  };
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Stops the line as long as an answer says, and in trouble twice as long as the last time. */
function backoff(pace: Pace, clock: ParsedExposureOptions['clock']) {
  let inARow = 0;
  let heldAtMs = -Infinity;

  return function slowDown({ trouble, holdMs = 0 }: ExposureAnswer, beganMs: number): void {
    pace.hold(holdMs);
    if (!trouble) {
      inARow = 0;
    } else if (beganMs >= heldAtMs) {
      // Those that were under way when the line was stopped are the same trouble.
      inARow += 1;
      heldAtMs = clock.monotonicMs();
      pace.hold(Math.min(firstBackoffMs * 2 ** (inARow - 1), maxBackoffMs));
    }
  };
}
