import { pipeline, type Readable } from 'node:stream';
import type { Request, RequestHandler, Response } from 'express';
import { requestFacts } from 'portcullis/express';
import { written, type Answer } from '../shared/answers.ts';
import type { Gate, Page, Visit } from '../shared/visit.ts';

const visits = new WeakMap<Request, Visit>();

/** A request, as the pages see it. */
export function visitOf(req: Request): Visit {
  const known = visits.get(req) ?? newVisit(req);
  visits.set(req, known);
  return known;
}

function newVisit(req: Request): Visit {
  return {
    method: req.method,
    path: req.path,
    headers: req.headers,
    address: req.ip,
    get query() {
      return req.query;
    },
    get params() {
      return req.params;
    },
    get body() {
      return req.body as unknown;
    },
    get facts() {
      return requestFacts(req);
    },
    get session() {
      // After a sign-out a request has no session.
      return (req.session as Request['session'] | undefined)?.larkpost ?? {};
    },
    get sessionId() {
      return req.sessionID;
    },
    keepInSession(content) {
      req.session.larkpost = content;
    },
    endSession: () =>
      new Promise((resolve, reject) => {
        req.session.destroy((error: unknown) => {
          if (error === null || error === undefined) resolve();
          else reject(new Error('the session store failed', { cause: error }));
        });
      }),
  };
}

/** Writes an answer out. */
export function send(req: Request, res: Response, answer: Answer): void {
  const { status, headers, body } = written(answer, req);
  if (status !== undefined) res.status(status);
  res.set(headers);
  if (typeof body === 'string') res.send(body);
  else sendStream(req, res, body);
}

/** express-session saves at the end of an answer. This one may end hours later, when its session is over and would be back: so it is saved now. */
function sendStream(req: Request, res: Response, stream: Readable): void {
  req.session.save((error: unknown) => {
    if (error !== null && error !== undefined) stream.destroy();
    // Whoever goes away ends the stream.
    pipeline(stream, res, () => undefined);
  });
}

/** The handler of a page. */
export function page(handle: Page): RequestHandler {
  return async (req, res) => {
    send(req, res, await handle(visitOf(req)));
  };
}

/** The middleware of a gate. */
export function gate(pass: Gate): RequestHandler {
  return (req, res, next) => {
    const refusal = pass(visitOf(req));
    if (refusal === undefined) next();
    else send(req, res, refusal);
  };
}

/** A hook of the doors that shows a page. */
export function show<What extends readonly unknown[]>(pageFor: (visit: Visit, ...what: What) => Answer): (req: Request, res: Response, ...what: What) => void {
  return (req, res, ...what) => {
    send(req, res, pageFor(visitOf(req), ...what));
  };
}
