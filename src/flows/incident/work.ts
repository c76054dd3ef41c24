import { withDeadline } from '../../kernel/deadline.ts';
import { isPortcullisError, StoreError } from '../../kernel/errors.ts';
import { harmless } from '../../kernel/harmless.ts';
import { isUnreadable } from '../../kernel/json-record.ts';
import type { AffectedList } from './affected-list.ts';
import type { IncidentParts } from './parts.ts';
import type { ContainProgress, Plan } from './plan.ts';
import type { StoredAccount } from '../../ports/accounts.ts';
import { numberOf, textOf, type IncidentBook, type IncidentRecord, type StepData, type StepName, type StepState } from './record.ts';
import { slicesOf } from './walk.ts';

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
  /** Tells the caller how far a step is; without `accounts`, by what it has kept. */
  readonly progress: (step: StepName, state: ContainProgress['state'], accounts?: number) => void;
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
  const tell = harmless(plan.onProgress);

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
      let isMine = false;
      await update((current) => {
        const state = current.steps[step];
        const longer = Math.max(current.chunks, chunks);
        isMine = state !== undefined && state.turn === seen;
        if (state !== undefined && isMine) return { ...current, chunks: longer, steps: { ...current.steps, [step]: { ...state, turn: state.turn + 1, data: { ...state.data, ...data } } } };
        // Lists that are written stay written, whoever is at the step.
        return longer > current.chunks ? { ...current, chunks: longer } : undefined;
      });
      return isMine;
    },
    progress: (step, state, accounts = numberOf(record.steps[step]?.data, 'accounts')) => {
      tell({ step, state, accounts });
    },
    finish: () => update((current) => (current.finishedMs === undefined ? { ...current, finishedMs: parts.clock.nowMs() } : undefined)),
  };
}

/** Accounts that are done before it is written down how far that went. */
export const sliceSize = 64;

/** What is done with some accounts: what the step is to keep, and how long the list is then. */
export type Visit = (accounts: readonly StoredAccount[], data: StepData) => Promise<{ readonly data: StepData; readonly chunks?: number }>;

/**
 * Goes through the app's table from where the step is, and keeps how far it is. Where another call has been faster it goes on from
 * there. The end is written with the last accounts: written after them, whoever goes on in between would count them twice.
 */
export async function throughTable(work: Work, step: StepName, visit: Visit, size = sliceSize): Promise<void> {
  const { parts: { pages }, plan: { signal } } = work;
  for (let lost = true; pages !== undefined && lost && !isThrough(work, step); ) {
    lost = false;
    const at = work.data(step);
    for await (const { accounts, next } of slicesOf(pages, { from: { cursor: textOf(at, 'cursor'), skip: numberOf(at, 'skip') }, size, signal })) {
      signal?.throwIfAborted();
      const { data, chunks } = await visit(accounts, work.data(step));
      lost = !(await work.keep(step, { ...data, ...(next === undefined ? { through: true } : { cursor: next.cursor, skip: next.skip }) }, chunks));
      work.progress(step, 'going');
      if (lost) break;
    }
    // The table may end with an empty page.
    if (!lost && !isThrough(work, step)) lost = !(await work.keep(step, { through: true }));
  }
}

function isThrough(work: Work, step: StepName): boolean {
  return work.data(step)['through'] === true;
}

/** Whether an error is about one account: it asks for more than a piece takes, or its record cannot be read. The others are as they should be. */
export function isOfOneAccount(error: unknown): boolean {
  return isUnreadable(error) || (isPortcullisError(error) && error.code === 'ERR_CONFIG');
}

/** One call of a piece. Nothing else of the plan may wait for one that hangs. */
const callDeadlineMs = 30_000;

export function inTime<T>({ clock }: IncidentParts, what: string, work: Promise<T>): Promise<T> {
  return withDeadline(work, { clock, deadlineMs: callDeadlineMs, onLate: () => new StoreError(`incident: no answer from ${what} within ${callDeadlineMs} ms`) });
}
