import { randomBytes } from 'node:crypto';
import type { SessionFacts } from 'portcullis';
import type { Gate, Visit } from './visit.ts';

/** What the app keeps in a session, whole: it is replaced and never changed. */
export interface SessionContent {
  /** The signed-in user. */
  readonly userId?: string;
  /** What the library knows of the sign-in. */
  readonly proofs?: SessionFacts;
  /** What the list of a member's sessions calls this one. The id itself opens it, and so is on no page. */
  readonly handle?: string;
  /** What the browser calls itself. */
  readonly browser?: string;
}

/** What a session library hands to its store. Times of `cookie` as JSON has them. */
export interface StoredSession {
  readonly cookie?: { readonly expires?: unknown };
  readonly larkpost?: SessionContent;
}

type Done<T> = (error?: unknown, found?: T | null) => void;

/** The part of a store that both session libraries ask for. */
export interface SessionStore {
  get(id: string, done: Done<StoredSession>): void;
  set(id: string, session: object, done?: Done<never>): void;
  destroy(id: string, done?: Done<never>): void;
}

/** One session, as its owner may see it. Times are wall-clock ms. */
export interface OwnSession {
  readonly handle: string;
  readonly browser: string;
  readonly lastSeenMs: number | undefined;
  readonly proofs: SessionFacts | undefined;
}

/** The app's sessions, in memory: enough for an example, gone with the process. */
export interface Sessions {
  readonly store: SessionStore;
  /** Notes who has signed in; `proofs` is what the library wants kept. */
  remember(visit: Visit, proofs: SessionFacts): void;
  /** Notes that a session was used just now. */
  seen(visit: Pick<Visit, 'session'>): void;
  /** What a session holds now: undefined once it has ended. */
  contentOf(sessionId: string): SessionContent | undefined;
  /** The sessions of a user, newest first. */
  list(userId: string): readonly OwnSession[];
  /** Ends one of a user's own sessions, by its handle; answers whether there was one. */
  end(userId: string, handle: string): boolean;
  /** Ends every session of a user but the one named, if one is. */
  endOthers(userId: string, exceptSessionId?: string): void;
}

export const sessionCookie = { name: 'larkpost.sid', options: { httpOnly: true, sameSite: 'lax', secure: 'auto', path: '/', maxAge: 12 * 60 * 60 * 1000 } } as const;

const maxBrowserChars = 300;
const maxNoted = 100_000;

export function createSessions(nowMs: () => number = Date.now): Sessions {
  // As text, as other stores have it: what is read is nobody's object, and a session that was ended stays ended in every request.
  const texts = new Map<string, string>();
  // Not in the session: what is saved at the end of a request would bring back one that has been ended meanwhile.
  const lastSeen = new Map<string, number>();

  function read(id: string): StoredSession | undefined {
    const text = texts.get(id);
    if (text === undefined) return undefined;
    const found = JSON.parse(text) as StoredSession;
    const { expires } = found.cookie ?? {};
    if (typeof expires !== 'string' || Date.parse(expires) > Date.now()) return found;
    texts.delete(id);
    return undefined;
  }

  function noteUse(handle: string): void {
    lastSeen.delete(handle);
    lastSeen.set(handle, nowMs());
    // The oldest one goes where there are too many: the list then says when it began.
    const [oldest] = lastSeen.keys();
    if (lastSeen.size > maxNoted && oldest !== undefined) lastSeen.delete(oldest);
  }

  /** The ids and contents of a user's sessions. */
  function sessionsOf(userId: string): readonly (readonly [id: string, content: SessionContent])[] {
    return [...texts.keys()].flatMap((id): readonly (readonly [string, SessionContent])[] => {
      const content = read(id)?.larkpost;
      return content?.userId === userId ? [[id, content]] : [];
    });
  }

  return {
    store: {
      get(id, done) {
        done(null, read(id) ?? null);
      },
      set(id, session, done) {
        texts.set(id, JSON.stringify(session));
        done?.();
      },
      destroy(id, done) {
        texts.delete(id);
        done?.();
      },
    },
    remember(visit, proofs) {
      const { handle = randomBytes(12).toString('base64url'), browser = (visit.headers['user-agent'] ?? '').slice(0, maxBrowserChars) } = visit.session;
      visit.keepInSession({ userId: proofs.accountId, proofs, handle, browser });
      noteUse(handle);
    },
    seen({ session: { handle } }) {
      if (handle !== undefined) noteUse(handle);
    },
    contentOf: (sessionId) => read(sessionId)?.larkpost,
    list(userId) {
      const listed = sessionsOf(userId).flatMap(([, { handle, browser = '', proofs }]): readonly OwnSession[] => (handle === undefined ? [] : [{ handle, browser, lastSeenMs: lastSeen.get(handle), proofs }]));
      return listed.toSorted((one, other) => (other.lastSeenMs ?? 0) - (one.lastSeenMs ?? 0));
    },
    end(userId, handle) {
      const found = sessionsOf(userId).find(([, content]) => content.handle === handle);
      if (found !== undefined) texts.delete(found[0]);
      return found !== undefined;
    },
    endOthers(userId, exceptSessionId) {
      for (const [id] of sessionsOf(userId)) if (id !== exceptSessionId) texts.delete(id);
    },
  };
}

/** For the list of a member's own sessions. */
export function noteUse(sessions: Sessions): Gate {
  return (visit) => {
    sessions.seen(visit);
    return undefined;
  };
}
