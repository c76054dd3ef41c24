import { withDeadline } from '../kernel/deadline.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import {
  answerBudgetMs,
  spawnWorker,
  startBudgetMs,
  startThread,
  StrengthUnknown,
  type Strength,
  type StrengthQuestion,
  type StrengthThread,
  type WorkerLike,
} from './strength-thread.ts';

/** Estimates passwords one after the other in a thread of its own. Nothing here throws, or waits for longer than 2.25 s. */
export interface StrengthMeter {
  /** The estimate, or `unknown` and one event, `strength.unknown`. */
  measure(password: string, words: readonly string[]): Promise<Strength | 'unknown'>;
  /** Starts the thread, so that the first person need not wait for it. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** How many may wait for their turn: at 5 ms each, a third of a second. */
export const maxWaiting = 64;
/** Failures in a row after which the thread is left alone for a while. Starting one costs a core for 0.3 s. */
const maxFailures = 3;
const restMs = 30_000;
/** What is looked at: the estimate takes seconds for 256 characters. */
const maxEstimatedChars = 32;
const maxEstimatedWords = 32;

interface Job {
  readonly question: StrengthQuestion;
  readonly resolve: (strength: Strength) => void;
  readonly reject: (error: unknown) => void;
  /** Nobody waits for the answer any more. */
  abandoned: boolean;
}

/** Makes the meter. No thread is started before it is needed. */
export function createStrengthMeter(parts: { readonly clock: Clock; readonly emit: Emit; readonly spawn?: () => WorkerLike }): StrengthMeter {
  const { emit, spawn = spawnWorker } = parts;
  const clock = patient(parts.clock);
  const threads = createThreads({ clock, spawn });
  const waiting: Job[] = [];
  let working = false;

  async function work(): Promise<void> {
    working = true;
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      if (job.abandoned) continue;
      await threads.ask(job.question).then(job.resolve, job.reject);
    }
    working = false;
  }

  function enqueue(question: StrengthQuestion): Promise<Strength> {
    if (waiting.length >= maxWaiting) return Promise.reject(new StrengthUnknown('busy'));
    const { promise, resolve, reject } = Promise.withResolvers<Strength>();
    const job: Job = { question, resolve, reject, abandoned: false };
    waiting.push(job);
    if (!working) void work();
    return withDeadline(promise, {
      clock,
      deadlineMs: startBudgetMs + answerBudgetMs,
      onLate() {
        job.abandoned = true;
        return new StrengthUnknown('busy');
      },
    });
  }

  function report(error: unknown): 'unknown' {
    emit({ type: 'strength.unknown', reason: error instanceof StrengthUnknown ? error.reason : 'failed' });
    return 'unknown';
  }

  return {
    measure: (password, words) => enqueue(questionOf(password, words)).catch(report),
    async warmUp() {
      await threads.warm().catch(report);
    },
    close: () => threads.close(),
  };
}

/**
 * The clock with one turn of the event loop more. When the app blocks the loop for longer than a deadline, its timer and
 * the thread's answer are both there afterwards, and the timer would come first: a thread in order would be replaced.
 */
function patient(clock: Clock): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    after(delayMs, run) {
      let cancel = clock.after(delayMs, () => {
        cancel = clock.after(0, run);
      });
      return () => {
        cancel();
      };
    },
  };
}

function questionOf(password: string, words: readonly string[]): StrengthQuestion {
  return { text: Array.from(password).slice(0, maxEstimatedChars).join(''), words: words.slice(0, maxEstimatedWords) };
}

/** Whether the thread is left alone for a while, because it failed several times in a row or does not start at all. */
function createRest(clock: Clock) {
  let failures = 0;
  let untilMs = -Infinity;
  return {
    now: () => clock.monotonicMs() < untilMs,
    worked() {
      failures = 0;
    },
    failed(weight: number) {
      failures += weight;
      if (failures < maxFailures) return;
      failures = 0;
      untilMs = clock.monotonicMs() + restMs;
    },
  };
}

/** The one thread: started when needed, replaced when it is late or gone, left alone when that does not help. */
function createThreads({ clock, spawn }: { readonly clock: Clock; readonly spawn: () => WorkerLike }) {
  const rest = createRest(clock);
  let current: Promise<StrengthThread> | undefined;
  let closed = false;

  function running(): Promise<StrengthThread> {
    if (closed) return Promise.reject(new StrengthUnknown('closed'));
    if (current !== undefined) return current;
    if (rest.now()) return Promise.reject(new StrengthUnknown('resting'));
    const started = startThread({ clock, spawn });
    current = started;
    started.then(
      (thread) => thread.ended.then(() => {
        forget(started);
      }),
      () => {
        forget(started);
        rest.failed(maxFailures);
      },
    );
    return started;
  }

  function forget(thread: Promise<StrengthThread>): void {
    if (current === thread) current = undefined;
  }

  async function ask(question: StrengthQuestion): Promise<Strength> {
    const started = running();
    const thread = await started;
    try {
      const strength = await thread.ask(question);
      rest.worked();
      return strength;
    } catch (error) {
      if (closed) throw new StrengthUnknown('closed');
      if (error instanceof StrengthUnknown && error.reason === 'failed') throw error;
      forget(started);
      void thread.end();
      rest.failed(1);
      // Its successor starts now, so that the next person finds it ready.
      running().catch(() => undefined);
      throw error;
    }
  }

  return {
    ask,
    warm: () => running().then(() => undefined),
    async close() {
      closed = true;
      const last = current;
      current = undefined;
      await last?.then((thread) => thread.end()).catch(() => undefined);
    },
  };
}
