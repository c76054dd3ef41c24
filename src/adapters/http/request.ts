import type { AddressFacts } from '../../limiter/index.ts';
import type { RequestFacts } from '../../ports/attempt.ts';
import { preferredForm } from './accepts.ts';
import { frameworkAddress, ownAddress, type AddressOf } from './address.ts';
import type { Framework, HttpRequest } from './framework.ts';

/** What the flows want to know of a request, for calls of your own. `address`: the option of that name, where the doors have it. */
export function requestFacts<Req extends HttpRequest>(req: Req, address?: (req: Req) => string | undefined): RequestFacts {
  return factsOf(req, address === undefined ? frameworkAddress : ownAddress(address));
}

/** The same for what was read once. */
export function factsOf<Req extends HttpRequest>(req: Req, addressOf: AddressOf<Req>): RequestFacts {
  const { headers } = req;
  return { address: addressOf(req), accepts: preferredForm(headers.accept), cookies: headers.cookie, userAgent: headers['user-agent'] };
}

/** Which form of answer the client prefers. */
export function acceptsOf({ headers }: HttpRequest): 'html' | 'json' {
  return preferredForm(headers.accept);
}

export function addressFactsOf(req: HttpRequest, { address, proxyTrust }: Pick<AddressFacts, 'address' | 'proxyTrust'>): AddressFacts {
  return { address, forwarded: req.headers['x-forwarded-for'] !== undefined || req.headers.forwarded !== undefined, proxyTrust };
}

/**
 * Whether the client closed its connection, and its address went with it. It must not be counted with those that never had
 * one, whose budget is wide: whoever hangs up in time would send mails by the hundred.
 */
export function hasHungUp({ socket }: HttpRequest, address: string | undefined): boolean {
  return address === undefined && socket.destroyed;
}

const forms = ['application/x-www-form-urlencoded', 'application/json'];

/** Names, once, a form that no parser has read: without its fields every door answers as to a wrong password, and nobody knows why. */
export function createBodyCheck({ parsers }: Pick<Framework<HttpRequest, unknown>, 'parsers'>): (req: HttpRequest) => void {
  let told = false;
  return ({ body, headers }) => {
    if (told || body !== undefined || !hasBody(headers)) return;
    if (!forms.includes(headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '')) return;
    told = true;
    process.emitWarning(`portcullis: a form arrived unread, so its fields are missing. Before the doors: ${parsers}`, { code: 'PORTCULLIS_BODY' });
  };
}

function hasBody(headers: HttpRequest['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

/** One field of the parsed body, as it came: only the body's own members, so that `__proto__` finds nothing. */
export function bodyField({ body }: HttpRequest, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}

/**
 * Whether a page of another site made the browser send this. Browsers say so in Sec-Fetch-Site, older ones in Origin; what
 * says neither is no browser, and has no cookies but its own (OWASP ASVS 5.0 3.5.1).
 */
export function isCrossSite({ headers }: HttpRequest, origin: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return headers.origin !== undefined && headers.origin !== origin;
}
