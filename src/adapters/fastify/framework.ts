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
    // Bytes: to a text Fastify adds a charset that a problem document has not (RFC 9457), or runs it through a serializer of the app.
    if (body === '') reply.send();
    else reply.send(Buffer.from(body));
  },
  prepared({ status, headers, body }) {
    const fields = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const bytes = Buffer.from(body);
    return (reply) => {
      reply.code(status);
      for (const [name, value] of fields) reply.header(name, value);
      reply.send(bytes);
    };
  },
  sendReturned(reply, value) {
    if (value !== undefined && !fastifyFramework.isAnswered(reply)) reply.send(value);
  },
};

/** A target as the routers of Fastify 5 may read it: an address in a whole URL, and with `useSemicolonDelimiter` up to a semicolon. */
function readingsOf(target: string): readonly string[] {
  const path = target.replace(/^https?:\/\/.*?\//i, '/');
  return [target, path, path.replace(';', '?')];
}

type ProxyTrust = ReturnType<Framework<FastifyRequest, FastifyReply>['proxyTrustOf']>;

const known = new WeakMap<FastifyInstance, ProxyTrust>();

/** Fastify tells nobody its setting `trustProxy`; it is known by what it makes of a request. */
function proxyTrustOf(request: FastifyRequest): ProxyTrust {
  if (request.ips === undefined) return 'none';
  const found = known.get(request.server) ?? (trustsAnybody(request) ? 'all' : 'some');
  known.set(request.server, found);
  return found;
}

/** Addresses for documentation (RFC 5737, RFC 3849): no app trusts them by name. */
const strangers = ['192.0.2.1', '198.51.100.2', '203.0.113.3', '2001:db8::4'] as const;

function trustsAnybody(request: FastifyRequest): boolean {
  const [remoteAddress, ...claimed] = strangers;
  const raw = { socket: { remoteAddress }, headers: { 'x-forwarded-for': claimed.join(', ') } };
  try {
    const probe = Object.create(request, { raw: { value: raw } }) as FastifyRequest;
    return probe.ips?.length === strangers.length;
  } catch {
    // A function of the app that knows nobody like that.
    return false;
  }
}
