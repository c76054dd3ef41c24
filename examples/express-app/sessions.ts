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
    /** What the list of a member's sessions calls this one. The id itself opens it, and so is on no page. */
    handle?: string;
    /** What the browser calls itself. */
    browser?: string;
  }
}

/** One session, as its owner may see it. Times are wall-clock ms. */
export interface OwnSession {
  readonly handle: string;
  readonly browser: string;
  readonly lastSeenMs: number | undefined;
  readonly proofs: SessionFacts | undefined;
}

/** The app's sessions. */
export interface Sessions {
  readonly middleware: RequestHandler;
  /** Notes who has signed in; `proofs` is what the library wants kept. */
  remember(req: Request, proofs: SessionFacts): void;
  /** Notes that a session was used just now. */
  seen(req: Request): void;
  /** The sessions of a user, newest first. */
  list(userId: string): Promise<readonly OwnSession[]>;
  /** Ends one of a user's own sessions, by its handle; answers whether there was one. */
  end(userId: string, handle: string): Promise<boolean>;
  /** Ends every session of a user but the one named, if one is. */
  endOthers(userId: string, exceptSessionId?: string): Promise<void>;
}

const maxBrowserChars = 300;
const maxNoted = 100_000;

/** Sessions in memory: enough for an example, gone with the process. */
export function createSessions(nowMs: () => number = Date.now): Sessions {
  const store = new MemoryStore();
  // Not in the session: what is saved at the end of a request would bring back one that has been ended meanwhile.
  const lastSeen = new Map<string, number>();
  const middleware = session({
    store,
    name: 'larkpost.sid',
    secret: randomBytes(32),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: 12 * 60 * 60 * 1000 },
  });

  /** The oldest one goes where there are too many: the list then says when it began. */
  function noteUse(handle: string): void {
    lastSeen.delete(handle);
    lastSeen.set(handle, nowMs());
    const [oldest] = lastSeen.keys();
    if (lastSeen.size > maxNoted && oldest !== undefined) lastSeen.delete(oldest);
  }

  function all(): Promise<Record<string, session.SessionData>> {
    return new Promise((resolve, reject) => {
      store.all((error: unknown, sessions) => {
        if (error === null || error === undefined) resolve(sessions ?? {});
        else reject(new Error('the session store failed', { cause: error }));
      });
    });
  }

  /** The ids and contents of a user's sessions. */
  async function sessionsOf(userId: string): Promise<readonly (readonly [id: string, data: session.SessionData])[]> {
    return Object.entries(await all()).filter(([, data]) => data.userId === userId);
  }

  return {
    middleware,
    remember(req, proofs) {
      req.session.userId = proofs.accountId;
      req.session.proofs = proofs;
      req.session.handle ??= randomBytes(12).toString('base64url');
      req.session.browser ??= (req.get('user-agent') ?? '').slice(0, maxBrowserChars);
      noteUse(req.session.handle);
    },
    seen(req) {
      const { handle } = req.session;
      if (handle !== undefined) noteUse(handle);
    },
    async list(userId) {
      const own = await sessionsOf(userId);
      const listed = own.flatMap(([, { handle, browser = '', proofs }]): readonly OwnSession[] => (handle === undefined ? [] : [{ handle, browser, lastSeenMs: lastSeen.get(handle), proofs }]));
      return listed.toSorted((one, other) => (other.lastSeenMs ?? 0) - (one.lastSeenMs ?? 0));
    },
    async end(userId, handle) {
      const found = (await sessionsOf(userId)).find(([, data]) => data.handle === handle);
      if (found !== undefined) store.destroy(found[0]);
      return found !== undefined;
    },
    async endOthers(userId, exceptSessionId) {
      for (const [id] of await sessionsOf(userId)) if (id !== exceptSessionId) store.destroy(id);
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
