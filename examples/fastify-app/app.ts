import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type onRequestHookHandler, type RouteHandlerMethod } from 'fastify';
import { failed, notFound } from '../shared/answers.ts';
import type { Auth, AuthContext, DoorName, UnprotectedAuth } from '../shared/auth.ts';
import { maxBodyBytes, noStore, pageHeaders } from '../shared/page-headers.ts';
import { addAssets } from './assets.ts';
import { addRoutes } from './routes.ts';
import { addSessions } from './sessions.ts';
import { page, send } from './visit.ts';

/** What one mode has otherwise than the other one. */
export interface Mode {
  readonly doors: Readonly<Record<DoorName, RouteHandlerMethod>>;
  /**
   * `preHandler` hooks of every route of a signed-in user, after it is known who that is. With an `action` for what must not be done in
   * a session that somebody has left open: `export`, `send`.
   */
  readonly memberGuards: (action?: string) => readonly onRequestHookHandler[];
}

/** The whole app. Which mode it runs in is decided by `auth` alone. */
export function createApp(auth: Auth, context: AuthContext): FastifyInstance {
  const app = fastify({
    bodyLimit: maxBodyBytes,
    // For an address that no route can be looked up by. No hook has run then.
    frameworkErrors: (error, request, reply) => {
      fail(error, request, reply.headers({ ...pageHeaders, ...noStore }));
    },
  });
  app.addHook('onRequest', headers(pageHeaders));
  app.setErrorHandler(fail);
  app.register(async (files) => {
    addAssets(files);
  });
  // In a scope of its own: neither a session nor a limit for the files beside it.
  app.register((site) => addSite(site, auth, context));
  return app;
}

async function addSite(site: FastifyInstance, auth: Auth, context: AuthContext): Promise<void> {
  site.addHook('onRequest', headers(noStore));
  // Hooks run in the order in which they are added, those of plugins too.
  if (auth.mode === 'protected') (await import('./protected.ts')).addFirstDoor(site, auth);
  addSessions(site, context.sessions);
  site.register(formbody);
  const mode = auth.mode === 'protected' ? await (await import('./protected.ts')).addGuards(site, auth, context) : unprotectedMode(auth);
  site.setNotFoundHandler(page(notFound));
  addRoutes(site, mode, { auth, context });
}

function unprotectedMode({ doors }: UnprotectedAuth): Mode {
  const handlers = Object.fromEntries(Object.entries(doors).map(([name, door]) => [name, page(door)])) as Mode['doors'];
  return { doors: handlers, memberGuards: () => [] };
}

function headers(fields: Readonly<Record<string, string>>): onRequestHookHandler {
  return (_request, reply, done) => {
    reply.headers(fields);
    done();
  };
}

function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  send(request, reply, failed(error));
}
