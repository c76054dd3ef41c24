import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRangeServer } from 'portcullis/testing';
import type { StartApp } from './apps.ts';
import { startAppProcess } from './apps.ts';
import { leakedPasswords } from './people.ts';
import { fullSize, makePlan, type Plan, type Sizes } from './plan.ts';
import { silent, type Progress } from './progress.ts';
import { responseFiguresOf } from './response/figures.ts';
import { secondFactorFiguresOf } from './second-factor/figures.ts';
import { openSide, runSide, type OpenSide, type SideReport } from './side.ts';

export interface DrillOptions {
  /** Decides who, what and in which order. */
  readonly seed: number;
  /** Default: as `npm run drill` has it. */
  readonly sizes?: Sizes;
  /** Default: each app is a process of its own, on Express. */
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
  /** The protected app, its teams with a mandatory second factor. */
  readonly mandatory: SideReport;
}

/**
 * Replays the incident three times, one after the other, so that none slows the others down; the second time to its end, with the
 * response to it. The owners of the third run set up
 * their second factors before all that: a code is good for one use, and the next comes with the next half minute. Resolves
 * only when all were played to the end. Nothing is left behind: no process, no folder.
 */
export async function runDrill({ seed, sizes = fullSize, startApp = startAppProcess('express'), progress = silent, signal = new AbortController().signal }: DrillOptions): Promise<DrillResult> {
  const startedAt = performance.now();
  const plan = makePlan(seed, sizes);
  const folder = workFolder();
  const breachService = await startRangeServer({ passwords: leakedPasswords.map((password, rank) => [password, timesSeen(rank)] as const), record: false });
  const shared = { plan, startApp, breachUrl: breachService.url, progress, signal };
  let third: OpenSide | undefined;
  try {
    third = await openSide({ ...shared, side: 'mandatory', folder: join(folder, 'mandatory') });
    const unprotectedSide = await runSide({ ...shared, side: 'unprotected', folder: join(folder, 'unprotected') });
    const protectedSide = await runSide({ ...shared, side: 'protected', folder: join(folder, 'protected') });
    const mandatory = await third.play();
    return { seed, durationMs: Math.round(performance.now() - startedAt), plan, unprotected: unprotectedSide, protected: protectedSide, mandatory };
  } finally {
    await third?.close();
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
export function drillJson({ seed, durationMs, unprotected, protected: guarded, mandatory }: DrillResult) {
  const { addressesLearnt: _notAsked, ...figures } = mandatory.figures;
  return { seed, durationMs, unprotected: unprotected.figures, protected: guarded.figures, mandatory: { ...figures, ...(mandatory.secondFactor && secondFactorFiguresOf(mandatory.secondFactor)) }, response: guarded.response && responseFiguresOf(guarded.response) };
}
