import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRangeServer } from 'portcullis/testing';
import type { StartApp } from './apps.ts';
import { startAppProcess } from './apps.ts';
import { leakedPasswords } from './people.ts';
import { fullSize, makePlan, type Plan, type Sizes } from './plan.ts';
import { silent, type Progress } from './progress.ts';
import { runSide, type SideReport } from './side.ts';

export interface DrillOptions {
  /** Decides who, what and in which order. */
  readonly seed: number;
  /** Default: as `npm run drill` has it. */
  readonly sizes?: Sizes;
  /** Default: each app is a process of its own. */
  readonly startApp?: StartApp;
  readonly progress?: Progress;
  /** Ends the drill early; it then rejects, with everything cleaned up. */
  readonly signal?: AbortSignal;
}

export interface DrillResult {
  readonly seed: number;
  readonly durationMs: number;
  readonly plan: Plan;
  readonly unprotected: SideReport;
  readonly protected: SideReport;
}

/**
 * Replays the incident against both apps, one after the other, so that neither slows the other down. Resolves only when
 * both were played to the end. Nothing is left behind: no process, no folder.
 */
export async function runDrill({ seed, sizes = fullSize, startApp = startAppProcess, progress = silent, signal = new AbortController().signal }: DrillOptions): Promise<DrillResult> {
  const startedAt = performance.now();
  const plan = makePlan(seed, sizes);
  const folder = workFolder();
  const breachService = await startRangeServer({ passwords: leakedPasswords.map((password, rank) => [password, timesSeen(rank)] as const), record: false });
  const shared = { plan, startApp, breachUrl: breachService.url, progress, signal };
  try {
    const unprotectedSide = await runSide({ ...shared, side: 'unprotected', folder: join(folder, 'unprotected') });
    const protectedSide = await runSide({ ...shared, side: 'protected', folder: join(folder, 'protected') });
    return { seed, durationMs: Math.round(performance.now() - startedAt), plan, unprotected: unprotectedSide, protected: protectedSide };
  } finally {
    await breachService.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In memory where the machine has a place for that: a slow disk would only blur the times. */
function workFolder(): string {
  try {
    return mkdtempSync('/dev/shm/incident-drill-');
  } catch {
    return mkdtempSync(join(tmpdir(), 'incident-drill-'));
  }
}

/** The list is sorted by how common a password is: the usual shape of that, by Zipf's law. */
function timesSeen(rank: number): number {
  return Math.ceil(10_000_000 / (rank + 1));
}

/** What `--json` writes. */
export function drillJson({ seed, durationMs, unprotected, protected: guarded }: DrillResult) {
  return { seed, durationMs, unprotected: unprotected.figures, protected: guarded.figures };
}
