import type { HalfSession, StolenSession } from './attack/stuffing.ts';
import type { Verdict } from './attack/enumerate.ts';

/** The acts of the incident, in their order. */
export type PhaseName = 'calibration' | 'enumeration' | 'leaked-pairs' | 'one-address' | 'second-factor' | 'export-and-spam' | 'belongings' | 'containment' | 'ways-back' | 'owners' | 'lift';

export interface PhaseReport {
  readonly name: PhaseName;
  readonly startMs: number;
  readonly endMs: number;
}

/** How a count grew. Times count from the attack's first request. */
export interface Growth {
  readonly atMs: number;
  readonly count: 'entered' | 'exported' | 'spam';
  readonly by: number;
}

/** Takes down what comes of the attack, when it does. */
export interface Recorder {
  readonly startedAt: number;
  readonly phases: PhaseReport[];
  readonly growth: Growth[];
  readonly sessions: (StolenSession & { readonly source: string })[];
  /** Right passwords that were asked for a second factor. */
  readonly halves: HalfSession[];
  readonly exportedRows: string[];
  verdicts: ReadonlyMap<string, Verdict>;
  pairsTried: number;
  spamSent: number;
  nowMs(): number;
  grow(count: Growth['count'], by: number): void;
}

export function createRecorder(): Recorder {
  const startedAt = performance.now();
  const nowMs = (): number => Math.round(performance.now() - startedAt);
  const growth: Growth[] = [];
  return {
    startedAt,
    phases: [],
    growth,
    sessions: [],
    halves: [],
    exportedRows: [],
    verdicts: new Map(),
    pairsTried: 0,
    spamSent: 0,
    nowMs,
    grow(count, by) {
      if (by > 0) growth.push({ atMs: nowMs(), count, by });
    },
  };
}
