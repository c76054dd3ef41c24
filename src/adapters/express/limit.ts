import type { Request, RequestHandler } from 'express';
import { createLimit, type LimitOptions } from '../http/limit.ts';
import { expressFramework } from './framework.ts';

export type LimitRequestsOptions<Name extends string> = LimitOptions<Name, Request>;

/**
 * Makes a middleware that charges every request: mounted before the parsers, before its body is read. Refused: 429 with Retry-After,
 * as a page or as a problem document (RFC 6585, RFC 9457). A store that is gone ends in 503, never in an unlimited route; a
 * mistake in the keys goes to the app's error handler. Throws ERR_CONFIG.
 */
export function limitRequests<Name extends string>(options: LimitRequestsOptions<Name>): RequestHandler {
  return createLimit(expressFramework, options);
}
