import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import session from '@fastify/session';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { onTestFinished } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { limitRequests, portcullisPlugin, readOnlyErrors, readOnlyGuard, requestFacts, type FastifyDoors, type FastifyDoorsOptions, type FastifyHook, type ReadOnlyRouteOptions } from 'portcullis/fastify';
import { appParts, endSessionsIn, runningApp, type AppOptions, type Framework, type RunningApp, type Say } from './frameworks.ts';

declare module 'fastify' {
  interface Session {
    accountId?: string;
    facts?: SessionFacts;
  }
}

const say: Say = {
  text: (res, body) => void (res as FastifyReply).send(body),
  redirect: (res, url) => void (res as FastifyReply).redirect(url, 303),
};

const late: FastifyHook = (_request, reply, done) => {
  reply.raw.statusCode = 408;
  reply.raw.end('late');
  done();
};

const by = (route: string) => (_request: unknown, reply: FastifyReply) => reply.header('x-route', route).send(route);

/** Listens until the test is over. */
async function served(app: FastifyInstance): Promise<string> {
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  return app.listen({ port: 0, host: '127.0.0.1' });
}

/** The options that are the same but for the type of the request. */
const routesOf = (guard: unknown): ReadOnlyRouteOptions => guard as ReadOnlyRouteOptions;

/** `useSemicolonDelimiter` is missing in the types. */
const looseRouter = { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false, useSemicolonDelimiter: true };

export const fastifyFramework: Framework = {
  startApp,
  startLimited({ limiter, keys, address, answered }) {
    const app = fastify();
    if (answered === true) app.addHook('onRequest', late);
    app.addHook('onRequest', limitRequests({ limiter, keys: (client, request) => keys(client, request as never), ...(address && { address }) }));
    app.get('/', async () => 'fine');
    return served(app);
  },
  startReadOnly({ mode, guard, rewrite, answered, byBodyToo }) {
    const app = fastify({ rewriteUrl: ({ url = '/' }) => rewrite?.(url) ?? url });
    app.register(formbody);
    if (answered === true) app.addHook('onRequest', late);
    app.addHook('onRequest', readOnlyGuard(mode, routesOf(guard)));
    if (byBodyToo === true) app.addHook('preHandler', readOnlyGuard(mode, routesOf(guard)));
    app.setErrorHandler(readOnlyErrors());
    app.register(async (scope) => {
      scope.post('/import', () => {
        mode.assertWritable({ name: 'import' });
      });
      scope.all('/contacts', async (request) => `${request.method} passed`);
    });
    // Whatever has come through.
    app.setNotFoundHandler((request, reply) => reply.code(200).send(`${request.method} passed`));
    return served(app);
  },
  startRoutes({ mode, strict, guard }) {
    const app = fastify({ routerOptions: strict ? {} : looseRouter });
    app.addHook('onRequest', readOnlyGuard(mode, routesOf(guard)));
    app.register(async (scope) => {
      scope.post('/sign-in', by('exempt'));
      scope.all('/public', by('exempt'));
      scope.all('/public/*', by('exempt'));
      scope.get('/export', by('secret'));
      scope.all('/keys', by('secret'));
      scope.all('/reports/:id/export', by('secret'));
    });
    app.setNotFoundHandler((_request, reply) => by('other')(_request, reply.code(200)));
    return served(app);
  },
};

async function startApp({ trustsProxy = false, parses = true, hooks, ...own }: AppOptions = {}): Promise<RunningApp> {
  const parts = appParts(own);
  const { portcullis, store, failures } = parts;
  const app = fastify({ trustProxy: trustsProxy ? 'loopback' : false });
  app.register(cookie);
  app.register(session, { store: store as never, secret: 'only a test, and long enough for it', cookieName: 'connect.sid', cookie: { secure: false, sameSite: 'lax', path: '/' }, saveUninitialized: false, rolling: false });
  if (parses) app.register(formbody);
  else {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
  }
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.headers['x-hang-up'] === undefined) done();
    else request.raw.socket.once('close', () => { done(); }).resetAndDestroy();
  });
  app.setErrorHandler((error, _request, reply) => {
    failures.push(error);
    return reply.code(500).send('sorry');
  });
  app.register(portcullisPlugin, {
    portcullis,
    sessionOf: (request) => request.session.facts,
    remember: (request, facts) => {
      request.session.accountId = facts.accountId;
      request.session.facts = facts;
    },
    endSessions: (request, what) => endSessionsIn(store, what, request.session.sessionId),
    onSignedIn: () => ({ ok: true }),
    ...(hooks?.(say) as unknown as Partial<FastifyDoorsOptions> | undefined),
  });
  app.register(async (scope) => {
    addRoutes(scope);
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return runningApp(parts, url, async () => {
    app.server.closeAllConnections();
    await app.close();
  });
}

/** In a scope of its own, as a plugin of an app does it. */
function addRoutes(app: FastifyInstance): void {
  const { doors, recordExternalAuth } = app.portcullis;
  app.get('/me', async (request) => ({ accountId: request.session.accountId ?? null }));
  for (const [path, name] of Object.entries(doorAt)) app.all(path, doors[name]);
  app.all('/inside', { preHandler: doors.guard() }, async () => ({ inside: true }));
  app.all('/export', { preHandler: doors.guard({ action: 'export', maxAgeMs: 60_000 }) }, async () => ({ exported: true }));
  app.all('/from-elsewhere', async (request, reply) => {
    const { id } = request.query as { readonly id?: unknown };
    await doors.finishSignIn(request, reply, await recordExternalAuth({ pathway: 'elsewhere', accountId: typeof id === 'string' ? id : '', facts: requestFacts(request) }));
    return reply;
  });
}

const doorAt: Readonly<Record<string, Exclude<keyof FastifyDoors, 'guard' | 'finishSignIn'>>> = {
  '/signup': 'signUp',
  '/confirm': 'confirm',
  '/resend': 'resend',
  '/login': 'signIn',
  '/logout': 'signOut',
  '/forgot': 'forgot',
  '/reset': 'reset',
  '/password': 'changePassword',
  '/code': 'secondFactor',
  '/enroll': 'enroll',
  '/confirm-factor': 'confirmFactor',
  '/remove-factor': 'removeFactor',
  '/suspend-factor': 'suspendFactor',
  '/restore-factor': 'restoreFactor',
  '/codes': 'reissueCodes',
  '/forget-devices': 'forgetDevices',
  '/step-up': 'stepUp',
  '/challenge': 'confirmChallenge',
  '/not-me': 'disown',
  '/change-email': 'changeEmail',
  '/confirm-email': 'confirmEmail',
};
