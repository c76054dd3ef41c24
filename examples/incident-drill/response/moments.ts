import type { Recorder } from '../recorder.ts';

/** What the hours of 2019 are compared in. */
export type MomentName =
  | 'first-entry'
  | 'noticed'
  | 'found'
  | 'dry-run'
  | 'ordered'
  | 'writes-refused'
  | 'sessions-refused'
  | 'marked'
  | 'affected-told'
  | 'everybody-told'
  | 'owners-back'
  | 'lifted'
  | 'writing';

/** When something had happened: since the attack was noticed, so that the first entry is before 0. */
export interface Moment {
  readonly name: MomentName;
  readonly afterMs: number;
}

/** Takes down when things happened. */
export interface Moments {
  note(name: MomentName): void;
  noteWall(name: MomentName, wallMs: number): void;
  wallMs(name: MomentName): number;
  /** The wall clock at a time of the recorder. */
  wallMsOf(atMs: number): number;
  all(): readonly Moment[];
}

export function createMoments(recorder: Recorder): Moments {
  const startedWallMs = Date.now() - recorder.nowMs();
  const times = new Map<MomentName, number>();
  const firstEntry = recorder.growth.find(({ count }) => count === 'entered');
  if (firstEntry !== undefined) times.set('first-entry', firstEntry.atMs);
  return {
    note: (name) => void times.set(name, recorder.nowMs()),
    noteWall: (name, wallMs) => void times.set(name, wallMs - startedWallMs),
    wallMs: (name) => startedWallMs + (times.get(name) ?? 0),
    wallMsOf: (atMs) => startedWallMs + atMs,
    all: () => [...times].map(([name, atMs]) => ({ name, afterMs: Math.round(atMs - (times.get('noticed') ?? 0)) })).sort((a, b) => a.afterMs - b.afterMs),
  };
}
