import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { load, statusCounter } from '../../bench/http-load.ts';

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function serve(answer: (count: number, address: string | undefined) => number): Promise<number> {
  let count = 0;
  const started = createServer((req, res) => {
    res.statusCode = answer((count += 1), req.socket.remoteAddress);
    res.end('ok');
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return (started.address() as AddressInfo).port;
}

describe('the load on a server', () => {
  it.each([1, 8])('sends as many requests as it says and counts the statuses, %i on their way at once', async (pipelined) => {
    const port = await serve((count) => (count % 3 === 0 ? 429 : 200));
    expect(await load({ port, connections: 5, pipelined, requests: 300 })).toEqual({ 200: 200, 429: 100 });
  });

  it('comes from a loopback address of its own on each connection', async () => {
    const addresses = new Set<string | undefined>();
    const port = await serve((_, address) => (addresses.add(address), 200));
    await load({ port, connections: 3, pipelined: 1, requests: 6 });
    expect([...addresses].sort()).toEqual(['127.1.0.1', '127.1.0.2', '127.1.0.3']);
  });

  it('fails where the server hangs up', async () => {
    const port = await serve((count) => {
      if (count === 5) server?.closeAllConnections();
      return 200;
    });
    await expect(load({ port, connections: 1, pipelined: 1, requests: 10 })).rejects.toThrow(/^(the connection ended after 4 of 10 answers|read ECONNRESET)$/);
  });
});

describe('finding the status lines', () => {
  it('does not depend on where the chunks end', () => {
    const stream = Buffer.from('HTTP/1.1 200 OK\r\n\r\nokHTTP/1.1 429 Too Many Requests\r\n\r\nHTTP/1.1 503 Busy\r\n\r\n');
    for (let size = 1; size <= stream.length; size += 1) {
      const statuses: number[] = [];
      const count = statusCounter((status) => statuses.push(status));
      for (let at = 0; at < stream.length; at += size) count(stream.subarray(at, at + size));
      expect(statuses).toEqual([200, 429, 503]);
    }
  });
});
