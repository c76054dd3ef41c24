import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { haveIBeenPwnedAccounts, type ExposureOptions, type ExposureSource } from 'portcullis/breach';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { turnsPass } from './setup.ts';

export const apiKey = '0123456789abcdef0123456789ABCDEF';
export const email = 'account-exists@hibp-integration-tests.com';
export const minuteMs = 60_000;

export interface AccountRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
  /** Of the clock of the test. */
  readonly atMs: number;
}

export type Answer = (response: ServerResponse, request: AccountRequest) => void;

/** A whole answer. */
export function answer(status: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(body);
  };
}

export const notFound = answer(404);
export const leak = answer(200, '[{"Name":"Adobe"}]');
export const silence: Answer = () => undefined;

export interface ExposureSetup {
  readonly source: ExposureSource;
  readonly clock: FakeClock;
  readonly requests: readonly AccountRequest[];
  /** From now on requests are answered so. Several: one after the other, and the last for all that come then. */
  readonly answers: (...next: readonly [Answer, ...Answer[]]) => void;
  readonly requestsAre: (count: number) => Promise<void>;
  /** Lets time pass until it is settled, in steps that are far shorter than the deadline. */
  readonly settled: <T>(work: Promise<T>, stepMs?: number) => Promise<T>;
}

/** A service on this machine that answers as a test says, and a source that asks it, with a deadline of a minute; on a clock that stands still. */
export async function exposureSetup(options: Partial<ExposureOptions> = {}): Promise<ExposureSetup> {
  const clock = fakeClock();
  const requests: AccountRequest[] = [];
  let queue: readonly Answer[] = [notFound];
  const server = createServer((request, response) => {
    const seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, response, atMs: clock.monotonicMs() };
    requests.push(seen);
    const [next = notFound, ...others] = queue;
    if (others.length > 0) queue = others;
    next(response, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const source = haveIBeenPwnedAccounts({ apiKey, userAgent: 'mailing-list.example', baseUrl: `http://127.0.0.1:${port}/api/v3`, dangerouslyAllowHttp: true, deadlineMs: 60_000, clock, ...options });
  return {
    source,
    clock,
    requests,
    answers: (...next) => {
      queue = next;
    },
    async requestsAre(count) {
      await vi.waitFor(() => {
        expect(requests.length).toBeGreaterThanOrEqual(count);
      }, { timeout: 5_000, interval: 5 });
      await turnsPass();
      expect(requests).toHaveLength(count);
    },
    settled: (work, stepMs = 1_000) => passUntil(clock, work, stepMs),
  };
}

async function passUntil<T>(clock: FakeClock, work: Promise<T>, stepMs: number): Promise<T> {
  const seen = { done: false };
  const finished = (): void => {
    seen.done = true;
  };
  work.then(finished, finished);
  // What the machine's own sockets still carry must arrive before time passes: a deadline would come first.
  for (let rounds = 0; rounds < 5_000; rounds += 1) {
    await turnsPass();
    if (!seen.done) await new Promise((resolve) => setTimeout(resolve, 2));
    if (seen.done) return work;
    await clock.advance(stepMs);
  }
  throw new Error('it never ends');
}
