import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Framework } from '../http/framework.ts';
import { askedOf } from '../http/read-only-request.ts';

export const fastifyFramework: Framework<FastifyRequest, FastifyReply> = {
  doors: 'fastifyDoors',
  parsers: 'app.register(formbody) of @fastify/formbody; JSON is read without it.',
  proxyTrustOf,
  askedBy({ raw, originalUrl, headers, body }) {
    const targets = [raw.url ?? '/', originalUrl].flatMap(readingsOf);
    return askedOf({ methods: [raw.method], targets, headers, body });
  },
  isAnswered: (reply) => reply.sent || reply.raw.headersSent,
  setHeader(reply, name, value) {
    reply.header(name, value);
  },
  addCookie(reply, line) {
    reply.header('set-cookie', line);
  },
  begin(reply, { status, headers }) {
    reply.code(status).headers(headers);
  },
  send(reply, { status, headers, body }) {
    reply.code(status).headers(headers);
    sendText(reply, body);
  },
  prepared({ status, headers, body }) {
    const fields = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    return (reply) => {
      reply.code(status);
      for (const [name, value] of fields) reply.header(name, value);
      sendText(reply, body);
    };
  },
  sendReturned(reply, value) {
    if (value !== undefined && !fastifyFramework.isAnswered(reply)) reply.send(value);
  },
};

/** What is no text is the app's: its error handler answers where one of its hooks has failed meanwhile. */
const asItIs = (payload: unknown): string => (typeof payload === 'string' ? payload : JSON.stringify(payload));

/**
 * With a serializer of its own: else Fastify adds a charset that a problem document has not (RFC 9457), or takes one of the app. Not as
 * bytes: Node writes a text in one piece with the head, and bytes in a second one, which costs more than all else here.
 */
function sendText(reply: FastifyReply, body: string): void {
  if (body === '') reply.send();
  else reply.serializer(asItIs).send(body);
}

/** A target as the routers of Fastify 5 may read it: an address in a whole URL, and with `useSemicolonDelimiter` up to a semicolon. */
function readingsOf(target: string): readonly string[] {
  const path = target.replace(/^https?:\/\/.*?\//i, '/');
  return [target, path, path.replace(';', '?')];
}

type ProxyTrust = ReturnType<Framework<FastifyRequest, FastifyReply>['proxyTrustOf']>;

const known = new WeakMap<FastifyInstance, ProxyTrust>();

/** Fastify tells nobody its setting `trustProxy`; it is known by what it makes of a request. */
function proxyTrustOf(request: FastifyRequest): ProxyTrust {
  const { ips, server, headers } = request;
  if (ips === undefined) return 'none';
  const found = ips.length > 1 && known.get(server) === 'none' ? 'some' : known.get(server) ?? trustSeen(request);
  known.set(server, found);
  // That nobody is trusted is a guess until a request was forwarded, and not believed. A number, for one, trusts nobody in Fastify 5: it says how many, and not who.
  return found === 'none' && headers['x-forwarded-for'] === undefined ? 'some' : found;
}

function trustSeen(request: FastifyRequest): ProxyTrust {
  if (trusts(request, strangers)) return 'all';
  return (request.ips ?? []).length > 1 || neighbors.some((address) => trusts(request, [address, address])) ? 'some' : 'none';
}

/** Addresses for documentation (RFC 5737, RFC 3849): no app trusts them by name. */
const strangers = ['192.0.2.1', '198.51.100.2', '203.0.113.3', '2001:db8::4'] as const;

/** Where proxies are, if they are not known by name (RFC 1918, RFC 4193). */
const neighbors = ['127.0.0.1', '::1', '10.0.0.1', '172.16.0.1', '192.168.0.1', 'fd00::1'] as const;

/** Whether each of these, from the nearest on, would be believed to have forwarded for the next. */
function trusts(request: FastifyRequest, [remoteAddress, ...claimed]: readonly string[]): boolean {
  const raw = { socket: { remoteAddress }, headers: { 'x-forwarded-for': claimed.reverse().join(', ') } };
  try {
    const probe = Object.create(request, { raw: { value: raw } }) as FastifyRequest;
    return probe.ips?.length === claimed.length + 1;
  } catch {
    // A function of the app that knows nobody like that.
    return false;
  }
}
