import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { callback, readOptions } from '../../kernel/options.ts';
import type { ReadOnlyMode, ReadOnlyVerdict } from '../../read-only/index.ts';
import { refusal } from './read-only-answer.ts';
import { askedByMessage } from './read-only-request.ts';
import { createJudge, factsOfRefusal, guardReaders, isOff, requireMode, type GuardedRoutes } from './read-only.ts';

/** Handles an upgrade, as `server.on('upgrade', ...)` does. */
export type UpgradeHandler = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * The guard of read-only mode for WebSockets and other upgrades: `server.on('upgrade', guardUpgrade(mode, handle))`. An upgrade counts
 * as a write of the method `UPGRADE`. What is open already is the app's to ask `check` or `assertWritable` for, message by
 * message. Throws ERR_CONFIG.
 */
export function guardUpgrade(mode: ReadOnlyMode, handle: UpgradeHandler, options: GuardedRoutes<IncomingMessage> = {}): UpgradeHandler {
  requireMode(mode, 'guardUpgrade.mode');
  callback<UpgradeHandler>()(handle, 'guardUpgrade.handle');
  const judge = createJudge(mode, 'guardUpgrade', readOptions('guardUpgrade', options, guardReaders<IncomingMessage>()));
  return function guardedUpgrade(req, socket, head) {
    if (isOff(mode)) {
      handle(req, socket, head);
      return;
    }
    // Until it is handed on nobody else listens, and an error of the connection would end the process.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    judge(req, () => ({ ...askedByMessage(req), methods: ['UPGRADE'] })).then(
      ({ verdict }) => {
        if (!verdict.allowed) {
          refuseUpgrade(socket, verdict);
          return;
        }
        socket.removeListener('error', ignore);
        handle(req, socket, head);
      },
      () => {
        refuseUpgrade(socket, undefined);
      },
    ).catch(() => {
      socket.destroy();
    });
  };
}

function refuseUpgrade(socket: Duplex, verdict: Extract<ReadOnlyVerdict, { allowed: false }> | undefined): void {
  const { status, headers, body } = refusal(verdict === undefined ? { level: 'all', reason: '', retryAfterMs: 5_000 } : factsOfRefusal(verdict), { accepts: 'json' });
  const fields = { ...headers, 'Connection': 'close', 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}`);
  socket.end(`HTTP/1.1 ${status} Service Unavailable\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () => {
    socket.destroy();
  });
}
