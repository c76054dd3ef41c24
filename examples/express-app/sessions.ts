import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import type { SessionFacts } from 'portcullis';

declare module 'express-session' {
  interface SessionData {
    /** The signed-in user. */
    userId?: string;
    /** What the library knows of the sign-in. */
    proofs?: SessionFacts;
  }
}

/** The app's sessions. */
export interface Sessions {
  readonly middleware: RequestHandler;
  /** Ends every session of a user but the one named, if one is. */
  endOthers(userId: string, exceptSessionId?: string): Promise<void>;
}

/** Sessions in memory: enough for an example, gone with the process. */
export function createSessions(): Sessions {
  const store = new MemoryStore();
  const middleware = session({
    store,
    name: 'larkpost.sid',
    secret: randomBytes(32),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: 12 * 60 * 60 * 1000 },
  });

  function all(): Promise<Record<string, session.SessionData>> {
    return new Promise((resolve, reject) => {
      store.all((error: unknown, sessions) => {
        if (error === null || error === undefined) resolve(sessions ?? {});
        else reject(new Error('the session store failed', { cause: error }));
      });
    });
  }

  return {
    middleware,
    async endOthers(userId, exceptSessionId) {
      for (const [id, { userId: owner }] of Object.entries(await all())) {
        if (owner === userId && id !== exceptSessionId) store.destroy(id);
      }
    },
  };
}

/** Ends the session of a request. */
export function endSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.destroy((error: unknown) => {
      if (error === null || error === undefined) resolve();
      else reject(new Error('the session store failed', { cause: error }));
    });
  });
}
