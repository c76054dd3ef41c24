import { createExchange, hasFraming, type AnswerReader, type ExchangeFailure } from './exchange.ts';
import { createSender } from './pool.ts';
import { rangeReaders, type RangeReader, type RangeRows } from './range-rows.ts';
import { pathUnder } from './service-options.ts';
import { createTurns } from './turns.ts';

/** `unreachable` and `timeout`: no answer. The others: a wrong one. */
export type RangeFailure = ExchangeFailure | 'bad-status' | 'not-a-range' | 'too-large';

export type RangeAnswer = { readonly ok: true; readonly rows: RangeRows } | { readonly ok: false; readonly reason: RangeFailure };

/**
 * A request that is under way. `answer` never rejects; `abort` settles it as `timeout`, and closes its connection where it
 * has been sent on one.
 */
export interface RangeRequest {
  readonly answer: Promise<RangeAnswer>;
  abort(): void;
}

export interface RangeClientOptions {
  readonly baseUrl: URL;
  readonly userAgent: string;
  readonly maxConnections: number;
}

/** Asks the service for one prefix: 5 hexadecimal digits, the only thing that leaves the process. */
export type RangeClient = (prefix: string) => RangeRequest;

/** A lookup has a second at most; a connection that takes longer is of no use to anybody. */
const connectTimeoutMs = 2_000;
/** Backstop: a request that has been sent is aborted when its last waiter leaves. */
const idleTimeoutMs = 5_000;

/**
 * Makes the client. Requests wait here for a connection and not in undici's queue, whose every aborted request would close a
 * healthy connection when its turn comes.
 */
export function createRangeClient({ baseUrl, userAgent, maxConnections }: RangeClientOptions): RangeClient {
  const path = pathUnder(baseUrl, 'range/');
  const headers = ['user-agent', userAgent, 'accept', 'text/plain', 'add-padding', 'true'];
  const createReader = rangeReaders();
  const turns = createTurns(maxConnections);
  const send = createSender({ origin: baseUrl.origin, connections: maxConnections, connectTimeoutMs, idleTimeoutMs });

  return function request(prefix) {
    const exchange = createExchange(readerOf(createReader()), turns.leave);
    const giveUpTurn = turns.enter(() => {
      send({ path: path + prefix, headers }, exchange);
    });
    return {
      answer: exchange.answer,
      abort() {
        giveUpTurn();
        exchange.abort();
      },
    };
  };
}

/** One answer, row by row. */
function readerOf(rows: RangeReader): AnswerReader<RangeAnswer> {
  const failed = (reason: RangeFailure): RangeAnswer => ({ ok: false, reason });
  return {
    begin(status, headers) {
      if (status !== 200) return failed('bad-status');
      // Half a body that looks like a whole one: rows would be missing.
      return hasFraming(headers) ? undefined : failed('cut-off');
    },
    feed: (chunk) => (rows.feed(chunk) ? undefined : failed('too-large')),
    finish() {
      const read = rows.finish();
      return read === undefined ? failed('not-a-range') : { ok: true, rows: read };
    },
    failed,
  };
}
