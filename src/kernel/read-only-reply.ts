import type { Reply } from '../ports/reply.ts';
import { headerSeconds } from './header-seconds.ts';
import { plainPage } from './html.ts';

/** The name of the header that a user interface can read, also of answers that were not refused. */
export const readOnlyHeader = 'Portcullis-Read-Only';

/** What a refusal may tell: how much is refused, why, and until when (wall-clock ms), as far as that is known. */
export interface ReadOnlyRefusal {
  readonly level: string;
  /** Empty where nobody gave one. */
  readonly reason: string;
  readonly untilMs?: number;
  readonly retryAfterMs: number;
}

/** What is said to all refusals alike. */
export interface ReadOnlyWords {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

export const readOnlyWords: ReadOnlyWords = Object.freeze({ status: 503, title: 'Read-only for now', detail: 'Changes are not possible at the moment. Nothing was changed.' });

/** A structured field (RFC 9651): the level, and the planned end as a date in seconds since 1970: `writes;until=@1767225600`. */
export function readOnlyField({ level, untilMs }: Pick<ReadOnlyRefusal, 'level' | 'untilMs'>): string {
  return untilMs === undefined ? level : `${level};until=@${Math.ceil(untilMs / 1_000)}`;
}

/** 503 with Retry-After, as a page or as a problem document (RFC 9110 section 15.6.4, RFC 9457). `page`: one of the app's own, or undefined. */
export function readOnlyReply(facts: ReadOnlyRefusal, { accepts, page, words = readOnlyWords }: { readonly accepts: 'html' | 'json'; readonly page?: (() => string | undefined) | undefined; readonly words?: ReadOnlyWords }): Reply {
  const { status, title, detail } = words;
  const headers = { 'Cache-Control': 'no-store', 'Vary': 'Accept', 'X-Content-Type-Options': 'nosniff', 'Retry-After': String(headerSeconds(facts.retryAfterMs)), [readOnlyHeader]: readOnlyField(facts) };
  if (accepts === 'html') return { status, headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' }, body: page?.() ?? defaultPage(facts, words) };
  const { level, reason, untilMs } = facts;
  const problem = { type: 'urn:portcullis:read-only', title, status, detail: reason === '' ? detail : reason, level, ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }) };
  return { status, headers: { ...headers, 'Content-Type': 'application/problem+json' }, body: JSON.stringify(problem) };
}

function defaultPage({ reason, untilMs }: ReadOnlyRefusal, { title, detail }: ReadOnlyWords): string {
  const paragraphs = [reason, detail, untilMs === undefined ? '' : `Planned until ${new Date(untilMs).toUTCString()}.`];
  return plainPage(title, ...paragraphs.filter((paragraph) => paragraph !== ''));
}
