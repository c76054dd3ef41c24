import { networkOf } from '../../kernel/address.ts';
import { atOnceOf } from '../../kernel/at-once.ts';
import { isThenable } from '../../kernel/deadline.ts';
import { isPortcullisError } from '../../kernel/errors.ts';
import { headerSeconds } from '../../kernel/header-seconds.ts';
import { callback, port, readOptions } from '../../kernel/options.ts';
import type { Limiter, LimiterDecision, LimiterKeys } from '../../limiter/index.ts';
import type { TakeAtOnce } from '../../limiter/limiter.ts';
import type { Reply } from '../../ports/reply.ts';
import { addressOption, type AddressOf } from './address.ts';
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
  /** The client's address, where the framework's own setting cannot tell it: what `clientAddress` makes. Default: `req.ip`. */
  readonly address?: (req: Req) => string | undefined;
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
  const { limiter, keys, address } = readOptions('limitRequests', options, {
    limiter: port<Limiter<Name>>(['take', 'headers']),
    keys: callback<LimitOptions<Name, Req>['keys']>(),
    address: addressOption<Req>(),
  });
  const { dueOf, pay } = createPayments(keys, address);
  const { write, fail } = createAnswers(http, limiter);
  // The limiter's own answer where it is there at once; another object in its place is asked by its `take`.
  const take = (atOnceOf(limiter) as TakeAtOnce<Name> | undefined) ?? ((due: LimiterKeys<Name>) => limiter.take(due));

  function goOn(decision: LimiterDecision, due: LimiterKeys<Name>, [req, res, next]: readonly [Req, Res, Next]): void {
    if (!isDecision(decision)) {
      next(new TypeError('limitRequests: the limiter answered no decision'));
      return;
    }
    write(req, res, decision);
    if (!decision.ok) return;
    pay(req, due);
    next();
  }

  return function limitRequest(req, res, next) {
    let due: LimiterKeys<Name> | undefined;
    try {
      due = dueOf(req);
    } catch (error) {
      next(failureOf(error));
      return;
    }
    if (due === undefined) {
      next();
      return;
    }
    const charged = due;
    let answer: ReturnType<TakeAtOnce<Name>>;
    try {
      answer = take(charged);
    } catch (error) {
      fail(error, res, next);
      return;
    }
    if (!isThenable(answer)) {
      goOn(answer, charged, [req, res, next]);
      return;
    }
    answer.then(
      (decision) => {
        goOn(decision, charged, [req, res, next]);
      },
      (error: unknown) => {
        fail(error, res, next);
      },
    );
  };
}

/** Also where no type checker looked: what is no decision lets nobody through. */
function isDecision(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && typeof (answer as LimiterDecision).ok === 'boolean';
}

interface Answers<Req, Res> {
  /** All that a decision tells the client; of a pass the header fields. */
  readonly write: (req: Req, res: Res, decision: LimiterDecision) => void;
  readonly fail: (error: unknown, res: Res, next: Next) => void;
}

function createAnswers<Name extends string, Req extends HttpRequest, Res>(http: Framework<Req, Res>, limiter: Limiter<Name>): Answers<Req, Res> {
  const refuse = { html: http.prepared(refusals.html), json: http.prepared(refusals.json) };
  return {
    write(req, res, decision) {
      // A timeout of the app, say, has answered already: nothing can be added to that.
      if (http.isAnswered(res)) return;
      const fields = limiter.headers(decision);
      for (const name in fields) http.setHeader(res, name, fields[name] as string);
      if (decision.ok) return;
      http.setHeader(res, 'Retry-After', String(headerSeconds(decision.retryAfterMs)));
      refuse[acceptsOf(req)](res);
    },
    fail(error, res, next) {
      if (!isPortcullisError(error)) next(failureOf(error));
      else if (!http.isAnswered(res)) http.send(res, storeGone);
    },
  };
}

interface Payments<Name extends string, Req> {
  /** The keys that this request has not paid for: a limit that stands before it twice, by mistake, charges it once. */
  readonly dueOf: (req: Req) => LimiterKeys<Name> | undefined;
  readonly pay: (req: Req, due: LimiterKeys<Name>) => void;
}

function createPayments<Name extends string, Req extends HttpRequest>(keys: LimitOptions<Name, Req>['keys'], addressOf: AddressOf<Req>): Payments<Name, Req> {
  // A mark on the request itself: an entry in a WeakSet would cost as much as the rest of a decision.
  const paid = Symbol('portcullis.paid');
  type Marked = Req & { [paid]?: LimiterKeys<Name> };
  return {
    dueOf(req: Marked) {
      const found = keys(clientOf(addressOf(req)), req);
      return req[paid] === undefined ? found : unpaid(found, req[paid]);
    },
    pay(req: Marked, due) {
      req[paid] = req[paid] === undefined ? { ...due } : { ...req[paid], ...due };
    },
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
