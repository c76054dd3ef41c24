import type { FastifyRequest } from 'fastify';
import { createLimit, type LimitOptions } from '../http/limit.ts';
import type { FastifyHook } from './doors.ts';
import { fastifyFramework } from './framework.ts';

export type LimitRequestsOptions<Name extends string> = LimitOptions<Name, FastifyRequest>;

/**
 * Makes a hook that charges every request: as `onRequest` by address, before its body is read; as `preHandler` also by what is in
 * the body. Refused: 429 with Retry-After, as a page or as a problem document (RFC 6585, RFC 9457). A store that is gone ends in
 * 503, never in an unlimited route; a mistake in the keys goes to the app's error handler. Throws ERR_CONFIG.
 */
export function limitRequests<Name extends string>(options: LimitRequestsOptions<Name>): FastifyHook {
  return createLimit(fastifyFramework, options);
}
