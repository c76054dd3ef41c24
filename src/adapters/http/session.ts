import { systemClock } from '../../kernel/clock.ts';
import { isThenable, withDeadline } from '../../kernel/deadline.ts';

/** The part of express-session, @fastify/session and what behaves like them that is used here. Some libraries promise instead of calling back. */
interface SessionLike {
  regenerate?(done: (error?: unknown) => void): unknown;
  destroy?(done: (error?: unknown) => void): unknown;
}

/** The time of the app's session store, ms. What has no answer by then has failed: no door is held open for longer. */
const deadlineMs = 10_000;

/** Gives the request a session with a new id and nothing in it; the old id is dead (OWASP ASVS 5.0 7.2.4). */
export function freshSession(req: object): Promise<void> {
  return asked(req, 'regenerate');
}

/** Ends the session of the request. */
export function endSession(req: object): Promise<void> {
  return asked(req, 'destroy');
}

/** Apps that keep their sessions elsewhere have no such method, and do it themselves in their hook. */
async function asked(req: object, verb: 'regenerate' | 'destroy'): Promise<void> {
  const { session } = req as { readonly session?: SessionLike | null };
  // A `regenerate` without a `destroy` is that of a session within a cookie: it takes no callback, and would never call this one.
  if (typeof session?.destroy !== 'function' || typeof session[verb] !== 'function') return;
  await withDeadline(called(session, verb), { clock: systemClock, deadlineMs, onLate: () => new Error(`the session store has not answered for ${deadlineMs} ms`) });
}

function called(session: SessionLike, verb: 'regenerate' | 'destroy'): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      reject(new Error('the session store failed', { cause: error }));
    };
    const takesCallback = (session[verb]?.length ?? 0) > 0;
    const answer = session[verb]?.((error) => {
      if (error === undefined || error === null) resolve();
      else fail(error);
    });
    // A promise beside a callback may be kept before the store has answered.
    if (isThenable(answer)) answer.then(() => { if (!takesCallback) resolve(); }, fail);
  });
}
