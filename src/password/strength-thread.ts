import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withDeadline } from '../kernel/deadline.ts';
import type { Clock } from '../ports/clock.ts';

/** 0 (falls within a thousand guesses) to 4 (more than ten thousand million), as zxcvbn counts. */
export type Strength = 0 | 1 | 2 | 3 | 4;

/** Why nobody can say how strong a password is. */
export type StrengthUnknownReason = 'start-failed' | 'start-late' | 'late' | 'crashed' | 'failed' | 'busy' | 'resting' | 'closed';

/** Carries the reason from where it is noticed to where it becomes `unknown`. */
export class StrengthUnknown extends Error {
  readonly reason: StrengthUnknownReason;

  constructor(reason: StrengthUnknownReason) {
    super(reason);
    this.reason = reason;
  }
}

export interface StrengthQuestion {
  readonly text: string;
  readonly words: readonly string[];
}

/** The part of a worker thread that is used here. */
export interface WorkerLike {
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): unknown;
  postMessage(value: StrengthQuestion): void;
  terminate(): Promise<number>;
  unref(): void;
}

/** A started estimator. One question at a time. */
export interface StrengthThread {
  /** Rejects with {@link StrengthUnknown}; after `late` and `crashed` the thread is of no more use. */
  ask(question: StrengthQuestion): Promise<Strength>;
  /** Resolves when the thread has ended, for whatever reason. */
  readonly ended: Promise<undefined>;
  end(): Promise<void>;
}

/** From ready to answer, and from nothing to ready, ms. */
export const answerBudgetMs = 250;
export const startBudgetMs = 2_000;

/** The heap that the estimator may take; it needs 48 MiB (the process grows by 140 MiB). Beyond, the thread ends and the app lives. */
const maxHeapMiB = 192;

/** Starts the worker file that lies beside this module: the .ts source, or dist/strength-worker.js or .cjs. */
export function spawnWorker(): WorkerLike {
  // The paths come from file names, not from URLs put together as text: a folder may be called `a b#c%20d`. CommonJS has
  // `__filename` and, in the build, only an imitation of `import.meta.url` that such a folder breaks.
  const here = typeof __filename === 'string' ? __filename : fileURLToPath(import.meta.url);
  // Not imported: only who estimates pays for loading it.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  return new Worker(join(dirname(here), `strength-worker${extname(here)}`), {
    // Not the app's flags and NODE_OPTIONS (--inspect, --require, ...): some are refused in a worker, others would run the
    // app's code in it. Nor its environment, which is full of secrets.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
  });
}

/** Starts the estimator. Rejects with {@link StrengthUnknown} when that fails or takes longer than 2 s. */
export async function startThread({ clock, spawn }: { readonly clock: Clock; readonly spawn: () => WorkerLike }): Promise<StrengthThread> {
  const worker = spawned(spawn);
  let pending: PromiseWithResolvers<unknown> & { readonly gone: StrengthUnknownReason } | undefined;
  worker.on('message', (message) => {
    pending?.resolve(message);
  });
  const { promise: ended, resolve: hasEnded } = Promise.withResolvers<undefined>();
  // Without a listener an error of the worker would end the whole process.
  for (const event of ['error', 'exit'] as const) {
    worker.on(event, () => {
      hasEnded(undefined);
      pending?.reject(new StrengthUnknown(pending.gone));
    });
  }
  // A process that has nothing else to do may end. While an answer is due, the deadline's timer keeps it alive. Only here,
  // because a listener for messages holds the process again.
  worker.unref();

  function nextMessage(limits: { readonly deadlineMs: number; readonly late: StrengthUnknownReason; readonly gone: StrengthUnknownReason }): Promise<unknown> {
    pending = { ...Promise.withResolvers<unknown>(), gone: limits.gone };
    return withDeadline(pending.promise, { clock, deadlineMs: limits.deadlineMs, onLate: () => new StrengthUnknown(limits.late) });
  }

  async function end(): Promise<void> {
    await worker.terminate();
  }

  try {
    await nextMessage({ deadlineMs: startBudgetMs, late: 'start-late', gone: 'start-failed' });
  } catch (error) {
    void end();
    throw error;
  }
  return {
    ended,
    end,
    async ask(question) {
      const message = nextMessage({ deadlineMs: answerBudgetMs, late: 'late', gone: 'crashed' });
      worker.postMessage(question);
      return scoreIn(await message);
    },
  };
}

function spawned(spawn: () => WorkerLike): WorkerLike {
  try {
    return spawn();
  } catch {
    // No threads allowed (`--permission`), or none left.
    throw new StrengthUnknown('start-failed');
  }
}

function scoreIn(message: unknown): Strength {
  const score = (message as { readonly score?: unknown } | null)?.score;
  if (score !== 0 && score !== 1 && score !== 2 && score !== 3 && score !== 4) throw new StrengthUnknown('failed');
  return score;
}
