import { errorName, StoreError } from '../kernel/errors.ts';
import { harmless } from '../kernel/harmless.ts';
import { isUnreadable } from '../kernel/json-record.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { AccountMarks } from './account-marks.ts';
import { createDryBook, createJobBook, maxCursorChars, type JobBook, type JobCounts, type JobState } from './job-record.ts';
import { maxIdChars, readJob, type Job } from './orders.ts';
import type { MarkAllJob, MarkAllProgress } from './resets.ts';
import { forEachOf } from '../kernel/for-each.ts';
import { createStop, type Stop } from './walk.ts';

interface Parts {
  readonly records: RecordStore;
  readonly accounts: AccountMarks;
  readonly maxPageAccounts: number;
  readonly concurrency: number;
  readonly keepJobsForMs: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
}

/** What becomes of one account of a page. */
type Fate = 'passed-over' | 'marked' | 'already' | 'failed';

/**
 * The marking of whom the app chooses, page by page. A page counts once it is written down: a process that dies within one does it
 * again, and finds the accounts that it had marked by the run that their records name. Two processes with one job do every
 * page twice and count it once.
 */
export function createMarkAll(parts: Parts): (job: MarkAllJob) => Promise<MarkAllProgress> {
  const { accounts, concurrency, emit } = parts;

  async function fateOf(account: StoredAccount, job: Job, { run }: JobState, stop: Stop): Promise<Fate> {
    if (job.where !== undefined && !(await chosen(job.where(account), stop))) return 'passed-over';
    const order = { accountId: account.id, reason: job.reason, by: job.by };
    try {
      const marked = await (job.dryRun ? accounts.preview(order) : accounts.mark({ ...order, run }));
      if (marked === 'marked' && !job.dryRun) emit({ type: 'reset.marked', ...order });
      return marked === 'already' ? 'already' : 'marked';
    } catch (error) {
      // One record that cannot be read must not keep a million others from being marked. Its account is shut as it is.
      if (!isUnreadable(error)) throw error;
      emit({ type: 'store.failed', store: 'records', accountId: account.id, error: errorName(error) });
      return 'failed';
    }
  }

  async function countsOf(page: readonly StoredAccount[], job: Job, state: JobState, stop: Stop): Promise<JobCounts> {
    const fates: Record<Fate, number> = { 'passed-over': 0, marked: 0, already: 0, failed: 0 };
    await forEachOf(page, concurrency, async (account) => {
      stop.throwIfStopped();
      fates[await fateOf(account, job, state, stop)] += 1;
    });
    const { marked, already, failed } = fates;
    return { seen: page.length, matched: marked + already + failed, marked, already, failed };
  }

  async function run(job: Job, book: JobBook, stop: Stop): Promise<MarkAllProgress> {
    const tell = harmless(job.onProgress);
    stop.throwIfStopped();
    let state = await book.open();
    // A cursor that comes back would go round for ever: each is compared with one that moves on in ever longer strides.
    let landmark: string | undefined;
    for (let turns = 1, stride = 1; !state.done; turns += 1) {
      const { cursor } = state;
      const { accounts: page, next } = checkedPage(await stop.orStopped(job.pages(cursor)), parts.maxPageAccounts);
      if (next !== undefined && (next === cursor || next === landmark)) throw new StoreError('resets.markAll.pages: expected a cursor that moves on');
      if (turns === stride) [landmark, stride] = [next, stride * 2];
      const { state: after, won } = await book.turn(state, { counts: await countsOf(page, job, state, stop), next });
      state = after;
      tell(progressOf(state));
      if (won && state.done && !job.dryRun) emit({ type: 'reset.job-finished', job: job.id, reason: job.reason, by: job.by, ...state.counts });
    }
    return progressOf(state);
  }

  return async function markAll(given) {
    const job = readJob(given);
    const stop = createStop(job.signal);
    try {
      return await run(job, job.dryRun ? createDryBook(job) : createJobBook(job, parts), stop);
    } finally {
      stop.end();
    }
  };
}

/** Only true and false are answers: a row, or a promise in an array, would be a yes. */
async function chosen(answer: unknown, stop: Stop): Promise<boolean> {
  const said: unknown = await stop.orStopped(answer);
  if (typeof said !== 'boolean') throw new StoreError('resets.markAll.where: expected true or false');
  return said;
}

function progressOf({ counts, done, cursor }: JobState): MarkAllProgress {
  return { ...counts, done, cursor };
}

/** A page as the job can trust it. An account without an id would be passed over in silence, and so the page is refused. */
function checkedPage(given: unknown, maxAccounts: number): { readonly accounts: readonly StoredAccount[]; readonly next: string | undefined } {
  const { accounts, next } = Object(given) as { readonly accounts?: unknown; readonly next?: unknown };
  if (!Array.isArray(accounts)) throw new StoreError('resets.markAll.pages: expected { accounts: [...], next }');
  if (accounts.length > maxAccounts) throw new StoreError(`resets.markAll.pages: expected at most ${maxAccounts} accounts, got ${accounts.length}`);
  if (!accounts.every(hasId)) throw new StoreError('resets.markAll.pages: expected accounts with an id');
  if (next !== undefined && (typeof next !== 'string' || next === '' || next.length > maxCursorChars)) throw new StoreError(`resets.markAll.pages: expected next to be undefined or a text of 1 to ${maxCursorChars} characters`);
  return { accounts: accounts as readonly StoredAccount[], next };
}

function hasId(account: unknown): boolean {
  const { id } = Object(account) as { readonly id?: unknown };
  return typeof id === 'string' && id !== '' && id.length <= maxIdChars;
}
