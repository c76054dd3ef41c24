import type { Request, Response } from 'express';
import type { Reply } from '../../ports/reply.ts';
import type { Framework } from '../http/framework.ts';
import { askedByMessage } from '../http/read-only-request.ts';

export const expressFramework: Framework<Request, Response> = {
  doors: 'expressDoors',
  parsers: 'app.use(express.urlencoded({ extended: false }), express.json()).',
  proxyTrustOf(req) {
    const trust: unknown = req.app.get('trust proxy');
    if (trust === true) return 'all';
    // Nought proxies are none.
    return trust === false || trust === undefined || trust === 0 ? 'none' : 'some';
  },
  askedBy: askedByMessage,
  isAnswered: (res) => res.headersSent,
  setHeader(res, name, value) {
    res.setHeader(name, value);
  },
  addCookie(res, line) {
    res.append('Set-Cookie', line);
  },
  begin(res, { status, headers }) {
    res.status(status).set(headers);
  },
  send,
  prepared: (reply) => (res) => {
    send(res, reply);
  },
  // Express looks at no value that a handler returns.
  sendReturned: () => undefined,
};

function send(res: Response, { status, headers, body }: Reply): void {
  res.status(status).set(headers).end(body);
}
