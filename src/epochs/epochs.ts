import { isDate } from 'node:util/types';
import { systemClock } from '../kernel/clock.ts';
import { harmless } from '../kernel/harmless.ts';
import { callback, integer, optional, port, readOptions, wrong, type OptionReader } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { EpochMark } from '../ports/session.ts';
import { createChecks } from './check.ts';
import { createGiving } from './giving.ts';
import { createEpochMemory } from './memory.ts';
import { createOrders } from './orders.ts';
import { everyone, organizationIdsOf, organizationScope, type EpochSubject } from './scope.ts';

export type { EpochSubject };

export interface EpochsOptions {
  readonly records: RecordStore;
  /** For how long a check may answer from memory, ms. Default 1,000; 0 to 60,000. */
  readonly maxStaleMs?: number;
  /** Until then a session without a mark lives, if it started more than a minute after every raise: the two times may be of two machines. Default: none does. */
  readonly adoptUnmarkedUntil?: Date;
  /** Accounts and organizations whose epochs are remembered. Default 10,000; 1 to 1,000,000. */
  readonly maxCached?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly emit?: Emit;
}

/**
 * `adopt`: the session had no mark and lives; keep this one in it. `reason`: whose sessions were ended; `unmarked`: there is no
 * mark; `malformed`: what is there is none. For a log: tell the person one sentence for all of them.
 */
export type EpochVerdict =
  | { readonly live: true; readonly adopt?: EpochMark }
  | { readonly live: false; readonly reason: 'everyone' | 'organization' | 'user' | 'unmarked' | 'malformed' };

export interface SessionEpochs {
  /** The mark for a new session, after its sign-in. Reads the store itself, never what is remembered. */
  mark(who: EpochSubject): Promise<EpochMark>;
  /**
   * Whether a session counts. Looks at the organizations of `organizationIds` and at those of the mark. `mark`: what the session
   * carries, whatever it is. `startedAtMs`: for a session without one, wall-clock ms.
   */
  check(session: EpochSubject & { readonly mark: unknown; readonly startedAtMs?: number | undefined }): Promise<EpochVerdict>;
  /**
   * What `check` would answer for a session that lives by what is remembered: for who can go on at once, because a promise costs a
   * request more than the check does. Undefined where the store has to be asked, or the session does not live: ask `check`. Never throws.
   */
  checkNow(session: EpochSubject & { readonly mark: unknown }): Extract<EpochVerdict, { live: true }> | undefined;
  /**
   * Whether everyone's epoch, and each of the mark's and the given organizations, is the one that was marked: for what outlives
   * the end of an account's own sessions, such as a browser that it knows. What is no mark does not count. As old as in `check`.
   */
  checkWider(which: { readonly mark: unknown; readonly organizationIds?: readonly string[] | undefined }): Promise<boolean>;
  /** Ends all sessions. Returns once the store has an epoch that is newer than every mark given before the call. */
  revokeEveryone(order: { readonly by: string }): Promise<void>;
  /** Ends the sessions of the members of an organization. */
  revokeOrganization(order: { readonly id: string; readonly by: string }): Promise<void>;
  /** Ends the sessions of an account. Without `by` it was its owner. */
  revokeUser(order: { readonly accountId: string; readonly by?: string | undefined }): Promise<void>;
  /**
   * Ends the sessions of an account but one, and answers the mark for that one. With `mark`, what that one carries now, the new
   * mark is worth as much as the old one: a session that somebody has ended meanwhile stays so.
   */
  revokeOthers(order: EpochSubject & { readonly by?: string | undefined; readonly mark?: unknown }): Promise<EpochMark>;
  /** When everybody or one of these organizations was last revoked, wall-clock ms; 0 for never. What was remembered before it is worth nothing. As old as in `check`. */
  newest(organizationIds?: readonly string[]): Promise<number>;
  /** Ends the watches of the store. Everything else goes on. */
  close(): void;
}

/** The defaults of {@link createSessionEpochs}. */
export const epochsDefaults = Object.freeze({ maxStaleMs: 1_000, maxCached: 10_000 });

const date: OptionReader<Date> = (given, name) => {
  if (!isDate(given) || Number.isNaN(given.getTime())) throw wrong(name, 'a Date', given);
  // A copy: the app may go on with its own.
  return new Date(given.getTime());
};

/**
 * Makes the epochs: one number for everybody, for each organization and for each account, raised to end all sessions at once,
 * however many there are (OWASP ASVS 5.0 7.4.1, 7.4.3, 7.4.5). A session carries the numbers it was made under and counts as long
 * as each is the current one. Throws ERR_CONFIG; later rejects with ERR_CONFIG for what is no id, ERR_STORE and ERR_BUSY:
 * whoever cannot be told that a session lives must treat it as ended. Has no deadline of its own.
 */
export function createSessionEpochs(options: EpochsOptions): SessionEpochs {
  const { records, maxStaleMs, maxCached, adoptUnmarkedUntil, clock, random, ...parsed } = readOptions('epochs', options, {
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    maxStaleMs: integer({ min: 0, max: 60_000, fallback: epochsDefaults.maxStaleMs }),
    adoptUnmarkedUntil: optional(date),
    maxCached: integer({ min: 1, max: 1_000_000, fallback: epochsDefaults.maxCached }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
    emit: callback<Emit>(() => undefined),
  });
  const memory = createEpochMemory({ records, clock, maxStaleMs, maxCached });
  const giving = createGiving({ records, memory, clock, random, emit: harmless(parsed.emit) });

  return Object.freeze({
    mark: giving.mark,
    ...createChecks({ memory, clock, born: giving.born, adoptUntilMs: adoptUnmarkedUntil?.getTime() ?? -Infinity }),
    ...createOrders(giving),
    async newest(organizationIds) {
      const scopes = [everyone, ...organizationIdsOf(organizationIds, 'epochs.newest').map((id) => organizationScope(id, 'epochs.newest'))];
      const all = await Promise.all(scopes.map((scope) => memory.current(scope, 0)));
      return Math.max(...all.map(({ raisedMs }) => raisedMs));
    },
    close: memory.close,
  } satisfies SessionEpochs);
}
