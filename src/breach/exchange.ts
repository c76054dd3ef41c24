import type { Dispatcher } from 'undici';

/** `unreachable`, `timeout`: no answer. `cut-off`: the beginning of one. */
export type ExchangeFailure = 'unreachable' | 'timeout' | 'cut-off';

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Reads one answer as it comes. What `begin` or `feed` answers settles the exchange, and closes its connection. */
export interface AnswerReader<R> {
  begin(status: number, headers: AnswerHeaders): R | undefined;
  feed(chunk: Buffer): R | undefined;
  finish(): R;
  failed(reason: ExchangeFailure): R;
}

export interface Exchange<R> {
  /** Never rejects. */
  readonly answer: Promise<R>;
  /** Settles it as `timeout`, and closes its connection where it has been sent on one. */
  readonly abort: () => void;
  /** Settles it as `unreachable`, when it could not even be sent. */
  readonly fail: () => void;
  readonly handler: Dispatcher.DispatchHandler;
}

/** One request and its answer, as undici's handler. Whatever comes first settles it; the rest is ignored. `over` is called at its end. */
export function createExchange<R>(reader: AnswerReader<R>, over: () => void): Exchange<R> {
  const { promise: answer, resolve } = Promise.withResolvers<R>();
  let connection: Dispatcher.DispatchController | undefined;
  let begun = false;

  function giveUp(result: R): void {
    resolve(result);
    connection?.abort(new Error('given up'));
  }

  function fail(reason: ExchangeFailure): void {
    resolve(reader.failed(reason));
    over();
  }

  return {
    answer,
    abort: () => {
      giveUp(reader.failed('timeout'));
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
        const result = reader.begin(status, headers);
        if (result !== undefined) giveUp(result);
      },
      onResponseData(_controller, chunk) {
        const result = reader.feed(chunk);
        if (result !== undefined) giveUp(result);
      },
      onResponseEnd() {
        resolve(reader.finish());
        over();
      },
      onResponseError() {
        fail(begun ? 'cut-off' : 'unreachable');
      },
    },
  };
}

/** Where the end of the connection is the end of the body, half a body looks like a whole one. */
export function hasFraming(headers: AnswerHeaders): boolean {
  return headers['content-length'] !== undefined || /\bchunked\b/i.test(String(headers['transfer-encoding'] ?? ''));
}
