import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange, Network, WireRequest } from '../wire.ts';

/** The attacker's many source addresses as one sender. */
export interface Botnet {
  /** Sends from the next source that is not resting, and tries again where the app asks for patience. */
  readonly send: (request: WireRequest) => Promise<Exchange>;
  /** Sends from one source alone, and tries again from there if the wait is short. */
  readonly sendFrom: (source: string, request: WireRequest) => Promise<Exchange>;
  readonly counts: { readonly requests: number; readonly refusals: number };
}

/** Longer than this the attacker waits for nothing while the drill runs. */
const patienceMs = 3_000;
const maxTries = 8;

/**
 * Makes the sender. A source that is told 429 rests for as long as the app asks, and the request goes out again from
 * another; refused there too, it is what it asks about that is limited, and the wait is worth it only if it is short.
 */
export function createBotnet({ network, sources, signal }: { readonly network: Network; readonly sources: readonly string[]; readonly signal: AbortSignal }): Botnet {
  const restsUntil = new Map<string, number>();
  const counts = { requests: 0, refusals: 0 };
  let next = 0;

  function nextSource(): string {
    const now = performance.now();
    for (let tried = 0; tried < sources.length; tried += 1) {
      const source = sources[next % sources.length] ?? '';
      next += 1;
      if ((restsUntil.get(source) ?? 0) <= now) return source;
    }
    next += 1;
    return sources[next % sources.length] ?? '';
  }

  async function sendOnce(source: string, request: WireRequest): Promise<Exchange> {
    counts.requests += 1;
    const answer = await network.send(source, request);
    if (isRefusal(answer)) counts.refusals += 1;
    if (answer.status === 429) restsUntil.set(source, performance.now() + retryAfterMs(answer));
    return answer;
  }

  async function send(request: WireRequest): Promise<Exchange> {
    let answer = await sendOnce(nextSource(), request);
    for (let tries = 1; tries < maxTries && isRefusal(answer); tries += 1) {
      const waitMs = retryAfterMs(answer);
      const isFirst429 = answer.status === 429 && tries === 1;
      if (!isFirst429 && waitMs > patienceMs) break;
      if (!isFirst429) await sleep(waitMs, undefined, { signal });
      answer = await sendOnce(nextSource(), request);
    }
    return answer;
  }

  async function sendFrom(source: string, request: WireRequest): Promise<Exchange> {
    let answer = await sendOnce(source, request);
    for (let tries = 1; tries < maxTries && isRefusal(answer) && retryAfterMs(answer) <= patienceMs; tries += 1) {
      await sleep(retryAfterMs(answer), undefined, { signal });
      answer = await sendOnce(source, request);
    }
    return answer;
  }

  return { send, sendFrom, counts };
}

/** Too many requests, or too busy: not an answer to the question. */
export function isRefusal({ status }: Exchange): boolean {
  return status === 429 || status === 503;
}

/** RFC 9110 section 10.2.3, in its form of seconds. Without the header one second. */
function retryAfterMs({ headers }: Exchange): number {
  const seconds = Number(headers['retry-after'] ?? 1);
  return Number.isFinite(seconds) ? Math.max(0, seconds) * 1_000 : patienceMs + 1;
}
