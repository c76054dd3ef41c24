import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKeyRing, type SecurityEvent } from 'portcullis';
import { createAlarmSender, type Alarm, type AlarmSender, type AlarmSenderOptions, type AlarmSink } from 'portcullis/detect';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { onTestFinished } from 'vitest';

export const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });
export const oldSecret = `whsec_${Buffer.alloc(32, 'old secret ').toString('base64')}`;
export const newSecret = `whsec_${Buffer.alloc(32, 'new secret ').toString('base64')}`;

const beganMs = Date.UTC(2026, 0, 1, 2, 13);

/** An attack with everything that an alarm can tell. */
export const stuffing: Alarm = {
  id: 'stuffing 203.0.113.0/24 2026-01-01T02',
  kind: 'stuffing',
  oat: 'OAT-008',
  level: 'attack',
  sinceMs: beganMs,
  lastMs: beganMs + 95_000,
  count: 12_345,
  cause: '203.0.113.0/24',
  sources: ['203.0.113.7', '203.0.113.8', '2001:db8:1:2::/64'],
  accounts: { total: 9_310, ids: ['user-4711', 'ann@example.com'] },
  entered: [
    { accountId: 'user-4711', atMs: beganMs + 12_000, source: '203.0.113.7', knownDevice: false, passwordOnly: true },
    { accountId: 'ann@example.com', atMs: beganMs + 40_000, source: '203.0.113.8', knownDevice: true, passwordOnly: false },
  ],
  enteredTotal: 2,
  isSpread: false,
  isOver: false,
  evidence: { ratePerMinute: 8_200.5, usualPerMinute: 12, busiest: '203.0.113.7' },
  summary: '203.0.113.0/24 tries stolen passwords; user-4711 and ann@example.com were entered.',
};

/** Alarms that differ, one for each number. */
export function alarm(number: number, changes: Partial<Alarm> = {}): Alarm {
  return { ...stuffing, id: `alarm-${number}`, ...changes };
}

export interface Setup {
  readonly sender: AlarmSender;
  readonly clock: FakeClock;
  readonly events: SecurityEvent[];
}

/** A sender on a clock that stands still, whose backoff is always its longest unless `random` says otherwise. */
export function setup(sinks: readonly AlarmSink[], options: Partial<AlarmSenderOptions> = {}): Setup {
  const clock = fakeClock();
  const events: SecurityEvent[] = [];
  const sender = createAlarmSender({ sinks, clock, random: (size) => Buffer.alloc(size, 255), emit: (event) => events.push(event), ...options });
  return { sender, clock, events };
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  readonly server: Server;
}

/** A real server on this machine. `answer` runs when a whole request is in; the default answers 204. */
export async function receiver(answer: (response: ServerResponse, turn: number) => void = (response) => response.writeHead(204).end()): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      answer(response, received.length);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=t`, received, server };
}
