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
  // A mark on the request itself: an entry in a WeakSet would cost as much as the rest of a decision.
  const paid = Symbol('portcullis.paid');
  type Marked = Req & { [paid]?: LimiterKeys<Name> };

  /** The keys that this request has not paid for: a limit that stands before it twice, by mistake, charges it once. */
  function dueOf(req: Marked): LimiterKeys<Name> | undefined {
    const found = keys(clientOf(req.ip), req);
    return req[paid] === undefined ? found : unpaid(found, req[paid]);
  }

  function go(req: Marked, due: LimiterKeys<Name>, next: Next): void {
    req[paid] = req[paid] === undefined ? { ...due } : { ...req[paid], ...due };
    next();
  }

  return function limitRequest(req, res, next) {
    let due: LimiterKeys<Name> | undefined;
    let taken: ReturnType<typeof limiter.take> | undefined;
    try {
      due = dueOf(req);
      taken = due && limiter.take(due);
    } catch (error) {
      next(failureOf(error));
      return;
    }
    if (due === undefined || taken === undefined) {
      next();
      return;
    }
    const charged = due;
    taken.then(
      (decision) => {
        // A timeout of the app, say, has answered already: nothing can be added to that.
        if (http.isAnswered(res)) {
          if (decision.ok) go(req, charged, next);
          return;
        }
        const fields = limiter.headers(decision);
        for (const name in fields) http.setHeader(res, name, fields[name] as string);
        if (decision.ok) go(req, charged, next);
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

/** Undefined where all is paid. Where there is nothing to pay for, nothing is left out: that is a mistake for the limiter to name. */
function unpaid<Name extends string>(found: LimiterKeys<Name>, paid: LimiterKeys<Name>): LimiterKeys<Name> | undefined {
  const named = (Object.keys(found) as Name[]).filter((name) => found[name] !== undefined);
  const due = named.filter((name) => found[name] !== paid[name]);
  if (named.length > 0 && due.length === 0) return undefined;
  return Object.fromEntries(due.map((name) => [name, found[name]])) as LimiterKeys<Name>;
}

const nowhere: ClientKeys = { address: 'none', site: 'none' };

function clientOf(address: string | undefined): ClientKeys {
  const network = networkOf(address);
  return network === undefined ? nowhere : { address: network.key, site: network.rollUp };
}
