import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { failed, notFound } from '../shared/answers.ts';
import type { Auth, AuthContext, DoorName, UnprotectedAuth } from '../shared/auth.ts';
import { maxBodyBytes, noStore, pageHeaders } from '../shared/page-headers.ts';
import { routesOf } from './routes.ts';
import { sessionMiddleware } from './sessions.ts';
import { page, send } from './visit.ts';

const publicFolder = fileURLToPath(new URL('../shared/public/', import.meta.url));

/** What one mode has and the other one lacks, or has otherwise. */
export interface Mode {
  /** Run before sessions and before any body is read, on every dynamic route. */
  readonly first: readonly RequestHandler[];
  /** Run behind the session and the body parsers, before every route. */
  readonly beforeRoutes: readonly RequestHandler[];
  /** Run behind every route, before the app's own handler of what was thrown. */
  readonly failureHandlers: readonly ErrorRequestHandler[];
  readonly doors: Readonly<Record<DoorName, RequestHandler>>;
  /**
   * Run on every route of a signed-in user, after it is known who that is. With an `action` for what must not be done in a
   * session that somebody has left open: `export`, `send`.
   */
  readonly memberGuards: (action?: string) => readonly RequestHandler[];
  /** Routes that the other mode does not have. */
  readonly ownRoutes: readonly RequestHandler[];
}

/** The whole app. Which mode it runs in is decided by `auth` alone. */
export async function createApp(auth: Auth, context: AuthContext): Promise<Express> {
  const mode = auth.mode === 'protected' ? (await import('./protected.ts')).protectedMode(auth, context) : unprotectedMode(auth);
  const app = express();
  app.disable('x-powered-by');
  app.use(headers(pageHeaders));
  app.use('/assets', express.static(publicFolder, { maxAge: '5m' }));
  app.use(headers(noStore), ...mode.first);
  app.use(sessionMiddleware(context.sessions));
  app.use(express.urlencoded({ extended: false, limit: maxBodyBytes }), express.json({ limit: maxBodyBytes }));
  app.use(...mode.beforeRoutes, routesOf(mode, auth, context), ...mode.ownRoutes);
  app.use(page(notFound), ...mode.failureHandlers, handleFailure);
  return app;
}

function unprotectedMode({ doors }: UnprotectedAuth): Mode {
  const handlers = Object.fromEntries(Object.entries(doors).map(([name, door]) => [name, page(door)])) as Mode['doors'];
  return { first: [], beforeRoutes: [], failureHandlers: [], doors: handlers, memberGuards: () => [], ownRoutes: [] };
}

function headers(fields: Readonly<Record<string, string>>): RequestHandler {
  return (_req, res, next) => {
    res.set(fields);
    next();
  };
}

// Express knows an error handler by its four parameters.
const handleFailure: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) next(error);
  else send(req, res, failed(error));
};
