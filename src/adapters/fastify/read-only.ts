import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReadOnlyMode } from '../../read-only/index.ts';
import { createReadOnlyAnswer, createReadOnlyGuard, type GuardedPages, type GuardedRoutes } from '../http/read-only.ts';
import type { FastifyHook } from './doors.ts';
import { fastifyFramework as http } from './framework.ts';

/** Routes are `POST /sign-out`, `/health` (any method), `/reports/:id/export` or `/admin/*`, from the root of the app. */
export type ReadOnlyGuardOptions<Req = FastifyRequest> = GuardedRoutes<Req>;

export type ReadOnlyRouteOptions = GuardedRoutes<FastifyRequest> & GuardedPages;

/**
 * Makes the hook that refuses what read-only mode refuses: 503, Retry-After and the header `Portcullis-Read-Only`. Add it as
 * `onRequest` to the root, behind the session and before every plugin with routes: only what is registered later inherits it.
 * Throws ERR_CONFIG.
 */
export function readOnlyGuard(mode: ReadOnlyMode, options: ReadOnlyRouteOptions = {}): FastifyHook {
  return createReadOnlyGuard(http, mode, options);
}

/**
 * Makes the error handler that answers a `ReadOnlyError`, thrown by `assertWritable` behind a route, as the guard does. Any other
 * error it throws again, for the error handler around it.
 */
export function readOnlyErrors(options: GuardedPages = {}): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  const answerTo = createReadOnlyAnswer(options);
  return (error, request, reply) => {
    const reply503 = http.isAnswered(reply) ? undefined : answerTo(error, request);
    if (reply503 === undefined) throw error;
    http.send(reply, reply503);
  };
}
