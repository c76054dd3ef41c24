import type { SessionFacts } from '../../ports/session.ts';
import { answerBy, sendAnswer, sendClearSiteData, type DoorParts } from './answers.ts';
import { failureOf, settled, type HttpRequest, type Next } from './framework.ts';
import { acceptsOf, factsOf } from './request.ts';

export interface GuardOptions {
  /** A sensitive action by name (`export`): the session must have given its proofs lately. */
  readonly action?: string;
  /** How lately, ms. Default: the option `secondFactor.freshForMs` of `createPortcullis`. */
  readonly maxAgeMs?: number;
}

/** Lets a request go on to a route behind the sign-in, or answers it. */
export type Guard<Req, Res> = (req: Req, res: Res, next: Next) => void;

/** Makes the guard for routes behind the sign-in. It reads the policies on every request, so that they bind old sessions too. */
export function createGuard<Req extends HttpRequest, Res>({ http, portcullis, options }: DoorParts<Req, Res>): (own?: GuardOptions) => Guard<Req, Res> {
  const { sessionOf, remember, onRefused, onEnrollmentDue, clearSiteData } = options;
  return (own = {}) => {
    const passed = Symbol('portcullis.passed');

    async function checkAccess(req: Req & { [passed]?: SessionFacts }, res: Res): Promise<boolean> {
      const session = sessionOf(req);
      // Where it stands before a request twice, by mistake, it asks once for one session. Another guard, or another session, is another question.
      if (session !== undefined && req[passed] === session) return true;
      const result = await portcullis.access.check({ session, ...own, facts: factsOf(req, options.address) });
      if (result.outcome === 'allowed') {
        if (result.session !== session) await remember(req, result.session);
        if (result.enrollUntilMs !== undefined) await settled(res, onEnrollmentDue?.(req, res, { enrollUntilMs: result.enrollUntilMs }));
        req[passed] = result.session;
        return true;
      }
      // A session that was ended from afar leaves as much behind as one that was signed out of.
      if (result.verdict === 'signed-out' && session?.accountId !== undefined) sendClearSiteData(http, res, clearSiteData);
      if (onRefused === undefined || result.verdict === 'failed' || acceptsOf(req) === 'json') sendAnswer(http, res, result);
      else await answerBy(http, res, onRefused(req, res, { verdict: result.verdict, ...(result.missing !== undefined && { missing: result.missing }), ...(result.expired !== undefined && { expired: result.expired }) }));
      return false;
    }
    return function guardRequest(req, res, next) {
      checkAccess(req, res).then(
        (passes) => {
          if (passes) next();
        },
        (error: unknown) => {
          next(failureOf(error));
        },
      );
    };
  };
}
