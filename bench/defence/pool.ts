import { availableParallelism } from 'node:os';
import { openChild } from '../child.ts';
import type { RunResult } from './result.ts';
import { openWorker, type Job } from './work.ts';

const workModule = new URL('work.ts', import.meta.url).href;

export interface PoolOptions {
  readonly onDone: (job: Job, done: number) => void;
  /** Child processes; by default one a core. */
  readonly processes?: number;
}

/** Runs the jobs in child processes and answers their results in the order of the jobs. */
export async function runJobs(jobs: readonly Job[], { onDone, processes = availableParallelism() }: PoolOptions): Promise<readonly RunResult[]> {
  const results: (readonly RunResult[])[] = [];
  const queue = jobs.entries();
  let done = 0;

  async function work(): Promise<void> {
    const child = await openChild(workModule, openWorker, undefined, { execArgv: [] });
    try {
      for (const [place, job] of queue) {
        results[place] = await child.call('run', job);
        onDone(job, (done += 1));
      }
    } finally {
      await child.close();
    }
  }

  await Promise.all(Array.from({ length: Math.min(processes, jobs.length) }, work));
  return results.flat();
}
