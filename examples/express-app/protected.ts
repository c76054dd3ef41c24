import type { Request, RequestHandler, Response } from 'express';
import { expressDoors, limitRequests, readOnlyErrors, readOnlyGuard, type ExpressDoors } from 'portcullis/express';
import type { AuthContext, ProtectedAuth } from '../shared/auth.ts';
import { doorPages, profileIn } from '../shared/door-pages.ts';
import { noteDue } from '../shared/members.ts';
import { createFinish, readOnlyRoutes, subjectOf, type Finish } from '../shared/read-only.ts';
import { noteUse } from '../shared/sessions.ts';
import { readOnlyPage } from '../shared/views/read-only.ts';
import type { Mode } from './app.ts';
import { protectedRoutes } from './protected-routes.ts';
import { gate, show, visitOf } from './visit.ts';

/** Everything of portcullis that stands in the way of a request. */
export function protectedMode(auth: ProtectedAuth, context: AuthContext): Mode {
  const { readOnly } = auth.portcullis;
  const { users } = context.data;
  const doors = createDoors(auth, context);
  return {
    // The first door: by address, before anything of the request is read. The second, by account, is in the doors themselves.
    first: [limitRequests({ limiter: auth.network, keys: ({ address }) => ({ address }) })],
    beforeRoutes: [finishPages(createFinish(auth.portcullis, users)), readOnlyGuard(readOnly, { ...readOnlyRoutes, subjectOf: (req: Request) => subjectOf(visitOf(req), users), page: readOnlyPage })],
    failureHandlers: [readOnlyErrors({ page: readOnlyPage })],
    doors,
    memberGuards: (action) => [doors.guard(action === undefined ? {} : { action }), gate(noteUse(context.sessions))],
    ownRoutes: [protectedRoutes(doors, auth, context)],
  };
}

/** The doors of portcullis, and what this app shows when one has opened or stays shut. */
function createDoors({ portcullis, passwordAdvice }: ProtectedAuth, { data, sessions }: AuthContext): ExpressDoors {
  const pages = doorPages({ data }, passwordAdvice);
  return expressDoors(portcullis, {
    sessionOf: (req) => visitOf(req).session.proofs,
    remember: (req, proofs) => {
      sessions.remember(visitOf(req), proofs);
    },
    endSessions: (req, { accountId, which }) => {
      sessions.endOthers(accountId, which === 'other-sessions' ? req.sessionID : undefined);
    },
    profileOf: (req) => profileIn(visitOf(req)),
    onSignedIn: show(pages.signedIn),
    onSignedOut: show(pages.signedOut),
    onRejected: show(pages.rejected),
    onSecondFactor: show(pages.secondFactor),
    onEnrollment: show(pages.enrollment),
    onEnrolled: show(pages.enrolled),
    onRecoveryCodes: show(pages.recoveryCodes),
    onSteppedUp: show(pages.steppedUp),
    onConfirmed: show(pages.confirmed),
    onRefused: show(pages.refused),
    onEnrollmentDue: (req, _res, { enrollUntilMs }) => {
      noteDue(visitOf(req), enrollUntilMs);
    },
  });
}

/** Puts the banner of read-only mode into every page on its way out. */
function finishPages(finish: Finish): RequestHandler {
  return (req, res, next) => {
    const finished = (body: unknown): unknown => (typeof body === 'string' && isPage(res) ? finish(body, visitOf(req)) : body);
    // Pages of the app go through `send`, which counts their bytes; those of the library through `end`.
    const send = res.send.bind(res);
    const end = res.end.bind(res) as (...given: readonly unknown[]) => typeof res;
    res.send = (body) => send(finished(body));
    res.end = (body?: unknown, ...rest: readonly unknown[]) => end(finished(body), ...rest);
    next();
  };
}

function isPage(res: Response): boolean {
  return res.get('Content-Type')?.startsWith('text/html') === true;
}
