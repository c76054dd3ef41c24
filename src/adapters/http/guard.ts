import { answerBy, sendAnswer, sendClearSiteData, type DoorParts } from './answers.ts';
import { settled, type HttpRequest } from './framework.ts';
import { acceptsOf, factsOf } from './request.ts';

export interface GuardOptions {
  /** A sensitive action by name (`export`): the session must have given its proofs lately. */
  readonly action?: string;
  /** How lately, ms. Default: the option `secondFactor.freshForMs` of `createPortcullis`. */
  readonly maxAgeMs?: number;
}

/** Whether a request may go on to a route behind the sign-in; where it may not, it has been answered. */
export type GuardCheck<Req, Res> = (req: Req, res: Res) => Promise<boolean>;

/** Makes the guard for routes behind the sign-in. It reads the policies on every request, so that they bind old sessions too. */
export function createGuard<Req extends HttpRequest, Res>({ http, portcullis, options }: DoorParts<Req, Res>): (own?: GuardOptions) => GuardCheck<Req, Res> {
  const { sessionOf, remember, onRefused, onEnrollmentDue, clearSiteData } = options;
  return (own = {}) =>
    async function checkAccess(req, res) {
      const session = sessionOf(req);
      const result = await portcullis.access.check({ session, ...own, facts: factsOf(req) });
      if (result.outcome === 'allowed') {
        if (result.session !== session) await remember(req, result.session);
        if (result.enrollUntilMs !== undefined) await settled(res, onEnrollmentDue?.(req, res, { enrollUntilMs: result.enrollUntilMs }));
        return true;
      }
      // A session that was ended from afar leaves as much behind as one that was signed out of.
      if (result.verdict === 'signed-out' && session?.accountId !== undefined) sendClearSiteData(http, res, clearSiteData);
      if (onRefused === undefined || result.verdict === 'failed' || acceptsOf(req) === 'json') sendAnswer(http, res, result);
      else await answerBy(http, res, onRefused(req, res, { verdict: result.verdict, ...(result.missing !== undefined && { missing: result.missing }), ...(result.expired !== undefined && { expired: result.expired }) }));
      return false;
    };
}
