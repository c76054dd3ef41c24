import type { Dispatcher, Pool } from 'undici';
import { rangeReaders, type RangeReader, type RangeRows } from './range-rows.ts';
import { createTurns } from './turns.ts';

/** `unreachable` and `timeout`: no answer. The others: a wrong one. */
export type RangeFailure = 'unreachable' | 'timeout' | 'cut-off' | 'bad-status' | 'not-a-range' | 'too-large';

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
/** A handshake costs three round trips of a 300 ms budget: connections stay open between sign-ins. */
const keepAliveTimeoutMs = 60_000;

/**
 * Makes the client. undici is loaded by the first request; its own dispatcher is used, since the global `fetch` of Node 22
 * and 24 never settles with it, and requests follow no redirect. HTTP/1.1 only, one request at a time on a connection:
 * aborting a late one must not take others with it. Requests wait here for a connection and not in undici's queue, whose
 * every aborted request would close a healthy connection when its turn comes.
 */
export function createRangeClient({ baseUrl, userAgent, maxConnections }: RangeClientOptions): RangeClient {
  const path = `${baseUrl.pathname.replace(/\/+$/, '')}/range/`;
  const headers = ['user-agent', userAgent, 'accept', 'text/plain', 'add-padding', 'true'];
  const createReader = rangeReaders();
  const turns = createTurns(maxConnections);
  let pool: Pool | undefined;

  async function connect(): Promise<Pool> {
    const undici = await import('undici');
    pool ??= new undici.Pool(baseUrl.origin, {
      connections: maxConnections,
      pipelining: 1,
      allowH2: false,
      connectTimeout: connectTimeoutMs,
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
    });
    return pool;
  }

  return function request(prefix) {
    const { handler, ...exchange } = createExchange(createReader(), turns.leave);
    const send = (ready: Pool): void => {
      ready.dispatch({ path: path + prefix, method: 'GET', headers }, handler);
    };
    const giveUpTurn = turns.enter(() => {
      if (pool === undefined) connect().then(send).catch(exchange.fail);
      else send(pool);
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

interface Exchange extends RangeRequest {
  readonly handler: Dispatcher.DispatchHandler;
  readonly fail: () => void;
}

/** One request and its answer, as undici's handler. Whatever comes first settles it; the rest is ignored. */
function createExchange(reader: RangeReader, over: () => void): Exchange {
  const { promise: answer, resolve } = Promise.withResolvers<RangeAnswer>();
  let connection: Dispatcher.DispatchController | undefined;
  let begun = false;

  function giveUp(reason: RangeFailure): void {
    resolve({ ok: false, reason });
    connection?.abort(new Error(reason));
  }

  function fail(reason: RangeFailure): void {
    resolve({ ok: false, reason });
    over();
  }

  return {
    answer,
    abort: () => {
      giveUp('timeout');
    },
    fail: () => {
      fail('unreachable');
    },
    handler: {
      onRequestStart(controller) {
        // Also when it is late already: to abort it now would throw away the handshake that made it late, and the next too.
        connection = controller;
      },
      onResponseStart(_controller, status, headers) {
        // 1xx announce an answer and are none.
        if (status < 200) return;
        begun = true;
        if (status !== 200) giveUp('bad-status');
        // Where the end of the connection is the end of the body, half a body looks like a whole one: rows would be missing.
        else if (!hasFraming(headers)) giveUp('cut-off');
      },
      onResponseData(_controller, chunk) {
        if (!reader.feed(chunk)) giveUp('too-large');
      },
      onResponseEnd() {
        const rows = reader.finish();
        resolve(rows === undefined ? { ok: false, reason: 'not-a-range' } : { ok: true, rows });
        over();
      },
      onResponseError() {
        fail(begun ? 'cut-off' : 'unreachable');
      },
    },
  };
}

function hasFraming(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  return headers['content-length'] !== undefined || /\bchunked\b/i.test(String(headers['transfer-encoding'] ?? ''));
}
