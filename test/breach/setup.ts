import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rangeService, type BreachSource, type RangeServiceOptions } from 'portcullis/breach';
import { fakeClock, startRangeServer, type FakeClock, type RangeServer, type RangeServerOptions } from 'portcullis/testing';
import { expect, onTestFinished, vi } from 'vitest';
import type { SecurityEvent } from '../../src/ports/events.ts';

/** What the server knows unless a test says otherwise. */
export const leaked = new Map([
  ['P@ssw0rd', 83_129],
  ['correct horse battery staple', 384],
]);

export interface Setup {
  readonly server: RangeServer;
  readonly service: BreachSource;
  readonly clock: FakeClock;
  readonly events: SecurityEvent[];
  /** Waits until so many requests have come in, and gives one more some time to show itself. */
  readonly requestsAre: (count: number) => Promise<void>;
}

/** A range server, and a service that asks it; both on one clock that stands still. */
export async function setup(given: { readonly server?: RangeServerOptions; readonly service?: RangeServiceOptions } = {}): Promise<Setup> {
  const clock = fakeClock();
  const events: SecurityEvent[] = [];
  const server = await startRangeServer({ passwords: leaked, clock, ...given.server });
  onTestFinished(() => server.close());
  const service = rangeService({ baseUrl: server.url, dangerouslyAllowHttp: true, clock, emit: (event) => events.push(event), ...given.service });
  return {
    server,
    service,
    clock,
    events,
    async requestsAre(count) {
      await vi.waitFor(() => {
        expect(server.requests.length).toBeGreaterThanOrEqual(count);
      }, { timeout: 5_000, interval: 5 });
      await turnsPass();
      expect(server.requests).toHaveLength(count);
    },
  };
}

/** Lets what is on its way through the machine's own sockets arrive. */
export async function turnsPass(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Upper-case SHA-1: 5 digits of prefix and 35 of suffix. */
export function addressOf(password: string): { readonly prefix: string; readonly suffix: string } {
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
  return { prefix: digest.slice(0, 5), suffix: digest.slice(5) };
}

/** So many passwords that nobody knows, no two of the same prefix. */
export function strangers(count: number): string[] {
  const found = new Map<string, string>();
  for (let number = 0; found.size < count; number += 1) {
    const password = `stranger number ${number}`;
    if (!found.has(addressOf(password).prefix)) found.set(addressOf(password).prefix, password);
  }
  return [...found.values()];
}

/** Two passwords of the same prefix. */
export function neighbours(): readonly [string, string] {
  const seen = new Map<string, string>();
  for (let number = 0; ; number += 1) {
    const password = `neighbour number ${number}`;
    const { prefix } = addressOf(password);
    const other = seen.get(prefix);
    if (other !== undefined) return [other, password];
    seen.set(prefix, password);
  }
}

/** A server that does what a test says, for what the range server has no word for. */
export async function rawServer(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: { readonly path: string; readonly response: ServerResponse }[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', response });
    handle(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, connections: () => connections };
}

/** A whole answer of one row that is nobody's. */
export const oneRow = `${'0'.repeat(35)}:1\r\n`;
