import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Bucket {
  readonly url: string;
  /** What it does instead of its work: answers 500, says nothing at all, or answers what is no record. */
  failBy: 'error' | 'silence' | 'nonsense' | undefined;
  close(): Promise<void>;
}

/**
 * A bucket in this process, for trying the store: GET and PUT with entity tags, as object stores have them. One event loop
 * does the whole of a PUT at once, so that each is atomic.
 */
export async function startBucket(port = 0): Promise<Bucket> {
  const objects = new Map<string, { readonly etag: string; readonly body: Buffer }>();
  let writes = 0;

  function put(name: string, { headers }: IncomingMessage, body: Buffer): number {
    const current = objects.get(name)?.etag;
    if (headers['if-none-match'] === '*' ? current !== undefined : headers['if-match'] !== current) return 412;
    writes += 1;
    objects.set(name, { etag: `"${createHash('sha256').update(`${writes}`).digest('hex')}"`, body });
    return 200;
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = Buffer.concat(await req.toArray() as Buffer[]);
    const name = req.url ?? '';
    if (bucket.failBy === 'silence') return;
    if (bucket.failBy === 'error') res.writeHead(500).end();
    else if (req.method === 'PUT') res.writeHead(put(name, req, body)).end();
    else {
      const object = objects.get(name);
      if (bucket.failBy === 'nonsense') res.writeHead(200, { ETag: '"x"' }).end('{"version":"1","value":{}}');
      else if (object === undefined) res.writeHead(404).end();
      else res.writeHead(200, { ETag: object.etag }).end(object.body);
    }
  }

  const server = createServer((req, res) => {
    serve(req, res).catch(() => { res.destroy(); });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bucket: Bucket = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/records/`,
    failBy: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return bucket;
}
