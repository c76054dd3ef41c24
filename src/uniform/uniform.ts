import { systemClock } from '../kernel/clock.ts';
import { harmless } from '../kernel/harmless.ts';
import { headerSeconds } from '../kernel/header-seconds.ts';
import { callback, integer, port, readOptions } from '../kernel/options.ts';
import type { ReadOnlyRefusal } from '../kernel/read-only-reply.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import { createDeferredWork, type DeferredWork } from './deferred.ts';
import { createTimeFloor, type TimeFloor } from './floor.ts';
import { templatesOption, withReadOnly, withReasons, type ReplyName, type ReplyTemplate } from './templates.ts';

export interface UniformOptions {
  /** The app's own words, status or whole HTML page for any of the answers. Rendered once; requests cannot change them. */
  readonly templates?: Readonly<Partial<Record<ReplyName, Partial<ReplyTemplate>>>>;
  /** Answers go out at multiples of this, ms. Default 250: above the p99 of the work on most machines. 10 to 5,000. */
  readonly quantumMs?: number;
  /** Jobs that may wait for their turn after the answer. Default 1,000; beyond it they are dropped with an event. */
  readonly maxDeferred?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

export interface UniformReplies {
  /** The frozen answer of that name. */
  reply(name: ReplyName, accepts: 'html' | 'json'): Reply;
  /** A refusal of what was typed, with one sentence per reason: the only answer that depends on the request. */
  rejection(reasons: readonly { readonly code: string; readonly message: string }[], accepts: 'html' | 'json'): Reply;
  /**
   * 429 or 503 with Retry-After in whole seconds. For 429 it is rounded up to 30 s, 1, 5 or 15 minutes or whole hours, so
   * that it tells little.
   */
  comeBack(name: 'too-many-requests' | 'busy', retryAfterMs: number, accepts: 'html' | 'json'): Reply;
  /** 503 while the app is read-only: why and until when, with Retry-After and the header `Portcullis-Read-Only`. */
  readOnly(facts: ReadOnlyRefusal, accepts: 'html' | 'json'): Reply;
  /** Begins to measure a request. */
  begin(route: string): UniformSpan;
  /** Runs a job once this turn of the event loop is over; its failure is an event. */
  later(job: string, run: () => Promise<void>): void;
  /** Waits for deferred jobs, at shutdown, once no request is being answered. Answers how many did not end in time. */
  drain(deadlineMs: number): Promise<number>;
  /** How long the work of each route takes, ms: the 99th percentile of its last 128 requests. The quantum must be above. */
  measuredP99Ms(): Readonly<Record<string, number>>;
}

/** One request whose answer must not tell anything by its time. */
export interface UniformSpan {
  /** Queues a job that starts only when `end` has resolved, so that it cannot slow this answer. */
  later(job: string, run: () => Promise<void>): void;
  /** Resolves when the answer may go out; not before `notBeforeMs` on the monotonic clock. */
  end(notBeforeMs?: number): Promise<void>;
}

/** The defaults of {@link createUniformReplies}. */
export const uniformDefaults = Object.freeze({ quantumMs: 250, maxDeferred: 1_000 });

/**
 * Makes equal answers: frozen replies, a time floor, and work after the answer (OWASP ASVS 5.0 6.3.8). Throws ERR_CONFIG.
 */
export function createUniformReplies(options: UniformOptions = {}): UniformReplies {
  const { templates, quantumMs, maxDeferred, clock, ...parsed } = readOptions('uniform', options, {
    templates: templatesOption,
    quantumMs: integer({ min: 10, max: 5_000, fallback: uniformDefaults.quantumMs }),
    maxDeferred: integer({ min: 1, max: 1_000_000, fallback: uniformDefaults.maxDeferred }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const emit: Emit = harmless(parsed.emit);
  const floor = createTimeFloor({ quantumMs, clock, emit });
  const deferred = createDeferredWork({ maxWaiting: maxDeferred, maxRunning: 10, clock, emit });

  return Object.freeze({
    reply: (name, accepts) => templates[name][accepts],
    rejection: (reasons, accepts) => withReasons(templates['input-rejected'][accepts], reasons),
    comeBack(name, retryAfterMs, accepts) {
      const seconds = name === 'busy' ? headerSeconds(retryAfterMs) : coarseSeconds(retryAfterMs);
      const reply = templates[name][accepts];
      return Object.freeze({ ...reply, headers: Object.freeze({ ...reply.headers, 'Retry-After': String(seconds) }) });
    },
    readOnly: (facts, accepts) => withReadOnly(templates['read-only'], facts, accepts),
    begin: (route) => spanOf(route, { clock, floor, deferred }),
    later: (job, run) => {
      deferred.add(job, run);
    },
    drain: (deadlineMs) => deferred.drain(deadlineMs),
    measuredP99Ms: () => floor.p99Ms(),
  } satisfies UniformReplies);
}

function spanOf(route: string, { clock, floor, deferred }: { readonly clock: Clock; readonly floor: TimeFloor; readonly deferred: DeferredWork }): UniformSpan {
  const startedMs = clock.monotonicMs();
  const jobs: { readonly job: string; readonly run: () => Promise<void> }[] = [];
  return Object.freeze({
    later: (job, run) => {
      jobs.push({ job, run });
    },
    async end(notBeforeMs = startedMs) {
      await floor.hold({ route, startedMs, notBeforeMs });
      // Emptied, so that a flow that fails after its answer and ends the span again does not mail twice.
      for (const { job, run } of jobs.splice(0)) deferred.add(job, run);
    },
  } satisfies UniformSpan);
}

/**
 * An exact Retry-After on a sign-in route tells how many others tried (draft-ietf-httpapi-ratelimit-headers section 8.2).
 * It is not jittered: the steps hide more than a jitter that averages out, people who were refused at different times do
 * not come back together, and two refusals that differ by chance could no longer be compared byte by byte.
 */
function coarseSeconds(retryAfterMs: number): number {
  const seconds = retryAfterMs / 1_000;
  return [30, 60, 300, 900].find((step) => seconds <= step) ?? Math.ceil(seconds / 3_600) * 3_600;
}
