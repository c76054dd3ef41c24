import { causes, noCauses, type CauseCounts } from './affected-list.ts';
import { numberOf, stepNames, type IncidentRecord, type StepData, type StepName } from './record.ts';
import { noticeCounts, type NoticeCounts } from './tell.ts';

/** `not-begun`: not asked for, or not yet its turn. `tookMs`: worked on it, all attempts together. */
export interface ContainStep {
  readonly step: StepName;
  readonly state: 'not-begun' | 'begun' | 'done' | 'failed';
  readonly beganMs?: number;
  readonly tookMs?: number;
  /** Class and code of what stopped it. */
  readonly error?: string;
}

/** What was done, or would be. Times are wall-clock ms. */
export interface ContainReport {
  readonly id: string;
  readonly dryRun: boolean;
  /** Whether all that the plan asks for is done. If not, call `contain` with the same plan again. */
  readonly complete: boolean;
  readonly by: string;
  readonly reason: string;
  readonly beganMs: number;
  readonly finishedMs?: number;
  /** `atMost`: there are so many that a dry run may have counted some twice. */
  readonly affected: { readonly total: number; readonly because: CauseCounts; readonly atMost?: boolean };
  /** Accounts whose address nobody could tell of, in leaks or not. */
  readonly exposureUnknown: number;
  /** Accounts that a piece refused or whose record cannot be read: passed over, once in each step. */
  readonly failed: number;
  /** `already`: marked as strictly before. `failed`: the mark cannot be read, so that the account is shut. */
  readonly resets: { readonly marked: number; readonly already: number; readonly failed: number };
  readonly notices: { readonly affected: NoticeCounts; readonly everyoneElse: NoticeCounts };
  /** In a dry run: how many there are beside the affected, and how many of all have no second factor. Absent without `pages`. */
  readonly others?: { readonly accounts: number; readonly withoutSecondFactor: number };
  readonly steps: readonly ContainStep[];
}

export const noNotices: NoticeCounts = Object.freeze({ told: 0, failed: 0, maybe: 0, gone: 0 });

export function totalOf(counts: CauseCounts): number {
  return causes.reduce((sum, cause) => sum + counts[cause], 0);
}

export function containReportOf(record: IncidentRecord, because: CauseCounts = noCauses): ContainReport {
  const { id, by, reason, beganMs, finishedMs, steps } = record;
  const data = (step: StepName): StepData | undefined => steps[step]?.data;
  const resets = data('resets');
  return Object.freeze({
    id,
    dryRun: false,
    complete: finishedMs !== undefined,
    by,
    reason,
    beganMs,
    ...(finishedMs !== undefined && { finishedMs }),
    affected: { total: totalOf(because), because },
    exposureUnknown: numberOf(data('find-exposed'), 'unknown'),
    failed: numberOf(data('find'), 'refused') + numberOf(data('sessions'), 'refused') + numberOf(resets, 'refused'),
    resets: { marked: numberOf(resets, 'marked'), already: numberOf(resets, 'already'), failed: numberOf(resets, 'failed') },
    notices: { affected: noticeCounts(data('tell-affected')), everyoneElse: noticeCounts(data('tell-others')) },
    steps: stepNames.map((step) => stepOf(record, step)),
  } satisfies ContainReport);
}

export function stepOf({ steps }: IncidentRecord, step: StepName): ContainStep {
  const state = steps[step];
  if (state === undefined) return { step, state: 'not-begun' };
  const { beganMs, tookMs, error } = state;
  return { step, state: state.state, beganMs, tookMs, ...(state.state === 'failed' && error !== undefined && { error }) };
}
