import { hash, createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../kernel/clock.ts';
import { flag, integer, port, readOptions, wrong, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * What the server does instead of answering rightly.
 *
 * - `status`: that status with a short text; with `location` a redirect. `body`: a 200 with that text.
 * - `delay`: the right answer, late. `silence`: takes the request and never answers. `stall`: half an answer, then nothing.
 * - `reset`: ends the connection unanswered. `cut-off`: ends it after half the body, whose length was announced (`length`),
 *   or whose chunks were not over (`chunked`), or whose end nothing but the end of the connection tells (`close`).
 */
export type RangeFault =
  | { readonly kind: 'status'; readonly status: number; readonly location?: string }
  | { readonly kind: 'body'; readonly body: string }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'silence' | 'stall' | 'reset' }
  | { readonly kind: 'cut-off'; readonly framing: 'length' | 'chunked' | 'close' };

/** One request as it came in. */
export interface RangeServerRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface RangeServerOptions {
  /** The passwords the server knows and how often each was seen. A `Map` will do. */
  readonly passwords?: Iterable<readonly [password: string, count: number]>;
  /** Rows of other passwords in every range. Default 1,900, as the service has. */
  readonly fillerRows?: number;
  /** False: records no requests, for long runs. Default true: the first 10,000. */
  readonly record?: boolean;
  /** Delays use it. */
  readonly clock?: Clock;
}

/** A running server. */
export interface RangeServer {
  /** `http://127.0.0.1:<port>`, for `rangeService({ baseUrl, dangerouslyAllowHttp: true })`. */
  readonly url: string;
  readonly requests: readonly RangeServerRequest[];
  /**
   * From now on requests (of one prefix, or all) meet this fault, `times` of them or until it is replaced; undefined ends it.
   * A fault of a prefix goes before one of all.
   */
  readonly setFault: (fault: RangeFault | undefined, where?: { readonly prefix?: string; readonly times?: number }) => void;
  /** Ends every connection and the server. */
  close(): Promise<void>;
}

const maxRecorded = 10_000;
const maxRendered = 1_024;
const rowEnd = '\r\n';
const everyPrefix = 'all';
/** The service appends 10 to 209 rows (its worker, since August 2022); each has 35 digits, `:0`, and the line end before it. */
const padding = { min: 10, max: 209, rowBytes: rowEnd.length + 37 };

const passwordsOption: OptionReader<Iterable<readonly [string, number]>> = (given = [], name) => {
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) throw wrong(name, 'a Map or pairs of password and count', given);
  return given as Iterable<readonly [string, number]>;
};

/**
 * Starts a server on this machine that speaks the protocol of the Pwned Passwords range service: `GET /range/{5 hex}`,
 * sorted rows, CRLF, padding when asked, 200 for every prefix, 400 for what is none, 405 for another method. Other
 * passwords' rows are made up, the same at every start. Throws ERR_CONFIG for a wrong option.
 */
export async function startRangeServer(options: RangeServerOptions = {}): Promise<RangeServer> {
  const { passwords, fillerRows, record, clock } = readOptions('rangeServer', options, {
    passwords: passwordsOption,
    fillerRows: integer({ min: 0, max: 20_000, fallback: 1_900 }),
    record: flag(true),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
  });
  const known = rowsByPrefix(passwords);
  const render = cached((prefix) => renderRange(prefix, known.get(prefix) ?? [], fillerRows));
  const pad = paddingRows();
  const requests: RangeServerRequest[] = [];
  const faults = faultTable();
  let answered = 0;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url: path = '', headers } = request;
    if (record && requests.length < maxRecorded) requests.push({ method, path, headers });
    const prefix = /^\/range\/([\da-f]{5})(?:\?mode=sha1)?$/i.exec(path)?.[1]?.toUpperCase();
    if (method !== 'GET' || prefix === undefined) {
      sendText(response, method === 'GET' ? 400 : 405, method === 'GET' ? 'The hash prefix was not in a valid format' : 'Method not allowed');
      return;
    }
    const fault = faults.take(prefix);
    const padded = String(headers['add-padding']).toLowerCase() === 'true';
    const padRows = padded ? padding.min + (answered++ % (padding.max - padding.min + 1)) : 0;
    const parts = [render(prefix), pad.subarray(0, padRows * padding.rowBytes)];
    if (fault === undefined) sendRange(response, parts);
    else misbehave(response, fault, parts, clock);
  }

  const server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port: number } = server.address() as AddressInfo;
  return Object.freeze({
    url: `http://127.0.0.1:${number}`,
    requests,
    setFault: faults.set,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  } satisfies RangeServer);
}

function faultTable() {
  const faults = new Map<string, { readonly fault: RangeFault; left: number }>();
  return {
    set: (fault: RangeFault | undefined, { prefix = everyPrefix, times = Infinity }: { prefix?: string; times?: number } = {}): void => {
      const key = prefix === everyPrefix ? prefix : prefix.toUpperCase();
      if (fault === undefined) faults.delete(key);
      else faults.set(key, { fault, left: times });
    },
    take(prefix: string): RangeFault | undefined {
      const key = faults.has(prefix) ? prefix : everyPrefix;
      const entry = faults.get(key);
      if (entry === undefined) return undefined;
      entry.left -= 1;
      if (entry.left <= 0) faults.delete(key);
      return entry.fault;
    },
  };
}

function rowsByPrefix(passwords: Iterable<readonly [string, number]>): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, string[]>();
  for (const [password, count] of passwords) {
    const digest = hash('sha1', password, 'hex').toUpperCase();
    const row = `${digest.slice(5)}:${count}`;
    const rows = known.get(digest.slice(0, 5));
    if (rows === undefined) known.set(digest.slice(0, 5), [row]);
    else rows.push(row);
  }
  return known;
}

/** The body of a range. The made-up rows come from the prefix alone. */
function renderRange(prefix: string, knownRows: readonly string[], fillerRows: number): Buffer {
  const rowBytes = 20;
  const noise = createHash('shake256', { outputLength: Math.max(1, fillerRows) * rowBytes }).update(prefix).digest();
  const rows = Array.from({ length: fillerRows }, (_, row) => {
    const bytes = noise.subarray(row * rowBytes, (row + 1) * rowBytes);
    // Most leaked passwords were seen a few times, some thousands of times.
    const count = 1 + (bytes.readUInt8(18) % 12) * (bytes.readUInt8(19) < 8 ? 700 : 1);
    return `${bytes.toString('hex', 0, 18).slice(0, 35).toUpperCase()}:${count}`;
  });
  return Buffer.from([...rows, ...knownRows].sort().join(rowEnd), 'latin1');
}

function paddingRows(): Buffer {
  const noise = createHash('shake256', { outputLength: padding.max * 18 }).update('padding').digest('hex').toUpperCase();
  const rows = Array.from({ length: padding.max }, (_, row) => `${rowEnd}${noise.slice(row * 36, row * 36 + 35)}:0`);
  return Buffer.from(rows.join(''), 'latin1');
}

/** Remembers the latest results of a function of a string. */
function cached(make: (key: string) => Buffer): (key: string) => Buffer {
  const results = new Map<string, Buffer>();
  return (key) => {
    const result = results.get(key) ?? make(key);
    results.set(key, result);
    const [oldest] = results.keys();
    if (results.size > maxRendered && oldest !== undefined) results.delete(oldest);
    return result;
  };
}

function sendText(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text);
}

function sendRange(response: ServerResponse, [rows, pad]: readonly Buffer[]): void {
  response.writeHead(200, rangeHeaders((rows?.length ?? 0) + (pad?.length ?? 0)));
  if (rows !== undefined) response.write(rows);
  response.end(pad);
}

function rangeHeaders(bodyBytes: number) {
  return { 'content-type': 'text/plain', 'cache-control': 'public, max-age=2678400', 'access-control-allow-origin': '*', 'content-length': bodyBytes };
}

function misbehave(response: ServerResponse, fault: RangeFault, parts: readonly Buffer[], clock: Clock): void {
  const { socket } = response;
  switch (fault.kind) {
    case 'status':
      sendText(response, fault.status, `fault ${fault.status}`, fault.location === undefined ? {} : { location: fault.location });
      break;
    case 'body':
      sendText(response, 200, fault.body);
      break;
    case 'delay':
      clock.after(fault.delayMs, () => {
        sendRange(response, parts);
      });
      break;
    case 'silence':
      break;
    case 'reset':
      socket?.destroy();
      break;
    case 'stall':
      sendHalf(response, parts, 'length', () => undefined);
      break;
    case 'cut-off':
      sendHalf(response, parts, fault.framing, () => {
        if (fault.framing === 'close') socket?.end();
        else socket?.destroy();
      });
  }
}

/** Sends the head and the first half of the body, then does the rest. */
function sendHalf(response: ServerResponse, parts: readonly Buffer[], framing: 'length' | 'chunked' | 'close', then: () => void): void {
  const body = Buffer.concat(parts);
  const half = body.subarray(0, body.length / 2);
  if (framing === 'close') {
    response.socket?.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n');
    response.socket?.write(half, then);
    return;
  }
  response.writeHead(200, framing === 'length' ? rangeHeaders(body.length) : { 'content-type': 'text/plain' });
  response.write(half, then);
}
