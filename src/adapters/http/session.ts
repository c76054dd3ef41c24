/** The part of express-session, @fastify/session and what behaves like them that is used here. */
interface SessionLike {
  regenerate?(done: (error?: unknown) => void): void;
  destroy?(done: (error?: unknown) => void): void;
}

/** Gives the request a session with a new id and nothing in it; the old id is dead (OWASP ASVS 5.0 7.2.4). */
export function freshSession(req: object): Promise<void> {
  return asked(req, 'regenerate');
}

/** Ends the session of the request. */
export function endSession(req: object): Promise<void> {
  return asked(req, 'destroy');
}

/** Apps that keep their sessions elsewhere have no such method, and do it themselves in their hook. */
function asked(req: object, verb: 'regenerate' | 'destroy'): Promise<void> {
  const { session } = req as { readonly session?: SessionLike | null };
  return new Promise((resolve, reject) => {
    // A `regenerate` without a `destroy` is that of a session within a cookie: it takes no callback, and would never call this one.
    if (typeof session?.destroy !== 'function' || typeof session[verb] !== 'function') {
      resolve();
      return;
    }
    session[verb]((error) => {
      if (error === undefined || error === null) resolve();
      else reject(new Error('the session store failed', { cause: error }));
    });
  });
}
