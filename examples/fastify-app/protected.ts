import type { FastifyInstance, onSendHookHandler } from 'fastify';
import { limitRequests, portcullisPlugin, readOnlyErrors, readOnlyGuard, type PortcullisPluginOptions } from 'portcullis/fastify';
import type { AuthContext, ProtectedAuth } from '../shared/auth.ts';
import { doorPages, profileIn } from '../shared/door-pages.ts';
import { noteDue } from '../shared/members.ts';
import { createFinish, readOnlyRoutes, subjectOf, type Finish } from '../shared/read-only.ts';
import { noteUse } from '../shared/sessions.ts';
import { readOnlyPage } from '../shared/views/read-only.ts';
import type { Mode } from './app.ts';
import { addProtectedRoutes } from './protected-routes.ts';
import { gate, show, visitOf } from './visit.ts';

/** The first door: by address, before a session is looked up and before a byte of the body is read. */
export function addFirstDoor(site: FastifyInstance, { network }: ProtectedAuth): void {
  site.addHook('onRequest', limitRequests({ limiter: network, keys: ({ address }) => ({ address }) }));
}

/**
 * What stands behind the session. The second door, by account, opens once the body has been parsed: the library's handlers charge the
 * account that a form names, and `invite` the one that has signed in.
 */
export async function addGuards(site: FastifyInstance, auth: ProtectedAuth, context: AuthContext): Promise<Mode> {
  const { users } = context.data;
  site.addHook('onSend', finishPages(createFinish(auth.portcullis, users)));
  // As `preHandler` and not as `onRequest`, since the page of a refusal gives back what was typed.
  site.addHook('preHandler', readOnlyGuard(auth.portcullis.readOnly, { ...readOnlyRoutes, subjectOf: (request) => subjectOf(visitOf(request), users), page: readOnlyPage }));
  site.setErrorHandler(readOnlyErrors({ page: readOnlyPage }));
  await site.register(portcullisPlugin, doorOptions(auth, context));
  const { doors } = site.portcullis;
  addProtectedRoutes(site, auth, context);
  return { doors, memberGuards: (action) => [doors.guard(action === undefined ? {} : { action }), gate(noteUse(context.sessions))] };
}

/** What this app shows when one of the doors has opened or stays shut. */
function doorOptions({ portcullis, passwordAdvice }: ProtectedAuth, { data, sessions }: AuthContext): PortcullisPluginOptions {
  const pages = doorPages({ data }, passwordAdvice);
  return {
    portcullis,
    sessionOf: (request) => visitOf(request).session.proofs,
    remember: (request, proofs) => {
      sessions.remember(visitOf(request), proofs);
    },
    endSessions: (request, { accountId, which }) => {
      sessions.endOthers(accountId, which === 'other-sessions' ? request.session.sessionId : undefined);
    },
    profileOf: (request) => profileIn(visitOf(request)),
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
    onEnrollmentDue: (request, _reply, { enrollUntilMs }) => {
      noteDue(visitOf(request), enrollUntilMs);
    },
  };
}

/** Puts the banner of read-only mode into every page on its way out. */
function finishPages(finish: Finish): onSendHookHandler {
  return (request, reply, payload, done) => {
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
    // Pages of the app are text; those of the library are bytes.
    const html = typeof payload === 'string' ? payload : Buffer.isBuffer(payload) ? payload.toString() : undefined;
    done(null, isPage && html !== undefined ? finish(html, visitOf(request)) : payload);
  };
}
