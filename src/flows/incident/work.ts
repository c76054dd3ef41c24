import { withDeadline } from '../../kernel/deadline.ts';
import { StoreError } from '../../kernel/errors.ts';
import type { AffectedList } from './affected-list.ts';
import type { IncidentParts } from './parts.ts';
import type { Plan } from './plan.ts';
import type { IncidentBook, IncidentRecord, StepData, StepName, StepState } from './record.ts';

/** One call of `contain` at one incident. */
export interface Work {
  readonly parts: IncidentParts;
  readonly plan: Plan;
  readonly list: AffectedList;
  /** Names this call among others that are at the same incident. */
  readonly runner: string;
  /** The incident as it was read or written last. */
  readonly record: () => IncidentRecord;
  readonly data: (step: StepName) => StepData;
  readonly refresh: () => Promise<IncidentRecord>;
  /** Writes a change of a step; undefined leaves it. */
  readonly change: (step: StepName, next: (state: StepState | undefined) => StepState | undefined) => Promise<boolean>;
  /** Writes what a step keeps, and how long the list is. False where another call has written meanwhile: then its word counts, and `data` says it. */
  readonly keep: (step: StepName, data: StepData, chunks?: number) => Promise<boolean>;
  readonly finish: () => Promise<boolean>;
}

export interface WorkParts {
  readonly parts: IncidentParts;
  readonly plan: Plan;
  readonly list: AffectedList;
  readonly runner: string;
  readonly book: IncidentBook;
  readonly opened: IncidentRecord;
}

export function createWork({ parts, plan, list, runner, book, opened }: WorkParts): Work {
  let record = opened;

  /** Answers whether something was written. */
  async function update(next: (current: IncidentRecord) => IncidentRecord | undefined): Promise<boolean> {
    let wrote = false;
    record = await book.update(opened, (current) => {
      const value = next(current);
      wrote = value !== undefined;
      return value;
    });
    return wrote;
  }

  const change: Work['change'] = (step, next) =>
    update((current) => {
      const state = next(current.steps[step]);
      return state && { ...current, steps: { ...current.steps, [step]: state } };
    });

  return {
    parts,
    plan,
    list,
    runner,
    record: () => record,
    data: (step) => record.steps[step]?.data ?? {},
    async refresh() {
      await update(() => undefined);
      return record;
    },
    change,
    async keep(step, data, chunks = 0) {
      const seen = record.steps[step]?.turn;
      return update((current) => {
        const state = current.steps[step];
        const longer = Math.max(current.chunks, chunks);
        if (state?.turn === seen && state !== undefined) return { ...current, chunks: longer, steps: { ...current.steps, [step]: { ...state, turn: state.turn + 1, data: { ...state.data, ...data } } } };
        // Lists that are written stay written, whoever is at the step.
        return longer > current.chunks ? { ...current, chunks: longer } : undefined;
      }).then(() => record.steps[step]?.turn === (seen ?? 0) + 1);
    },
    finish: () => update((current) => (current.finishedMs === undefined ? { ...current, finishedMs: parts.clock.nowMs() } : undefined)),
  };
}

/** One call of a piece. Nothing else of the plan may wait for one that hangs. */
const callDeadlineMs = 30_000;

export function inTime<T>({ clock }: IncidentParts, what: string, work: Promise<T>): Promise<T> {
  return withDeadline(work, { clock, deadlineMs: callDeadlineMs, onLate: () => new StoreError(`incident: no answer from ${what} within ${callDeadlineMs} ms`) });
}
