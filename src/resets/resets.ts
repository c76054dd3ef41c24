import { systemClock } from '../kernel/clock.ts';
import { harmless } from '../kernel/harmless.ts';
import { callback, integer, port, readOptions } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { createAccountMarks, type AccountRecord } from './account-marks.ts';
import { createBeforeMarks, type BeforeRecord } from './before-marks.ts';
import type { createMarkAll } from './mark-all.ts';
import { readAsOf, readLiftBefore, readMark, readMarkBefore, readSubject, readUnmark, type Subject } from './orders.ts';
import { forcedBy, strictest, type ForcedReset, type Mark, type ResetReason } from './reasons.ts';

export interface ForcedResetsOptions {
  readonly records: RecordStore;
  /** The most accounts that `markAll` takes as one page. Default 10,000; 1 to 100,000. */
  readonly maxPageAccounts?: number;
  /** Accounts that `markAll` marks at once. Default 16; 1 to 256. */
  readonly concurrency?: number;
  /** How long a job of `markAll` is remembered after its last page, ms. Default 30 days; a day to a year. */
  readonly keepJobsForMs?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly emit?: Emit;
}

/** Who is asked about. `passwordSetAtMs`: wall-clock ms; absent, every mark of "set before" means this password until it is cleared. */
export interface ResetSubject {
  readonly accountId: string;
  readonly passwordSetAtMs?: number | undefined;
  readonly organizationIds?: readonly string[] | undefined;
}

/** Accounts of the app's table, in batches. Counts are of the whole job. */
export interface MarkAllJob {
  /** Names the job, once: the same id goes on where it stopped, and one that is done is not done again. */
  readonly id: string;
  readonly reason: ResetReason;
  readonly by: string;
  /** The page after this cursor, the first for undefined; `next` undefined ends the job. The same cursor must name the same place again. */
  pages(cursor: string | undefined): Promise<{ readonly accounts: readonly StoredAccount[]; readonly next: string | undefined }>;
  /** Whom to mark. Default: everybody. */
  where?(account: StoredAccount): boolean | Promise<boolean>;
  /** Counts and writes nothing, not even where it stopped. */
  readonly dryRun?: boolean;
  /** Called after every page. */
  onProgress?(progress: MarkAllProgress): void;
  /** Ends the job after the accounts that are under way: it rejects with the signal's reason and can be resumed. */
  readonly signal?: AbortSignal;
}

/**
 * `matched`: those that `where` chose. Each is one of `marked` (by this job), `already` (as strictly, by somebody else) or `failed` (its
 * record cannot be read, so that it stays shut).
 */
export interface MarkAllProgress {
  readonly seen: number;
  readonly matched: number;
  readonly marked: number;
  readonly already: number;
  readonly failed: number;
  readonly done: boolean;
  /** Where the next page begins. */
  readonly cursor: string | undefined;
}

export interface ForcedResets {
  /** Marks an account. False where it was marked as strictly already; a stricter mark takes the place of a weaker one. */
  mark(order: { readonly accountId: string; readonly reason: ResetReason; readonly by: string }): Promise<boolean>;
  /** Marks every password that was set before a moment (wall-clock ms), of the app or of an organization. One or two writes, whoever many there are. */
  markBefore(order: { readonly beforeMs: number; readonly reason: ResetReason; readonly by: string; readonly organizationId?: string | undefined }): Promise<void>;
  /** Takes the marks of `markBefore` back, of the app or of one organization. Answers whether there were any. */
  liftBefore(order: { readonly by: string; readonly organizationId?: string | undefined }): Promise<boolean>;
  /** Whether the password of an account must be replaced: the strictest mark. A read for the account, one for the app, one for each organization. */
  check(who: ResetSubject): Promise<ForcedReset | undefined>;
  /**
   * A new password has been stored: the only thing that clears. `who` as it was before. `asOfMs`: when the change began,
   * wall-clock ms; marks that were made since then stay. Default: now.
   */
  cleared(who: ResetSubject & { readonly asOfMs?: number | undefined }): Promise<void>;
  /** An operator takes a mistaken mark of one account back, also one that cannot be read. Marks of `markBefore` stay. */
  unmark(order: { readonly accountId: string; readonly by: string }): Promise<boolean>;
  /** Marks whom the app chooses, page by page, in flat memory. Rejects with what `pages`, `where` or the store reject with; call it again to go on. */
  markAll(job: MarkAllJob): Promise<MarkAllProgress>;
}

const dayMs = 86_400_000;

/** The defaults of {@link createForcedResets}. */
export const forcedResetsDefaults = Object.freeze({ maxPageAccounts: 10_000, concurrency: 16, keepJobsForMs: 30 * dayMs });

/**
 * Makes the piece that knows which passwords must be replaced, and why: of one account, of whom the app chooses, or all that were set
 * before a moment (SP 800-63B-4 section 3.1.1.2; OWASP ASVS 5.0 6.2.10, 6.4.6, 7.4.5). It makes, mails and returns no secret.
 * Throws ERR_CONFIG; later rejects with ERR_CONFIG for a wrong order, ERR_STORE or ERR_BUSY. A mark that cannot be read is never none.
 */
export function createForcedResets(options: ForcedResetsOptions): ForcedResets {
  const parsed = readOptions('resets', options, {
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    maxPageAccounts: integer({ min: 1, max: 100_000, fallback: forcedResetsDefaults.maxPageAccounts }),
    concurrency: integer({ min: 1, max: 256, fallback: forcedResetsDefaults.concurrency }),
    keepJobsForMs: integer({ min: dayMs, max: 366 * dayMs, fallback: forcedResetsDefaults.keepJobsForMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
    emit: callback<Emit>(() => undefined),
  });
  const { records, clock, keepJobsForMs } = parsed;
  const emit: Emit = harmless(parsed.emit);
  const accounts = createAccountMarks({ records, clock, keepMs: keepJobsForMs });
  const before = createBeforeMarks({ records, clock });

  const beforeMarksOf = async ({ organizationIds }: Subject): Promise<readonly [BeforeRecord, ...BeforeRecord[]]> =>
    Promise.all([before.read(), ...organizationIds.map((id) => before.read(id))]);

  return Object.freeze({
    async mark(given) {
      const order = readMark(given);
      const done = (await accounts.mark(order)) === 'marked';
      if (done) emit({ type: 'reset.marked', ...order });
      return done;
    },
    async markBefore(given) {
      const order = readMarkBefore(given, clock.nowMs());
      const { organizationId: organization, ...told } = order;
      if (await before.add(order)) emit({ type: 'reset.marked-before', ...told, ...(organization !== undefined && { organization }) });
    },
    async liftBefore(given) {
      const { by, organizationId: organization } = readLiftBefore(given);
      const done = await before.lift(organization);
      if (done) emit({ type: 'reset.lifted', by, ...(organization !== undefined && { organization }) });
      return done;
    },
    async check(who) {
      const subject = readSubject('resets.check', who, clock.nowMs());
      const [account, marks] = await Promise.all([accounts.read(subject.accountId), beforeMarksOf(subject)]);
      const mark = markOf(subject, account, marks);
      return mark && forcedBy(mark);
    },
    async cleared(who) {
      const nowMs = clock.nowMs();
      const subject = readSubject('resets.cleared', who, nowMs);
      const asOfMs = readAsOf(who.asOfMs, nowMs);
      const marks = await beforeMarksOf(subject);
      const account = await accounts.clear({ accountId: subject.accountId, clearedMs: clearedUntil(marks[0], asOfMs, nowMs), asOfMs });
      const mark = markOf(subject, account, marks);
      if (mark !== undefined && !(mark.sinceMs > asOfMs && mark.sinceMs <= nowMs)) emit({ type: 'reset.cleared', accountId: subject.accountId, reason: mark.reason });
    },
    async unmark(given) {
      const order = readUnmark(given);
      const done = await accounts.remove(order.accountId);
      if (done) emit({ type: 'reset.lifted', ...order });
      return done;
    },
    markAll: markAllOf({ ...parsed, emit, accounts }),
  } satisfies ForcedResets);
}

/** Loaded by its first use: an app that starts need not wait for what an operator does once a year. */
function markAllOf(parts: Parameters<typeof createMarkAll>[0]): ForcedResets['markAll'] {
  return async (job) => (await import('./mark-all.ts')).createMarkAll(parts)(job);
}

/** The strictest mark that means this password. */
function markOf({ setAtMs }: Subject, { mark, clearedMs = -Infinity }: AccountRecord, before: readonly BeforeRecord[]): Mark | undefined {
  return strictest([mark, ...before.flatMap(({ marks }) => marks.filter(({ beforeMs, sinceMs }) => setAtMs < beforeMs && sinceMs > clearedMs))]);
}

/** The marks of "set before" that a new password clears: all, but for those made since its change began. Undefined where there never was one. */
function clearedUntil({ lastMs }: BeforeRecord, asOfMs: number, nowMs: number): number | undefined {
  if (lastMs === 0) return undefined;
  // A number that is ahead of the clock was given out before the clock was set back.
  return lastMs > nowMs ? lastMs : Math.min(lastMs, asOfMs);
}
