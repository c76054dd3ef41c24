import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import express5, { type Express, type RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import { createPortcullis, type Mail, type Portcullis, type PortcullisOptions, type SecurityEvent, type SessionFacts } from 'portcullis';
import { expressDoors, requestFacts } from 'portcullis/express';
import { keyRing, memoryTable, swiftEngine, type Kit } from '../support/kit.ts';

/** The fourth version has no types of its own here; what the tests use is the same. */
const express4 = createRequire(import.meta.url)('express4') as typeof express5;

export const versions = [
  ['Express 4', express4],
  ['Express 5', express5],
] as const;

declare module 'express-session' {
  interface SessionData {
    accountId?: string;
    facts?: SessionFacts;
  }
}

export interface RunningApp {
  readonly portcullis: Portcullis;
  readonly url: string;
  readonly app: Express;
  readonly events: SecurityEvent[];
  readonly mails: Mail[];
  readonly table: Kit['table'];
  readonly store: MemoryStore;
  /** Sends a form or JSON; keeps no cookie but the one given. */
  send(path: string, init?: { readonly method?: string; readonly form?: Record<string, string>; readonly json?: unknown; readonly headers?: Record<string, string> }): Promise<Response>;
  drain(): Promise<number>;
  close(): Promise<void>;
}

/** A small app with every door, on a free port; a quick floor and a cheap hash, so that tests need not wait. */
export async function startApp(express: typeof express5, options: Partial<PortcullisOptions> & { readonly before?: RequestHandler; readonly parsers?: readonly RequestHandler[]; readonly hooks?: Partial<Parameters<typeof expressDoors>[1]> } = {}): Promise<RunningApp> {
  const { before, parsers = [express.urlencoded({ extended: true }), express.json()], hooks, ...own } = options;
  const table = memoryTable();
  const events: SecurityEvent[] = [];
  const mails: Mail[] = [];
  const portcullis = createPortcullis({
    keys: keyRing,
    baseUrl: 'http://127.0.0.1',
    accounts: table,
    mailer: { send: async (mail) => void mails.push(mail) },
    hasher: { engine: swiftEngine() },
    password: { minStrength: 0 },
    breach: { sources: [{ name: 'none', check: async () => ({ verdict: 'clean' }) }] },
    uniform: { quantumMs: 10 },
    onEvent: (event) => events.push(event),
    reportError: () => undefined,
    ...own,
  });
  const store = new MemoryStore();
  const app = express();
  if (before !== undefined) app.use(before);
  app.use(session({ store, secret: 'only a test', resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } }));
  for (const parser of parsers) app.use(parser);
  const doors = expressDoors(portcullis, {
    sessionOf: (req) => req.session.facts,
    remember: (req, facts) => {
      req.session.accountId = facts.accountId;
      req.session.facts = facts;
    },
    endSessions: async (req, { accountId, which }) => {
      const all = await new Promise<Record<string, session.SessionData>>((resolve) => {
        store.all((_error, sessions) => {
          resolve((sessions ?? {}));
        });
      });
      for (const [id, data] of Object.entries(all)) if (data.accountId === accountId && (which === 'all-sessions' || id !== req.sessionID)) store.destroy(id);
    },
    onSignedIn: (_req, res) => {
      res.json({ ok: true });
    },
    ...hooks,
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
  const server = createServer(app);
  const url = await listening(server);
  return {
    url,
    portcullis,
    app,
    events,
    mails,
    table,
    store,
    send: (path, { method = 'POST', form, json, headers = {} } = {}) =>
      fetch(url + path, {
        method,
        redirect: 'manual',
        headers: { 'accept': 'application/json', ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(form !== undefined && { body: new URLSearchParams(form) }),
        ...(json !== undefined && { body: JSON.stringify(json) }),
      }),
    drain: () => portcullis.uniform.drain(5_000),
    async close() {
      await portcullis.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function listening(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

/** The cookies that an answer sets, as a Cookie header. */
export function cookieOf(response: Response): string {
  return response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '').join('; ');
}
