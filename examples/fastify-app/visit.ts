import type { FastifyReply, FastifyRequest, onRequestHookHandler, RouteHandlerMethod } from 'fastify';
import { requestFacts } from 'portcullis/fastify';
import { written, type Answer } from '../shared/answers.ts';
import type { Gate, Page, Visit } from '../shared/visit.ts';

const visits = new WeakMap<FastifyRequest, Visit>();

/** A request, as the pages see it. */
export function visitOf(request: FastifyRequest): Visit {
  const known = visits.get(request) ?? newVisit(request);
  visits.set(request, known);
  return known;
}

function newVisit(request: FastifyRequest): Visit {
  return {
    method: request.method,
    path: request.url.split('?', 1)[0] ?? '',
    headers: request.headers,
    address: request.ip,
    query: request.query,
    params: request.params,
    get body() {
      return request.body;
    },
    get facts() {
      return requestFacts(request);
    },
    get session() {
      return sessionIn(request)?.larkpost ?? {};
    },
    get sessionId() {
      return sessionIn(request)?.sessionId;
    },
    keepInSession(content) {
      request.session.larkpost = content;
    },
    endSession: () => request.session.destroy(),
  };
}

/** After a sign-out a request has no session. */
function sessionIn({ session }: FastifyRequest): FastifyRequest['session'] | null {
  return session;
}

/** Writes an answer out. */
export function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, headers, body } = written(answer, request);
  if (status !== undefined) reply.code(status);
  return reply.headers(headers).send(body);
}

/** The handler of a page. */
export function page(handle: Page): RouteHandlerMethod {
  return async (request, reply) => send(request, reply, await handle(visitOf(request)));
}

/** The hook of a gate: `onRequest`, or `preHandler` where it looks at the body. */
export function gate(pass: Gate): onRequestHookHandler {
  return (request, reply, done) => {
    const refusal = pass(visitOf(request));
    if (refusal === undefined) done();
    else send(request, reply, refusal);
  };
}

/** A hook of the doors that shows a page. */
export function show<What extends readonly unknown[]>(pageFor: (visit: Visit, ...what: What) => Answer): (request: FastifyRequest, reply: FastifyReply, ...what: What) => void {
  return (request, reply, ...what) => {
    send(request, reply, pageFor(visitOf(request), ...what));
  };
}
