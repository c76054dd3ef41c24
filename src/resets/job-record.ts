import { ConfigError, StoreError } from '../kernel/errors.ts';
import { accountRecordKey, updateJson } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Job } from './orders.ts';
import { resetReasons, type ResetReason } from './reasons.ts';
import { checkedAs, type RecordShape } from './records.ts';

export interface JobCounts {
  readonly seen: number;
  readonly matched: number;
  readonly marked: number;
  readonly already: number;
  readonly failed: number;
}

export const noCounts: JobCounts = Object.freeze({ seen: 0, matched: 0, marked: 0, already: 0, failed: 0 });

/** Where a job is. `run` is random, so that no account that an older job of the same name has marked is taken for marked by this one. */
export interface JobState {
  readonly run: string;
  readonly reason: ResetReason;
  /** Pages that are done. */
  readonly pages: number;
  readonly cursor?: string;
  readonly counts: JobCounts;
  readonly done: boolean;
}

/** A page that is done: what it counted, and where the next one begins. */
export interface PageDone {
  readonly counts: JobCounts;
  readonly next: string | undefined;
}

export interface JobBook {
  /** Where the job is, or its beginning. */
  open(): Promise<JobState>;
  /** Writes that a page is done. `won` is false where another process had done it before: then its word counts. */
  turn(state: JobState, page: PageDone): Promise<{ readonly state: JobState; readonly won: boolean }>;
}

export const maxCursorChars = 4_096;
const runBytes = 16;

const shape: RecordShape<JobState | undefined> = {
  kind: 'reset-job',
  none: undefined,
  isOne(value) {
    const { run, reason, pages, cursor, counts, done } = value as { readonly [K in keyof JobState]?: unknown };
    return (
      typeof run === 'string' && run !== '' && resetReasons.includes(reason as ResetReason) && isCount(pages)
      && (cursor === undefined || (typeof cursor === 'string' && cursor.length <= maxCursorChars)) && typeof done === 'boolean' && isCounts(counts)
    );
  },
};

/** The job of this id in the record store: one record, replaced after each page. */
export function createJobBook(job: Job, { records, clock, random, keepJobsForMs }: { readonly records: RecordStore; readonly clock: Clock; readonly random: RandomSource; readonly keepJobsForMs: number }): JobBook {
  const key = accountRecordKey('reset-job', job.id);
  const expiresAtMs = (): number => clock.nowMs() + keepJobsForMs;

  return {
    async open() {
      const first = beginning(job, random(runBytes).toString('base64url'));
      const state = await updateJson<JobState, JobState>(records, key, (found) => {
        const known = checkedAs(shape, found);
        return known === undefined ? { value: first, answer: first, expiresAtMs: expiresAtMs() } : { value: undefined, answer: known };
      });
      if (state.reason !== job.reason) throw new ConfigError(`resets.markAll.reason: expected "${state.reason}", with which the job of this id was begun`);
      return state;
    },
    turn: (state, page) =>
      updateJson<JobState, { readonly state: JobState; readonly won: boolean }>(records, key, (found) => {
        const known = checkedAs(shape, found);
        if (known?.run !== state.run) throw new StoreError('records: the record of a job is gone; call markAll again');
        if (known.pages !== state.pages) return { value: undefined, answer: { state: known, won: false } };
        const next = after(known, page);
        return { value: next, answer: { state: next, won: true }, expiresAtMs: expiresAtMs() };
      }),
  };
}

/** A job that leaves no trace. */
export function createDryBook(job: Job): JobBook {
  return {
    open: async () => Promise.resolve(beginning(job, 'dry')),
    turn: async (state, page) => Promise.resolve({ state: after(state, page), won: true }),
  };
}

function beginning({ reason }: Job, run: string): JobState {
  return { run, reason, pages: 0, counts: noCounts, done: false };
}

function after({ run, reason, pages, counts }: JobState, page: PageDone): JobState {
  return { run, reason, pages: pages + 1, counts: summed(counts, page.counts), done: page.next === undefined, ...(page.next !== undefined && { cursor: page.next }) };
}

function summed(one: JobCounts, other: JobCounts): JobCounts {
  return { seen: one.seen + other.seen, matched: one.matched + other.matched, marked: one.marked + other.marked, already: one.already + other.already, failed: one.failed + other.failed };
}

function isCounts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { seen, matched, marked, already, failed } = value as { readonly [K in keyof JobCounts]?: unknown };
  return [seen, matched, marked, already, failed].every(isCount);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
