import { headerSeconds } from '../../kernel/header-seconds.ts';
import { plainPage } from '../../kernel/html.ts';
import type { Reply } from '../../ports/reply.ts';
import type { ReadOnlyBanner } from '../../read-only/index.ts';

/** What a page of the app may tell: why, and until when (wall-clock ms), as far as that is known. Escape `reason`. */
export interface ReadOnlyPageFacts extends Omit<ReadOnlyBanner, 'sinceMs'> {
  readonly retryAfterMs: number;
}

/** The name of the header that a user interface can read, also of answers that were not refused. */
export const readOnlyHeader = 'Portcullis-Read-Only';

const title = 'Read-only for now';
const unsaid = 'Changes are not possible at the moment. Nothing was changed.';

/** A structured field (RFC 9651): the level, and the planned end as a date in seconds since 1970: `writes;until=@1767225600`. */
export function readOnlyField({ level, untilMs }: Pick<ReadOnlyBanner, 'level' | 'untilMs'>): string {
  return untilMs === undefined ? level : `${level};until=@${Math.ceil(untilMs / 1_000)}`;
}

/** 503 with Retry-After, as a page or as a problem document (RFC 9110 section 15.6.4, RFC 9457). */
export function readOnlyReply(facts: ReadOnlyPageFacts, { accepts, page }: { readonly accepts: 'html' | 'json'; readonly page?: ((facts: ReadOnlyPageFacts) => string) | undefined }): Reply {
  const headers = { 'Cache-Control': 'no-store', 'Vary': 'Accept', 'X-Content-Type-Options': 'nosniff', 'Retry-After': String(headerSeconds(facts.retryAfterMs)), [readOnlyHeader]: readOnlyField(facts) };
  if (accepts === 'html') return { status: 503, headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' }, body: pageOf(facts, page) };
  const { level, reason, untilMs } = facts;
  const problem = { type: 'urn:portcullis:read-only', title, status: 503, detail: reason === '' ? unsaid : reason, level, ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }) };
  return { status: 503, headers: { ...headers, 'Content-Type': 'application/problem+json' }, body: JSON.stringify(problem) };
}

function pageOf(facts: ReadOnlyPageFacts, page: ((facts: ReadOnlyPageFacts) => string) | undefined): string {
  try {
    const own: unknown = page?.(facts);
    if (typeof own === 'string') return own;
  } catch {
    // A template that fails must not turn a refusal into a crash.
  }
  const paragraphs = [facts.reason, unsaid, facts.untilMs === undefined ? '' : `Planned until ${new Date(facts.untilMs).toUTCString()}.`];
  return plainPage(title, ...paragraphs.filter((paragraph) => paragraph !== ''));
}
