import type { RequestHandler } from 'express';
import type { Portcullis } from '../../portcullis.ts';
import { sendAnswer, sendClearSiteData } from './answers.ts';
import type { DoorsOptions } from './doors-options.ts';
import { factsOf } from './request.ts';

export interface GuardOptions {
  /** A sensitive action by name (`export`): the session must have given its proofs lately. */
  readonly action?: string;
  /** How lately, ms. Default: the option `secondFactor.freshForMs` of `createPortcullis`. */
  readonly maxAgeMs?: number;
}

/** Makes the middleware for routes behind the sign-in. It reads the policies on every request, so that they bind old sessions too. */
export function createGuard({ access }: Portcullis, { sessionOf, remember, onRefused, onEnrollmentDue, clearSiteData }: DoorsOptions): (options?: GuardOptions) => RequestHandler {
  return (options = {}) =>
    function guardRequest(req, res, next) {
      const session = sessionOf(req);
      access.check({ session, ...options, facts: factsOf(req) }).then(async (result) => {
        // A session that was ended from afar leaves as much behind as one that was signed out of.
        if (result.outcome === 'answered' && result.verdict === 'signed-out' && session?.accountId !== undefined) sendClearSiteData(res, clearSiteData);
        if (result.outcome === 'allowed') {
          if (result.session !== session) await remember(req, result.session);
          if (result.enrollUntilMs !== undefined) await onEnrollmentDue?.(req, res, { enrollUntilMs: result.enrollUntilMs });
          next();
        } else if (onRefused === undefined || result.verdict === 'failed' || factsOf(req).accepts === 'json') sendAnswer(res, result);
        else await onRefused(req, res, { verdict: result.verdict, ...(result.missing !== undefined && { missing: result.missing }), ...(result.expired !== undefined && { expired: result.expired }) });
      }).catch(next);
    };
}
