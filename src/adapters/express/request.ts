import type { Request, RequestHandler, Response } from 'express';
import type { AddressFacts } from '../../limiter/index.ts';
import type { RequestFacts } from '../../ports/attempt.ts';
import type { Reply } from '../../ports/reply.ts';

/** What the flows want to know. The address is the framework's own: it believes the proxies that the app has named, and no others. */
export function factsOf(req: Request): RequestFacts {
  // Browsers ask for HTML by name; what accepts anything is a program.
  return { address: req.ip, accepts: req.accepts(['json', 'html']) === 'html' ? 'html' : 'json', cookies: req.headers.cookie, userAgent: req.get('user-agent') };
}

export function addressFactsOf(req: Request): AddressFacts {
  const trust: unknown = req.app.get('trust proxy');
  return {
    address: req.ip,
    forwarded: req.headers['x-forwarded-for'] !== undefined || req.headers.forwarded !== undefined,
    proxyTrust: trust === true ? 'all' : trust === false || trust === undefined ? 'none' : 'some',
  };
}

/**
 * Whether the client closed its connection, and its address went with it. It must not be counted with those that never had
 * one, whose budget is wide: whoever hangs up in time would send mails by the hundred.
 */
export function hasHungUp(req: Request): boolean {
  return req.ip === undefined && req.socket.destroyed;
}

/** Names, once, a form that no parser has read: without its fields every door answers as to a wrong password, and nobody knows why. */
export function createBodyCheck(): (req: Request) => void {
  let told = false;
  return (req) => {
    if (told || req.body !== undefined || typeof req.is(['urlencoded', 'json']) !== 'string') return;
    told = true;
    process.emitWarning('portcullis: a form arrived unread, so its fields are missing. Before the doors: app.use(express.urlencoded({ extended: false }), express.json()).', { code: 'PORTCULLIS_BODY' });
  };
}

/** One field of the parsed body, as it came: only the body's own members, so that `__proto__` finds nothing. */
export function bodyField(req: Request, name: string): unknown {
  const body: unknown = req.body;
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}

/**
 * Whether a page of another site made the browser send this. Browsers say so in Sec-Fetch-Site, older ones in Origin; what
 * says neither is no browser, and has no cookies but its own (OWASP ASVS 5.0 3.5.1).
 */
export function isCrossSite(req: Request, origin: string): boolean {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const from = req.get('origin');
  return from !== undefined && from !== origin;
}

/** Writes a reply out unchanged. */
export function send(res: Response, { status, headers, body }: Reply): void {
  res.status(status).set(headers).end(body);
}

/** A handler whose failures reach the app's error handler, in Express 4 too. */
export function handler(work: (req: Request, res: Response) => Promise<void>): RequestHandler {
  return (req, res, next) => {
    work(req, res).catch(next);
  };
}

/** What a door does once the request may come through it. */
export type Work = (req: Request, res: Response) => Promise<void>;

/** Makes a door: asks what every door asks, then works. */
export type Door = (route: string, work: Work) => RequestHandler;
