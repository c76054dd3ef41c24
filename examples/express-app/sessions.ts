import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import session, { Store, type SessionData } from 'express-session';
import { sessionCookie, type SessionContent, type Sessions, type SessionStore } from '../shared/sessions.ts';

declare module 'express-session' {
  interface SessionData {
    larkpost?: SessionContent;
  }
}

/** Puts the session of its cookie on each request. */
export function sessionMiddleware({ store }: Sessions): RequestHandler {
  const { name, options } = sessionCookie;
  return session({ store: new AppStore(store), name, secret: randomBytes(32), resave: false, saveUninitialized: false, cookie: options });
}

/** What express-session wants of a store beside its three verbs, it has from its own class. */
class AppStore extends Store {
  readonly #store: SessionStore;

  constructor(store: SessionStore) {
    super();
    this.#store = store;
  }

  override get(id: string, done: (error: unknown, found?: SessionData | null) => void): void {
    this.#store.get(id, done as Parameters<SessionStore['get']>[1]);
  }

  override set(id: string, data: SessionData, done?: (error?: unknown) => void): void {
    this.#store.set(id, data, done);
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    this.#store.destroy(id, done);
  }
}
