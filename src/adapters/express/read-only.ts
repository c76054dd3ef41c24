import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { ReadOnlyMode } from '../../read-only/index.ts';
import { createReadOnlyAnswer, createReadOnlyGuard, type GuardedPages, type GuardedRoutes } from '../http/read-only.ts';
import { expressFramework as http } from './framework.ts';

/** Routes are `POST /sign-out`, `/health` (any method), `/reports/:id/export` or `/admin/*`, from the root of the app. */
export type ReadOnlyGuardOptions<Req = Request> = GuardedRoutes<Req>;

export type ReadOnlyRouteOptions = GuardedRoutes<Request> & GuardedPages;

/**
 * Makes the middleware that refuses what read-only mode refuses: 503, Retry-After and the header `Portcullis-Read-Only`. Mount it
 * behind the session and before every route; where a later middleware changes methods by the body, once more behind that. Throws
 * ERR_CONFIG.
 */
export function readOnlyGuard(mode: ReadOnlyMode, options: ReadOnlyRouteOptions = {}): RequestHandler {
  return createReadOnlyGuard(http, mode, options);
}

/** Makes the error handler that answers a `ReadOnlyError`, thrown by `assertWritable` behind a route, as the guard does. */
export function readOnlyErrors(options: GuardedPages = {}): ErrorRequestHandler {
  const answerTo = createReadOnlyAnswer(options);
  return (error: unknown, req, res, next) => {
    const reply = http.isAnswered(res) ? undefined : answerTo(error, req);
    if (reply === undefined) next(error);
    else http.send(res, reply);
  };
}
