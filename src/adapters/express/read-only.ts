import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { isPortcullisError } from '../../kernel/errors.ts';
import { callback, list, optional, port, readOptions, text, type OptionReader } from '../../kernel/options.ts';
import type { ReadOnlyFacts, ReadOnlyLabel, ReadOnlyMode, ReadOnlySubject, ReadOnlyVerdict } from '../../read-only/index.ts';
import { readOnlyField, readOnlyHeader, readOnlyReply, type ReadOnlyPageFacts } from './read-only-answer.ts';
import { askedBy, strictestOf } from './read-only-request.ts';
import { factsOf, send } from './request.ts';
import { createRouteTable } from './route-table.ts';

/** Routes are `POST /sign-out`, `/health` (any method), `/reports/:id/export` or `/admin/*`, from the root of the app. */
export interface ReadOnlyGuardOptions<R extends IncomingMessage = Request> {
  /** Routes that pass on every level. Only what is written just like it is exempt: no other case, no slash at the end, no escape in a fixed part. */
  readonly exempt?: readonly string[];
  /** Routes that are refused from the first level on, whatever the method and however they are written. Stronger than `exempt`. */
  readonly sensitive?: readonly string[];
  /** The same by the app's own rule. */
  readonly labelOf?: (req: R) => ReadOnlyLabel | undefined;
  /** Who asks, for switches of an organization or a user. Without it only those of everyone bind. Not asked while nothing is switched on. */
  readonly subjectOf?: (req: R) => ReadOnlySubject | undefined | Promise<ReadOnlySubject | undefined>;
}

export interface ReadOnlyRouteOptions extends ReadOnlyGuardOptions {
  /** The page of a refusal, as HTML. */
  readonly page?: (facts: ReadOnlyPageFacts) => string;
}

/** Handles an upgrade, as `server.on('upgrade', ...)` does. */
export type UpgradeHandler = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface GuardParts<R> {
  readonly exempt: readonly string[];
  readonly sensitive: readonly string[];
  readonly labelOf: ((req: R) => ReadOnlyLabel | undefined) | undefined;
  readonly subjectOf: ((req: R) => ReadOnlySubject | undefined | Promise<ReadOnlySubject | undefined>) | undefined;
}

function guardReaders<R>(): { readonly [K in keyof GuardParts<R>]: OptionReader<GuardParts<R>[K]> } {
  return { exempt: list(text(), []), sensitive: list(text(), []), labelOf: optional(callback()), subjectOf: optional(callback()) };
}

const pageOption = optional(callback<(facts: ReadOnlyPageFacts) => string>());

const modeMethods = ['check', 'banner', 'known'] as const;

/**
 * Makes the middleware that refuses what read-only mode refuses: 503, Retry-After and the header `Portcullis-Read-Only`. Mount it
 * behind the session and before every route; where a later middleware changes methods by the body, once more behind that. Throws
 * ERR_CONFIG.
 */
export function readOnlyGuard(mode: ReadOnlyMode, options: ReadOnlyRouteOptions = {}): RequestHandler {
  port<ReadOnlyMode>(modeMethods, undefined, 'createReadOnlyMode')(mode, 'readOnlyGuard.mode');
  const { page, ...parsed } = readOptions('readOnlyGuard', options, { ...guardReaders<Request>(), page: pageOption });
  const judge = createJudge(mode, 'readOnlyGuard', parsed);
  return function guardReadOnly(req, res, next) {
    if (isOff(mode)) {
      next();
      return;
    }
    judge(req).then(
      ({ verdict, subject }) => {
        // A timeout of the app, say, has answered already.
        if (res.headersSent) return;
        if (!verdict.allowed) {
          send(res, readOnlyReply(factsOfRefusal(verdict), { accepts: factsOf(req).accepts, page }));
          return;
        }
        const banner = mode.banner(subject);
        if (banner !== undefined) res.setHeader(readOnlyHeader, readOnlyField(banner));
        next();
      },
    ).catch(next);
  };
}

/**
 * The same for WebSockets and other upgrades: `server.on('upgrade', guardUpgrade(mode, handle))`. An upgrade counts as a write of
 * the method `UPGRADE`. What is open already is the app's to ask `check` or `assertWritable` for, message by message.
 */
export function guardUpgrade(mode: ReadOnlyMode, handle: UpgradeHandler, options: ReadOnlyGuardOptions<IncomingMessage> = {}): UpgradeHandler {
  port<ReadOnlyMode>(modeMethods, undefined, 'createReadOnlyMode')(mode, 'guardUpgrade.mode');
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
    judge(req, 'UPGRADE').then(
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

/** Makes the error handler that answers a `ReadOnlyError`, thrown by `assertWritable` behind a route, as the guard does. */
export function readOnlyErrors(options: Pick<ReadOnlyRouteOptions, 'page'> = {}): ErrorRequestHandler {
  const { page } = readOptions('readOnlyErrors', options, { page: pageOption });
  return (error: unknown, req, res: Response, next) => {
    if (res.headersSent || !isPortcullisError(error) || error.code !== 'ERR_READ_ONLY') {
      next(error);
      return;
    }
    // Of whichever copy of the package: the members are what counts.
    const { level, reason = '', untilMs, retryAfterMs } = error as unknown as ReadOnlyFacts;
    send(res, readOnlyReply({ level, reason, retryAfterMs, ...(untilMs !== undefined && { untilMs }) }, { accepts: factsOf(req).accepts, page }));
  };
}

/** The one question of a request while nothing is switched on. */
function isOff(mode: ReadOnlyMode): boolean {
  const { state, switches } = mode.known();
  return switches.length === 0 && state !== 'unknown';
}

interface Judged {
  readonly verdict: ReadOnlyVerdict;
  readonly subject: ReadOnlySubject;
}

function createJudge<R extends IncomingMessage>(mode: ReadOnlyMode, name: string, { exempt, sensitive, labelOf, subjectOf }: GuardParts<R>): (req: R, as?: string) => Promise<Judged> {
  const exemptRoutes = createRouteTable(`${name}.exempt`, exempt);
  const sensitiveRoutes = createRouteTable(`${name}.sensitive`, sensitive);

  return async function judge(req, as) {
    const asked = askedBy(req);
    const methods = as === undefined ? asked.methods : [as];
    const own = labelOf?.(req);
    const label = own === 'sensitive' || sensitiveRoutes.mayReach({ ...asked, methods }) ? 'sensitive' : own ?? (exemptRoutes.holdsExactly({ ...asked, methods }) ? 'exempt' : undefined);
    // Signing in must work where the store of the sessions does not.
    const subject = (label === 'exempt' ? undefined : await subjectOf?.(req)) ?? {};
    return { subject, verdict: mode.check({ method: strictestOf(methods), label, accountId: subject.accountId, organizationIds: subject.organizationIds }) };
  };
}

function factsOfRefusal({ level, switch: found, retryAfterMs }: Extract<ReadOnlyVerdict, { allowed: false }>): ReadOnlyPageFacts {
  return { level, reason: found?.reason ?? '', retryAfterMs, ...(found?.untilMs !== undefined && { untilMs: found.untilMs }) };
}

function refuseUpgrade(socket: Duplex, verdict: Extract<ReadOnlyVerdict, { allowed: false }> | undefined): void {
  const { status, headers, body } = readOnlyReply(verdict === undefined ? { level: 'all', reason: '', retryAfterMs: 5_000 } : factsOfRefusal(verdict), { accepts: 'json' });
  const fields = { ...headers, 'Connection': 'close', 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}`);
  socket.end(`HTTP/1.1 ${status} Service Unavailable\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () => {
    socket.destroy();
  });
}
