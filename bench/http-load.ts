import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  /** Path and, if need be, query. Default `/`. */
  readonly path?: string;
  /** Keep-alive connections, each from a loopback address of its own: 127.1.0.1, 127.1.0.2, ... Up to 250. */
  readonly connections: number;
  /** Requests that are on their way at once on each connection. */
  readonly pipelined: number;
  /** Requests in all, shared out evenly. */
  readonly requests: number;
}

/** How many answers had which status. */
export type Statuses = Readonly<Record<number, number>>;

const statusLine = Buffer.from('HTTP/1.1 ');
const statusChars = statusLine.length + 3;

/**
 * Sends GET requests and answers the statuses that came back. Rejects where a connection ends before its answers are in. This process never sleeps
 * meanwhile: to wake whoever reads an answer costs the server as much as a guard does, and the more often the later it answers. Clients on other machines
 * cost it nothing.
 */
export async function load(options: LoadOptions): Promise<Statuses> {
  let goesOn = true;
  const stayAwake = (): void => {
    if (goesOn) setImmediate(stayAwake);
  };
  stayAwake();
  try {
    return await sendAll(options);
  } finally {
    goesOn = false;
  }
}

async function sendAll({ port, path = '/', connections, pipelined, requests }: LoadOptions): Promise<Statuses> {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n`;
  const each = Math.ceil(requests / connections);
  const counts = await Promise.all(Array.from({ length: connections }, (_, at) => loadOne(connect({ port, host: '127.0.0.1', localAddress: `127.1.0.${at + 1}` }), { request, pipelined, requests: each })));
  const sum: Record<number, number> = {};
  for (const count of counts) for (const [status, times] of count) sum[status] = (sum[status] ?? 0) + times;
  return sum;
}

async function loadOne(socket: Socket, { request, pipelined, requests }: { readonly request: string; readonly pipelined: number; readonly requests: number }): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  await once(socket, 'connect');
  let sent = 0;
  let received = 0;
  const send = (): void => {
    const more = Math.min(pipelined, requests - sent);
    sent += more;
    if (more > 0) socket.write(request.repeat(more));
  };
  return new Promise((resolve, reject) => {
    const count = statusCounter((status) => {
      counts.set(status, (counts.get(status) ?? 0) + 1);
      received += 1;
      if (received === sent) send();
    });
    socket.on('data', (chunk) => {
      count(chunk);
      if (received === requests) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (received === requests) resolve(counts);
      else reject(new Error(`the connection ended after ${received} of ${requests} answers`));
    });
    send();
  });
}

/** Finds the status lines in a stream, also where a chunk ends within one. The bodies must not contain `HTTP/1.1 `. */
export function statusCounter(onStatus: (status: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(statusLine); at !== -1 && at + statusChars <= bytes.length; at = bytes.indexOf(statusLine, from)) {
      from = at + statusChars;
      onStatus(Number(bytes.toString('latin1', at + statusLine.length, from)));
    }
    rest = bytes.subarray(Math.max(from, bytes.length - statusChars + 1));
  };
}
