import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Auth, AuthContext } from './auth.ts';
import { answer } from './answers.ts';
import { campaignRoutes } from './routes/campaigns.ts';
import { contactRoutes } from './routes/contacts.ts';
import { doorRoutes } from './routes/doors.ts';
import { openRoutes } from './routes/open.ts';
import { teamRoutes } from './routes/team.ts';
import { messagePage } from './views/message.ts';

const publicFolder = fileURLToPath(new URL('public/', import.meta.url));

/** The whole app. Which mode it runs in is decided by `auth` alone. */
export function createApp(auth: Auth, context: AuthContext): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(pageHeaders);
  app.use('/assets', express.static(publicFolder, { maxAge: '5m' }));
  app.use(noStore, ...auth.guards);
  app.use(context.sessions.middleware);
  app.use(express.urlencoded({ extended: false, limit: '256kb' }), express.json({ limit: '256kb' }));
  if (auth.sessionGuards.length > 0) app.use(...auth.sessionGuards);
  app.use(openRoutes(context), doorRoutes(auth, context), contactRoutes(auth, context.data), campaignRoutes(auth, context.data), teamRoutes(auth, context), ...auth.ownRoutes);
  app.use(notFound, ...auth.failureHandlers, failed);
  return app;
}

const pageHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    // Not `no-referrer`: with it browsers send `Origin: null` along with the site's own forms.
    'Referrer-Policy': 'same-origin',
  });
  next();
};

const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};

const notFound: RequestHandler = (req, res) => {
  const page = messagePage({ title: 'Page not found', detail: 'There is nothing at this address.', tone: 'bad', links: [{ href: '/', label: 'Home' }] });
  answer(req, res, { status: 404, json: { error: 'not found' }, page });
};

// Express knows an error handler by its four parameters.
const failed: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const status = statusOf(error);
  if (status >= 500) console.error(error);
  const title = status >= 500 ? 'Something went wrong' : 'That request cannot be read';
  const detail = status >= 500 ? 'We could not do this. Please try again in a moment.' : 'Please go back and try again.';
  answer(req, res, { status, json: { error: title }, page: messagePage({ title, detail, tone: 'bad', links: [{ href: '/', label: 'Home' }] }) });
};

/** The body parsers mark what the client did wrong (too long, not JSON) with a 4xx `status`. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
