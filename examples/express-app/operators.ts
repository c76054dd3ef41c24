import type { Request, RequestHandler } from 'express';
import type { Portcullis } from 'portcullis';
import { requestFacts, type ExpressDoors } from 'portcullis/express';
import { answer } from './answers.ts';
import type { Users } from './data/users.ts';
import { visitorOf } from './members.ts';

const minuteMs = 60_000;
/** How old the proofs of an operator may be. A form that was fetched in time can be sent in time: nobody who types loses it. */
const readMaxAgeMs = 10 * minuteMs;
const actMaxAgeMs = 30 * minuteMs;

/** What stands before an operator's pages, and before what they do. */
export interface OperatorGuards {
  readonly reading: readonly RequestHandler[];
  readonly acting: readonly RequestHandler[];
}

export function operatorGuards(doors: ExpressDoors, portcullis: Portcullis, users: Users): OperatorGuards {
  const known = operatorsOnly(users);
  const fresh = (maxAgeMs: number): RequestHandler => doors.guard({ action: 'operator', maxAgeMs });
  return { reading: [known, fresh(readMaxAgeMs)], acting: [sameSite(portcullis), known, fresh(actMaxAgeMs)] };
}

/** Lets operators through. For every other member there are no such pages. */
function operatorsOnly(users: Users): RequestHandler {
  return (req, res, next) => {
    const user = visitorOf(req, users);
    if (user === undefined) answer(req, res, { status: 401, json: { error: 'sign in first' }, seeOther: '/operator/login' });
    else if (user.isOperator) {
      res.locals['user'] = user;
      next();
    } else next('router');
  };
}

/** Stops what a page of another site makes an operator's browser send. The session cookie is `SameSite`; this is the second lock. */
function sameSite({ uniform, emit, origin }: Portcullis): RequestHandler {
  return (req, res, next) => {
    if (isSameSite(req, origin)) {
      next();
      return;
    }
    emit({ type: 'request.cross-site', route: 'operator', ...(req.ip !== undefined && { address: req.ip }) });
    const { status, headers, body } = uniform.reply('cross-site', requestFacts(req).accepts);
    res.status(status).set(headers).end(body);
  };
}

function isSameSite(req: Request, origin: string): boolean {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const from = req.get('origin');
  return from === undefined || from === origin;
}
