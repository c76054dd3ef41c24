import { lazyAsync } from '../../kernel/lazy.ts';
import { retryAfterMs } from '../../kernel/retry-after.ts';
import type { AlarmRefusal } from '../../ports/alarm.ts';

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** Of an answer only this is read. */
export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: unknown;
}

export type Post = (request: PostRequest) => Promise<PostAnswer>;

/** What is needed of `fetch`: for a proxy, a client certificate or a certificate authority of your own. */
export type AlarmFetch = (
  url: string,
  init: { readonly method: 'POST'; readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: { cancel(): Promise<void> } | null;
}>;

const connectTimeoutMs = 5_000;
/** Backstop for what nobody aborts. */
const answerTimeoutMs = 60_000;

/**
 * Posts through undici, which is loaded by the first one. No redirect is followed: it would take the message, and what
 * signs it, to wherever it names. The status is the answer: its body is not read, and its connection closed.
 */
export function undiciPost(): Post {
  const load = lazyAsync(async () => {
    const { Agent, request } = await import('undici');
    const dispatcher = new Agent({ connections: 1, pipelining: 0, allowH2: false, connectTimeout: connectTimeoutMs, headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs });
    return { dispatcher, request };
  });
  return async function post({ url, headers, body, signal }) {
    const { dispatcher, request } = await load();
    const answer = await request(url, { method: 'POST', headers, body, signal, dispatcher });
    answer.body.on('error', () => undefined).destroy();
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
  };
}

/** Posts through a `fetch` that was handed in, under the same rules. */
export function fetchPost(fetch: AlarmFetch): Post {
  return async function post({ url, headers, body, signal }) {
    const answer = await fetch(url.href, { method: 'POST', headers, body, redirect: 'manual', signal });
    answer.body?.cancel().catch(() => undefined);
    return { status: answer.status, retryAfter: answer.headers.get('retry-after') };
  };
}

class AlarmNotTaken extends Error implements AlarmRefusal {
  override readonly name = 'AlarmNotTaken';
  readonly code: string;
  readonly retry: 'again' | 'give-up' | 'stop';
  readonly retryAfterMs: number;

  constructor(status: number, retry: 'again' | 'give-up' | 'stop', retryAfterMs: number) {
    super(`the answer was ${status}`);
    this.code = `HTTP_${status}`;
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Throws for every answer but 2xx. 410 stops the sink (Standard Webhooks, "Delivery"); 408, 425, 429 and 5xx are tried
 * again, after what `Retry-After` says; with anything else, redirects too, the alarm is given up.
 */
export function requireTaken({ status, retryAfter }: PostAnswer, nowMs: number): void {
  if (status >= 200 && status < 300) return;
  const again = status >= 500 || [408, 425, 429].includes(status);
  throw new AlarmNotTaken(status, status === 410 ? 'stop' : again ? 'again' : 'give-up', again ? (retryAfterMs(retryAfter, nowMs) ?? 0) : 0);
}
