import type { Request, RequestHandler, Response } from 'express';
import { networkOf } from '../../kernel/address.ts';
import { isPortcullisError } from '../../kernel/errors.ts';
import { headerSeconds } from '../../kernel/header-seconds.ts';
import { callback, port, readOptions } from '../../kernel/options.ts';
import type { Limiter, LimiterKeys, LimiterRefusal } from '../../limiter/index.ts';
import type { Reply } from '../../ports/reply.ts';
import { factsOf, send } from './request.ts';

/** Where a request came from, as keys to count by. */
export interface ClientKeys {
  /** An IPv4 address or an IPv6 /64; `none` where the request has no address. */
  readonly address: string;
  /** The same IPv4 address, or the IPv6 /48. */
  readonly site: string;
}

export interface LimitRequestsOptions<Name extends string> {
  readonly limiter: Limiter<Name>;
  /** The key of each rule that applies to the request. */
  readonly keys: (client: ClientKeys, req: Request) => LimiterKeys<Name>;
}

const title = 'Too many requests';
const headers = { 'Cache-Control': 'no-store', 'Vary': 'Accept' };
const refusals: Readonly<Record<'html' | 'json', Reply>> = {
  html: {
    status: 429,
    headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><main><h1>${title}</h1><p>Please wait a while and try again.</p></main></html>`,
  },
  json: {
    status: 429,
    headers: { ...headers, 'Content-Type': 'application/problem+json' },
    body: JSON.stringify({ type: 'urn:portcullis:too-many-requests', title, status: 429, detail: 'Please wait a while and try again.' }),
  },
};

/**
 * Makes a middleware that charges every request before its body is read. Refused: 429 with Retry-After, as a page or as a
 * problem document (RFC 6585, RFC 9457). A store that is gone ends in 503, never in an unlimited route; a mistake in the keys
 * goes to the app's error handler. Throws ERR_CONFIG.
 */
export function limitRequests<Name extends string>(options: LimitRequestsOptions<Name>): RequestHandler {
  const { limiter, keys } = readOptions('limitRequests', options, {
    limiter: port<Limiter<Name>>(['take', 'headers']),
    keys: callback<LimitRequestsOptions<Name>['keys']>(),
  });
  return function limitRequest(req, res, next) {
    limiter.take(keys(clientOf(req.ip), req)).then(
      (decision) => {
        // A timeout of the app, say, has answered already: nothing can be added to that.
        if (res.headersSent) {
          if (decision.ok) next();
          return;
        }
        const fields = limiter.headers(decision);
        for (const name in fields) res.setHeader(name, fields[name] as string);
        if (decision.ok) next();
        else refuse(req, res, decision);
      },
      (error: unknown) => {
        if (!isPortcullisError(error)) next(error);
        else if (!res.headersSent) res.status(503).set({ ...headers, 'Retry-After': '5' }).end();
      },
    );
  };
}

const nowhere: ClientKeys = { address: 'none', site: 'none' };

function clientOf(address: string | undefined): ClientKeys {
  const network = networkOf(address);
  return network === undefined ? nowhere : { address: network.key, site: network.rollUp };
}

function refuse(req: Request, res: Response, { retryAfterMs }: LimiterRefusal): void {
  res.setHeader('Retry-After', headerSeconds(retryAfterMs));
  send(res, refusals[factsOf(req).accepts]);
}
