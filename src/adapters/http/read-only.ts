import { isPortcullisError } from '../../kernel/errors.ts';
import { callback, list, optional, port, readOptions, text, type OptionReader } from '../../kernel/options.ts';
import { readOnlyField, readOnlyHeader } from '../../kernel/read-only-reply.ts';
import type { Reply } from '../../ports/reply.ts';
import type { ReadOnlyFacts, ReadOnlyLabel, ReadOnlyMode, ReadOnlySubject, ReadOnlyVerdict } from '../../read-only/index.ts';
import { failureOf, type Framework, type HttpRequest, type Next } from './framework.ts';
import { refusal, type ReadOnlyPageFacts } from './read-only-answer.ts';
import { strictestOf } from './read-only-request.ts';
import { acceptsOf } from './request.ts';
import { createRouteTable, type Asked } from './route-table.ts';

/** Routes are `POST /sign-out`, `/health` (any method), `/reports/:id/export` or `/admin/*`, from the root of the app. */
export interface GuardedRoutes<Req> {
  /** Routes that pass on every level. Only what is written just like it is exempt: no other case, no slash at the end, no escape in a fixed part. */
  readonly exempt?: readonly string[];
  /** Routes that are refused from the first level on, whatever the method and however they are written. Stronger than `exempt`. */
  readonly sensitive?: readonly string[];
  /** The same by the app's own rule. */
  readonly labelOf?: (req: Req) => ReadOnlyLabel | undefined;
  /** Who asks, for switches of an organization or a user. Without it only those of everyone bind. Not asked while nothing is switched on. */
  readonly subjectOf?: (req: Req) => ReadOnlySubject | undefined | Promise<ReadOnlySubject | undefined>;
}

export interface GuardedPages {
  /** The page of a refusal, as HTML. */
  readonly page?: (facts: ReadOnlyPageFacts) => string;
}

interface GuardParts<R> {
  readonly exempt: readonly string[];
  readonly sensitive: readonly string[];
  readonly labelOf: ((req: R) => ReadOnlyLabel | undefined) | undefined;
  readonly subjectOf: ((req: R) => ReadOnlySubject | undefined | Promise<ReadOnlySubject | undefined>) | undefined;
}

export function guardReaders<R>(): { readonly [K in keyof GuardParts<R>]: OptionReader<GuardParts<R>[K]> } {
  return { exempt: list(text(), []), sensitive: list(text(), []), labelOf: optional(callback()), subjectOf: optional(callback()) };
}

const pageOption = optional(callback<(facts: ReadOnlyPageFacts) => string>());

/** Refuses what is no read-only mode. */
export function requireMode(mode: ReadOnlyMode, name: string): void {
  port<ReadOnlyMode>(['check', 'banner', 'known'], undefined, 'createReadOnlyMode')(mode, name);
}

/** Makes what answers a request that read-only mode refuses, and says on the others that the app is read-only. Throws ERR_CONFIG. */
export function createReadOnlyGuard<Req extends HttpRequest, Res>(http: Framework<Req, Res>, mode: ReadOnlyMode, options: GuardedRoutes<Req> & GuardedPages): (req: Req, res: Res, next: Next) => void {
  requireMode(mode, 'readOnlyGuard.mode');
  const { page, ...parsed } = readOptions('readOnlyGuard', options, { ...guardReaders<Req>(), page: pageOption });
  const judge = createJudge(mode, 'readOnlyGuard', parsed);
  return function guardReadOnly(req, res, next) {
    if (isOff(mode)) {
      next();
      return;
    }
    judge(req, () => http.askedBy(req)).then(
      ({ verdict, subject }) => {
        // A timeout of the app, say, has answered already.
        if (http.isAnswered(res)) return;
        if (!verdict.allowed) {
          http.send(res, refusal(factsOfRefusal(verdict), { accepts: acceptsOf(req), page }));
          return;
        }
        const banner = mode.banner(subject);
        if (banner !== undefined) http.setHeader(res, readOnlyHeader, readOnlyField(banner));
        next();
      },
      (error: unknown) => {
        next(failureOf(error));
      },
    );
  };
}

/** Makes the answer to a `ReadOnlyError` that `assertWritable` has thrown behind a route; undefined for any other error. Throws ERR_CONFIG. */
export function createReadOnlyAnswer(options: GuardedPages): (error: unknown, req: HttpRequest) => Reply | undefined {
  const { page } = readOptions('readOnlyErrors', options, { page: pageOption });
  return (error, req) => {
    if (!isPortcullisError(error) || error.code !== 'ERR_READ_ONLY') return undefined;
    // Of whichever copy of the package: the members are what counts.
    const { level, reason = '', untilMs, retryAfterMs } = error as unknown as ReadOnlyFacts;
    return refusal({ level, reason, retryAfterMs, ...(untilMs !== undefined && { untilMs }) }, { accepts: acceptsOf(req), page });
  };
}

/** The one question of a request while nothing is switched on. */
export function isOff(mode: ReadOnlyMode): boolean {
  const { state, switches } = mode.known();
  return switches.length === 0 && state !== 'unknown';
}

interface Judged {
  readonly verdict: ReadOnlyVerdict;
  readonly subject: ReadOnlySubject;
}

/** Makes the judge of requests: what label they have, who asks, and what the mode says to that. */
export function createJudge<R>(mode: ReadOnlyMode, name: string, { exempt, sensitive, labelOf, subjectOf }: GuardParts<R>): (req: R, askedBy: () => Asked) => Promise<Judged> {
  const exemptRoutes = createRouteTable(`${name}.exempt`, exempt);
  const sensitiveRoutes = createRouteTable(`${name}.sensitive`, sensitive);

  return async function judge(req, askedBy) {
    const asked = askedBy();
    const own = labelOf?.(req);
    const label = own === 'sensitive' || sensitiveRoutes.mayReach(asked) ? 'sensitive' : own ?? (exemptRoutes.holdsExactly(asked) ? 'exempt' : undefined);
    // Signing in must work where the store of the sessions does not.
    const subject = (label === 'exempt' ? undefined : await subjectOf?.(req)) ?? {};
    return { subject, verdict: mode.check({ method: strictestOf(asked.methods), label, accountId: subject.accountId, organizationIds: subject.organizationIds }) };
  };
}

export function factsOfRefusal({ level, switch: found, retryAfterMs }: Extract<ReadOnlyVerdict, { allowed: false }>): ReadOnlyPageFacts {
  return { level, reason: found?.reason ?? '', retryAfterMs, ...(found?.untilMs !== undefined && { untilMs: found.untilMs }) };
}
