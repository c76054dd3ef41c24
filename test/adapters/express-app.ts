import { createServer } from 'node:http';
import type express5 from 'express';
import type { ErrorRequestHandler, Express, RequestHandler, Response } from 'express';
import session from 'express-session';
import { onTestFinished } from 'vitest';
import type { SessionFacts } from 'portcullis';
import { expressDoors, limitRequests, readOnlyErrors, readOnlyGuard, requestFacts } from 'portcullis/express';
import { appParts, endSessionsIn, listening, runningApp, type AppOptions, type Framework, type RunningApp, type Say } from './frameworks.ts';

declare module 'express-session' {
  interface SessionData {
    accountId?: string;
    facts?: SessionFacts;
  }
}

const say: Say = {
  text: (res, body) => void (res as Response).send(body),
  redirect: (res, url) => {
    (res as Response).redirect(303, url);
  },
};

const late: RequestHandler = (_req, res, next) => {
  res.status(408).end('late');
  next();
};

const by = (route: string): RequestHandler => (_req, res) => void res.set('x-route', route).send(route);

/** The same scenarios for the fourth and the fifth version. */
export function expressOf(express: typeof express5): Framework {
  /** Listens until the test is over. */
  async function served(app: Express): Promise<string> {
    app.set('env', 'test');
    const server = createServer(app);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return listening(server);
  }

  return {
    startApp: (options) => startApp(express, options),
    startLimited({ limiter, keys, address, answered }) {
      const app = express();
      if (answered === true) app.use(late);
      app.use(limitRequests({ limiter, keys, ...(address && { address }) }));
      app.get('/', (_req, res) => {
        res.send('fine');
      });
      return served(app);
    },
    startReadOnly({ mode, guard, rewrite, answered, byBodyToo }) {
      const app = express();
      if (answered === true) app.use(late);
      if (rewrite !== undefined) app.use((req, _res, next) => {
        req.url = rewrite(req.url);
        next();
      });
      app.use(readOnlyGuard(mode, guard));
      if (byBodyToo === true) app.use(express.urlencoded({ extended: true }), override, readOnlyGuard(mode, guard));
      app.post('/import', () => {
        mode.assertWritable({ name: 'import' });
      });
      // Whatever has come through.
      app.use((req, res) => {
        res.send(`${req.method} passed`);
      });
      app.use(readOnlyErrors());
      return served(app);
    },
    startRoutes({ mode, strict, guard }) {
      const app = express();
      app.set('strict routing', strict);
      app.set('case sensitive routing', strict);
      app.use(readOnlyGuard(mode, guard));
      app.post('/sign-in', by('exempt'));
      app.use('/public', by('exempt'));
      app.get('/export', by('secret'));
      app.all('/keys', by('secret'));
      app.all('/reports/:id/export', by('secret'));
      app.use(by('other'));
      return served(app);
    },
  };
}

/** What changes methods by the body. */
const override: RequestHandler = (req, _res, next) => {
  const body = req.body as { readonly _method?: string } | undefined;
  if (typeof body?._method === 'string') req.method = body._method;
  next();
};

async function startApp(express: typeof express5, { trustsProxy = false, parses = true, hooks, ...own }: AppOptions = {}): Promise<RunningApp> {
  const parts = appParts(own);
  const { portcullis, store, failures } = parts;
  const app = express();
  if (trustsProxy) app.set('trust proxy', 1);
  if (parses) app.use(express.urlencoded({ extended: true }), express.json());
  app.use((req, _res, next) => {
    if (req.headers['x-hang-up'] === undefined) next();
    else req.socket.once('close', () => { next(); }).resetAndDestroy();
  });
  app.use(session({ store, secret: 'only a test', resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } }));
  const doors = expressDoors(portcullis, {
    sessionOf: (req) => req.session.facts,
    remember: (req, facts) => {
      req.session.accountId = facts.accountId;
      req.session.facts = facts;
    },
    endSessions: (req, what) => endSessionsIn(store, what, req.sessionID),
    onSignedIn: (_req, res) => {
      res.json({ ok: true });
    },
    ...hooks?.(say),
  });
  app.get('/me', (req, res) => {
    res.json({ accountId: req.session.accountId ?? null });
  });
  app.all('/signup', doors.signUp);
  app.all('/confirm', doors.confirm);
  app.all('/resend', doors.resend);
  app.all('/login', doors.signIn);
  app.all('/logout', doors.signOut);
  app.all('/forgot', doors.forgot);
  app.all('/reset', doors.reset);
  app.all('/password', doors.changePassword);
  app.all('/code', doors.secondFactor);
  app.all('/enroll', doors.enroll);
  app.all('/confirm-factor', doors.confirmFactor);
  app.all('/remove-factor', doors.removeFactor);
  app.all('/suspend-factor', doors.suspendFactor);
  app.all('/restore-factor', doors.restoreFactor);
  app.all('/codes', doors.reissueCodes);
  app.all('/forget-devices', doors.forgetDevices);
  app.all('/step-up', doors.stepUp);
  app.all('/challenge', doors.confirmChallenge);
  app.all('/not-me', doors.disown);
  app.all('/change-email', doors.changeEmail);
  app.all('/confirm-email', doors.confirmEmail);
  app.all('/inside', doors.guard(), (_req, res) => {
    res.json({ inside: true });
  });
  app.all('/export', doors.guard({ action: 'export', maxAgeMs: 60_000 }), (_req, res) => {
    res.json({ exported: true });
  });
  app.all('/from-elsewhere', (req, res, next) => {
    portcullis.recordExternalAuth({ pathway: 'elsewhere', accountId: typeof req.query['id'] === 'string' ? req.query['id'] : '', facts: requestFacts(req) }).then((result) => doors.finishSignIn(req, res, result)).catch(next);
  });
  const onError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    failures.push(error);
    res.status(500).send('sorry');
  };
  app.use(onError);
  const server = createServer(app);
  return runningApp(parts, await listening(server), async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
}
