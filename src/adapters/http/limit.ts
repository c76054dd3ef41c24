import { networkOf } from '../../kernel/address.ts';
import { isPortcullisError } from '../../kernel/errors.ts';
import { headerSeconds } from '../../kernel/header-seconds.ts';
import { callback, port, readOptions } from '../../kernel/options.ts';
import type { Limiter, LimiterKeys } from '../../limiter/index.ts';
import type { Reply } from '../../ports/reply.ts';
import { failureOf, type Framework, type HttpRequest, type Next } from './framework.ts';
import { acceptsOf } from './request.ts';

/** Where a request came from, as keys to count by. */
export interface ClientKeys {
  /** An IPv4 address or an IPv6 /64; `none` where the request has no address. */
  readonly address: string;
  /** The same IPv4 address, or the IPv6 /48. */
  readonly site: string;
}

export interface LimitOptions<Name extends string, Req> {
  readonly limiter: Limiter<Name>;
  /** The key of each rule that applies to the request. */
  readonly keys: (client: ClientKeys, req: Req) => LimiterKeys<Name>;
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
const storeGone: Reply = { status: 503, headers: { ...headers, 'Retry-After': '5' }, body: '' };

/** Makes what charges each request, and answers it where it is one too many or nothing can be counted. Throws ERR_CONFIG. */
export function createLimit<Name extends string, Req extends HttpRequest, Res>(http: Framework<Req, Res>, options: LimitOptions<Name, Req>): (req: Req, res: Res, next: Next) => void {
  const { limiter, keys } = readOptions('limitRequests', options, {
    limiter: port<Limiter<Name>>(['take', 'headers']),
    keys: callback<LimitOptions<Name, Req>['keys']>(),
  });
  const refuse = { html: http.prepared(refusals.html), json: http.prepared(refusals.json) };
  return function limitRequest(req, res, next) {
    let taken: ReturnType<Limiter<Name>['take']>;
    try {
      taken = limiter.take(keys(clientOf(req.ip), req));
    } catch (error) {
      next(failureOf(error));
      return;
    }
    taken.then(
      (decision) => {
        // A timeout of the app, say, has answered already: nothing can be added to that.
        if (http.isAnswered(res)) {
          if (decision.ok) next();
          return;
        }
        const fields = limiter.headers(decision);
        for (const name in fields) http.setHeader(res, name, fields[name] as string);
        if (decision.ok) next();
        else {
          http.setHeader(res, 'Retry-After', String(headerSeconds(decision.retryAfterMs)));
          refuse[acceptsOf(req)](res);
        }
      },
      (error: unknown) => {
        if (!isPortcullisError(error)) next(failureOf(error));
        else if (!http.isAnswered(res)) http.send(res, storeGone);
      },
    );
  };
}

const nowhere: ClientKeys = { address: 'none', site: 'none' };

function clientOf(address: string | undefined): ClientKeys {
  const network = networkOf(address);
  return network === undefined ? nowhere : { address: network.key, site: network.rollUp };
}
